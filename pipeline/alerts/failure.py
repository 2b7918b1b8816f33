"""A night that failed is told to those who keep the nights going: contacts of role ``operator``, once a run."""

import html
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

import yaml

from pipeline.alerts.contacts import Channel, Person, contacts_of
from pipeline.alerts.outbox import Message, OutboxIsBusy, open_outbox
from pipeline.alerts.sending import Round, deliver
from pipeline.alerts.wording import TEMPLATES, chat, plain
from pipeline.home import Home, vietnam_now
from pipeline.published.record import read_object
from pipeline.vocabulary import MessageKind

MOST_REASON = 1500


@dataclass(frozen=True)
class Failure:
    """What is known of a run that failed: which, at what step (None: its process ended), and why."""

    run: str
    step: str | None
    reason: str


def tell_operators(home: Home, failure: Failure, *, now: datetime | None = None) -> Round:
    """Queue a message for each operator who was not told of this run, and send what waits.

    Like a night's digests, it waits in the outbox where a channel is down. An outbox that somebody else holds is told in
    the round; nothing is raised for it.
    """
    done, contacts = Round(), contacts_of(home)
    done.problems = contacts.problems
    if not contacts.operators:
        return done
    when = now or vietnam_now()
    try:
        with open_outbox(home) as outbox:
            done.uncertain += [message.id for message in outbox.recover()]
            for person in contacts.operators:
                for channel in person.channels:
                    queue = (person.id, channel.key)
                    if (*queue, failure.run) not in outbox.history.runs:
                        number = outbox.history.numbers.get(queue, 0) + 1
                        outbox.put(compose(home, person, channel, failure, number=number, now=when))
                        done.queued += 1
            deliver(home, outbox, contacts, done)
    except OutboxIsBusy as error:
        done.failures["outbox"] = str(error)
    return done


def compose(home: Home, person: Person, channel: Channel, failure: Failure, *, number: int, now: datetime) -> Message:
    """Write the message: the step, the reason, the release that stands, the log, and what to do."""
    w, release = words(person.language), read_object(home.published / "release.json")
    step = plain(failure.step) if failure.step else None
    subject = w["subject"].format(step=step) if step else w["subject_without_step"]
    first = [w["failed"].format(date=f"{now:%d/%m/%Y %H:%M}")]
    facts = [
        *([w["step"].format(step=step)] if step else []),
        w["reason"].format(reason=plain(failure.reason[:MOST_REASON])),
        w["stands"].format(release=release["number"], built_at=release.get("built_at", "?"))
        if "number" in release
        else w["nothing"],
        w["log"].format(log=home.night_log),
        w["run"].format(run=failure.run),
    ]
    lines = [w["dear"].format(name=plain(person.name)), "", *first, "", *facts, "", w["to_do"], "", "--", w["footer"]]
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
        brief="\n".join(chat(line) for line in (*first, *facts[:3])),
        attachments=(),
        opened=(),
        recovered=(),
        run=failure.run,
    )


@cache
def words(language: str) -> dict[str, Any]:
    """Return what is said of a failed night in a language."""
    return yaml.safe_load((TEMPLATES / "failure.yaml").read_text(encoding="utf-8"))[language]
