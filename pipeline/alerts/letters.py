"""Letters: one per office and version, reporting each incident once; a short notice when one is resolved.

``alerts/outbox/<period>/*.md`` are the letters, ``alerts/log.jsonl`` records what they reported. A letter's name follows
from its content, and it is written before its line in the log: killed in between, the next call writes the same
letter again and nothing twice.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import count
from pathlib import Path
from typing import Any

import polars as pl

from pipeline.alerts import journal
from pipeline.alerts.contacts import contacts_of
from pipeline.alerts.letter import Letter, is_ours, letter_of
from pipeline.alerts.letter_docx import letter_docx
from pipeline.alerts.official_names import Agency, official_name
from pipeline.alerts.templates import environment
from pipeline.files.guard import skip_failure
from pipeline.home import Home
from pipeline.published.query import run_query
from pipeline.storage import write_atomically
from pipeline.text.markup import html_with_bold, markdown, markdown_with_bold
from pipeline.vocabulary import STANDINGS, AlertState

UNPLACED = "unplaced"
LONGEST_NAME = 80
#: An answer must come before the level above sums it up.
LEVEL_ABOVE = {"own": "province", "office": "province", "province": "nation"}

INCIDENTS = """
    select alert.* exclude (cells), unit.name as unit_name, unit.parent_key, parent.name as parent_name,
           declared.form_number, declared.title_vi as form_title_vi,
           submission.file_name, submission.source_ref as path, submission.regime, submission.problem,
           (
               select list(distinct cell.address order by cell.address)
               from (
                   select unnest(finding.cells) as cell
                   from fct_finding as finding
                   where finding.submission_id = alert.last_failing_submission_id
                       and list_contains(alert.finding_ids, finding.finding_id)
               )
               where cell.role = 'found'
           ) as places
    from fct_alert as alert
    left join dim_unit as unit on unit.unit_key = alert.unit_key
    left join dim_unit as parent on parent.unit_key = unit.parent_key
    left join fct_submission as submission on submission.submission_id = alert.last_failing_submission_id
    left join dim_form as declared on declared.form = alert.form and declared.regime = submission.regime
    order by alert.on_fail desc, alert.form, alert.rule_id, alert.alert_id
"""
AGENCIES = """
    select unit.unit_key as key, unit.name, unit.level, unit.parent_key, unit.valid_to,
           min(succession.successor_key) as successor_key
    from dim_unit as unit
    left join bridge_unit_succession as succession on succession.predecessor_key = unit.unit_key
    group by all
"""


@dataclass
class Letters:
    """The letters that one call wrote."""

    opened: list[dict[str, Any]] = field(default_factory=list)
    resolved: list[dict[str, Any]] = field(default_factory=list)
    still_open: int = 0
    paths: list[Path] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)  # letters that could not be written, and why


def write_letters(home: Home) -> Letters:
    """Write letters on all incidents of the live warehouse whose opening or end was not reported yet."""
    log = journal.read(home.alerts / "log.jsonl")
    agencies, sender = read_agencies(home), contacts_of(home).sender
    kinds = {alert: entry["kind"] for entry in log for alert in entry["alert_ids"]}  # of the last letter on each
    sent_names = {entry["letter"] for entry in log}
    incidents = read_incidents(home)
    flags = [incident["state"] == AlertState.OPEN for incident in incidents]
    # An incident that came back is reported again; one that was resolved before it was reported needs no letter at all.
    opened = [
        i
        for i, flag in zip(incidents, flags, strict=True)
        if flag and kinds.get(i["alert_id"]) != "opened" and not is_ours(i)
    ]
    closed = [i for i, flag in zip(incidents, flags, strict=True) if not flag and kinds.get(i["alert_id"]) == "opened"]
    letters = Letters(opened, closed, still_open=sum(flags))
    for kind, new_incidents in (("opened", opened), ("resolved", closed)):
        for name, group in _group_by_letter(new_incidents, kind):
            with skip_failure(letters.left_out, name):
                free_name = _free_name(name, sent_names)
                number = _number(group, kind, suffix=free_name.removesuffix(".md").removeprefix(name))
                letter = letter_of(kind, group, agencies, sender, number)
                letters.paths.append(_send(home, free_name, kind, group, letter))
    _write_standing_list(home, [i for i, flag in zip(incidents, flags, strict=True) if flag])
    return letters


def opening_letters(home: Home) -> dict[str, str]:
    """Return the name of the last letter that reported each incident as open, by incident."""
    log = journal.read(home.alerts / "log.jsonl")
    return {alert: entry["letter"] for entry in log if entry["kind"] == "opened" for alert in entry["alert_ids"]}


def document_of(home: Home, name: str) -> Path | None:
    """Return a letter as a Word document, None where it was written before letters came so."""
    path = (home.alerts / "outbox" / name).with_suffix(".docx")
    return path if path.is_file() else None


def read_incidents(home: Home) -> list[dict[str, Any]]:
    """Return every incident of the live warehouse with what a letter needs to know, the worst first; see ``INCIDENTS``.

    ``answer_by`` is the day on which the level above must report, None where there is none or it was past already.
    """
    deadlines = _deadlines(home)
    agencies = read_agencies(home)
    return [
        incident | {"answer_by": _answer_by(incident, deadlines), "official_name": _official_name(incident, agencies)}
        for incident in run_query(home, INCIDENTS).to_dicts()
    ]


def read_agencies(home: Home) -> dict[str, Agency]:
    """Return the agencies of the live warehouse by key."""
    return {row["key"]: Agency(**row) for row in run_query(home, AGENCIES).to_dicts()}


def _official_name(incident: dict[str, Any], agencies: dict[str, Agency]) -> str | None:
    """Return the name of the incident's agency on the day on which it opened, None where the file has no place."""
    agency = agencies.get(incident["unit_key"] or "")
    return official_name(agency, agencies, incident["opened_at"].date()) if agency else None


def _write_standing_list(home: Home, incidents: list[dict[str, Any]]) -> None:
    """Write ``alerts/standing.md``: everything that is open now, office by office, the oldest first."""
    ordered = sorted(incidents, key=lambda incident: (incident["opened_at"], incident["alert_id"]))
    rows = [row | {"place": row["unit_name"] or row["unit_key"] or row["source_ref"] or ""} for row in ordered]
    text = environment(markdown).get_template("standing.md.j2").render(incidents=rows, standings=STANDINGS)
    write_atomically(home.alerts / "standing.md", lambda temporary: temporary.write_text(text, encoding="utf-8"))


def _group_by_letter(incidents: list[dict[str, Any]], kind: str) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Group incidents into letters: one per office, period and version."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for incident in incidents:
        # A person or an answer may have closed it; then the version that they closed gives the name.
        proof = incident["resolved_by"] if kind == "resolved" else None
        version = proof or incident["last_failing_submission_id"]
        office = incident["unit_key"] or re.sub(r"[^\w.-]+", "-", incident["source_ref"] or "", flags=re.ASCII).strip(
            "-."
        )
        origin = "" if incident["origin"] != "published" else "published-"
        period = (incident["period_id"] or UNPLACED).replace("@", "_")
        name = f"{period}/{origin}{(office or 'file')[:LONGEST_NAME]}-{version[:8]}{'' if kind == 'opened' else '-resolved'}"
        groups.setdefault(name, []).append(incident)
    yield from sorted(groups.items())


def _free_name(name: str, sent_names: set[str]) -> str:
    """Return a name that no letter has yet: an office's neighbours may open more incidents on the same version."""
    names = (f"{name}{'' if number == 1 else f'-{number}'}.md" for number in count(1))
    return next(candidate for candidate in names if candidate not in sent_names)


def _send(home: Home, name: str, kind: str, incidents: list[dict[str, Any]], letter: Letter) -> Path:
    """Write one letter into the outbox, as text, web page and Word document, and remember that it was written."""
    path = home.alerts / "outbox" / name
    text = environment(markdown_with_bold).get_template("letter.md.j2").render(vars(letter))
    page = environment(html_with_bold, is_html=True).get_template("letter.html.j2").render(vars(letter))
    document = letter_docx(letter)
    write_atomically(path.with_suffix(".docx"), lambda temporary: temporary.write_bytes(document))
    write_atomically(path.with_suffix(".html"), lambda temporary: temporary.write_text(page, encoding="utf-8"))
    write_atomically(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))
    entry = {"letter": name, "kind": kind, "alert_ids": [incident["alert_id"] for incident in incidents]}
    journal.append(home.alerts / "log.jsonl", entry)
    return path


def _number(incidents: list[dict[str, Any]], kind: str, *, suffix: str) -> str:
    """Return the number of a letter: it follows from the version that it is about, and no two letters share one."""
    first = incidents[0]
    version = (first["resolved_by"] if kind == "resolved" else None) or first["last_failing_submission_id"]
    return f"{version[:8].upper()}{suffix}/{'KQ' if kind == 'resolved' else 'TB'}-TK"


def _deadlines(home: Home) -> dict[tuple[str, str], date]:
    """Return the day on which each level must report, by period and level."""
    rows = pl.read_parquet(home.declared / "deadlines.parquet").iter_rows(named=True)
    return {(row["period_id"], row["level"]): row["due_on"] for row in rows}


def _answer_by(incident: dict[str, Any], deadlines: dict[tuple[str, str], date]) -> date | None:
    """Return the day on which the level above must report, None where there is none or the incident opened after it."""
    day = deadlines.get((incident["period_id"], LEVEL_ABOVE.get(incident["scope"], "")))
    return day if day and incident["opened_at"].date() <= day else None
