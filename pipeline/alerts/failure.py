"""Reports a failed night, and files that broke their reader, once to the contacts of role ``operator``."""

import hashlib
import html
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

import polars as pl
import yaml

from pipeline import tables
from pipeline.alerts.contacts import Channel, Person, contacts_of
from pipeline.alerts.outbox import Message, OutboxBusy, open_outbox
from pipeline.alerts.sending import Round, deliver
from pipeline.alerts.templates import TEMPLATES
from pipeline.cells.quarantine import THE_NIGHT, active_entries
from pipeline.files.guard import FOR_ENGINEERS, SET_ASIDE
from pipeline.home import Home, vietnam_now
from pipeline.landing.receive import read_receipts
from pipeline.published.record import read_object
from pipeline.storage import read_tables
from pipeline.text.markup import chat, plain
from pipeline.vocabulary import MessageKind

MOST_REASON = 1500
MOST_FILES, MOST_CAUSE = 10, 300


@dataclass(frozen=True)
class Failure:
    """What is known of a run that failed: which, at what step (None: its process ended), and why."""

    run: str
    step: str | None
    reason: str


@dataclass(frozen=True)
class BrokenFiles:
    """Files of one load that an engineer must look into, while everybody else's figures are in: paths and what happened."""

    run: str
    files: tuple[tuple[str, str], ...]  # path, what is known of the cause


#: What operators are informed of, once per ``run``.
Notice = Failure | BrokenFiles


def tell_operators(home: Home, *notices: Notice, now: datetime | None = None) -> Round:
    """Queue a message for each operator who has not had these notices, and send what waits.

    Like a night's digests, it waits in the outbox where a channel is down. An outbox that another process holds is
    reported in the round; nothing is raised for it.
    """
    result, contacts = Round(), contacts_of(home)
    result.problems = contacts.problems
    if not contacts.operators or not notices:
        return result
    moment = now or vietnam_now()
    try:
        with open_outbox(home) as outbox:
            result.uncertain += [message.id for message in outbox.recover()]
            for person, channel in [
                (operator, channel) for operator in contacts.operators for channel in operator.channels
            ]:
                queue = (person.id, channel.key)
                number = outbox.history.numbers.get(queue, 0)
                for notice in notices:
                    if (*queue, notice.run) not in outbox.history.runs:
                        number += 1
                        outbox.put(compose(home, person, channel, notice, number=number, now=moment))
                        result.queued += 1
            deliver(home, outbox, contacts, result)
    except OutboxBusy as error:
        result.failures["outbox"] = str(error)
    return result


def broken_files_of(home: Home) -> list[BrokenFiles]:
    """Return, load by load, the files that broke their reader, and those that a night set aside and nobody released."""
    submissions = read_tables(home.cells, "submissions", tables.SUBMISSIONS)
    breakdowns = read_tables(home.cells, "breakdowns", tables.BREAKDOWNS).join(submissions, on="submission_id")
    receipts = read_receipts(home).filter(pl.col("problem").is_in(FOR_ENGINEERS))
    quarantine_rows = [
        (entry.sha256, f"{entry.stage}: {entry.cause}")
        for entries in active_entries(home).values()
        for entry in entries
        if entry.set_aside_by == THE_NIGHT
    ]
    quarantine = pl.DataFrame(quarantine_rows, schema={"sha256": pl.String, "cause": pl.String}, orient="row")
    frame = pl.concat(
        [
            breakdowns.select("batch", pl.col("source_ref").alias("path"), "cause"),
            receipts.select("batch", "path", pl.col("problem").alias("cause")),
            submissions.filter(pl.col("problem") == SET_ASIDE)
            .join(quarantine, on="sha256")
            .select("batch", pl.col("source_ref").alias("path"), "cause"),
        ]
    ).unique(maintain_order=True)
    return [
        BrokenFiles(f"files of load {batch}, {files_hash(files)}", files)
        for (batch,), rows in sorted(frame.group_by("batch"), key=lambda group: group[0])
        for files in [tuple(rows.select("path", "cause").sort("path", "cause").iter_rows())]
    ]


def files_hash(files: tuple[tuple[str, str], ...]) -> str:
    """Return a short hash of the paths, so that another file of the same load is reported too."""
    return hashlib.sha256("\n".join(path for path, _ in files).encode()).hexdigest()[:12]


def compose(home: Home, person: Person, channel: Channel, notice: Notice, *, number: int, now: datetime) -> Message:
    """Write the message: what happened and why, which release is live, the log, and what to do."""
    wording, release = words(person.language), read_object(home.published / "release.json")
    subject, opening, facts, to_do = (
        _failure_text(wording, notice, now)
        if isinstance(notice, Failure)
        else _files_text(wording["files"], notice, now)
    )
    facts += [
        wording["stands"].format(release=release["number"], built_at=release.get("built_at", "?"))
        if "number" in release
        else wording["nothing"],
        wording["log"].format(log=home.night_log),
    ]
    if isinstance(notice, Failure):
        facts.append(wording["run"].format(run=notice.run))
    lines = [
        wording["dear"].format(name=plain(person.name)),
        "",
        opening,
        "",
        *facts,
        "",
        to_do,
        "",
        "--",
        wording["footer"],
    ]
    paragraphs = "".join(f"<p>{html.escape(line)}</p>\n" for line in lines if line not in ("", "--"))
    return Message(
        person=person.id,
        channel=channel.key,
        number=number,
        kind=str(MessageKind.FAILURE),
        night=f"{now:%Y-%m-%d}",
        queued_at=now.isoformat(),
        language=person.language,
        subject=plain(subject),
        text="\n".join(lines) + "\n",
        html=f'<!doctype html>\n<html lang="{person.language}"><meta charset="utf-8"><body>\n{paragraphs}</body></html>\n',
        brief="\n".join(chat(line) for line in (opening, *facts[:3])),
        attachments=(),
        opened=(),
        recovered=(),
        run=notice.run,
    )


def _failure_text(wording: dict[str, Any], failure: Failure, now: datetime) -> tuple[str, str, list[str], str]:
    step = plain(failure.step) if failure.step else None
    facts = [wording["step"].format(step=step)] if step else []
    facts.append(wording["reason"].format(reason=plain(failure.reason[:MOST_REASON])))
    subject = wording["subject"].format(step=step) if step else wording["subject_without_step"]
    return subject, wording["failed"].format(date=f"{now:%d/%m/%Y %H:%M}"), facts, wording["to_do"]


def _files_text(wording: dict[str, Any], notice: BrokenFiles, now: datetime) -> tuple[str, str, list[str], str]:
    count = len(notice.files)
    facts = [
        wording["file"].format(path=plain(path), cause=plain(" ".join(cause.split())[-MOST_CAUSE:]))
        for path, cause in notice.files[:MOST_FILES]
    ]
    if count > MOST_FILES:
        facts.append(wording["more"].format(count=count - MOST_FILES))
    return (
        wording["subject"].format(count=count),
        wording["broke"].format(date=f"{now:%d/%m/%Y}", count=count),
        facts,
        wording["to_do"],
    )


@cache
def words(language: str) -> dict[str, Any]:
    """Return the wording of these messages in a language."""
    return yaml.safe_load((TEMPLATES / "failure.yaml").read_text(encoding="utf-8"))[language]
