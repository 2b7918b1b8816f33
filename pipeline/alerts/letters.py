"""Letters: one per office and version, telling every incident once; a short notice when one is resolved.

``alerts/outbox/<period>/*.md`` are the letters, ``alerts/log.jsonl`` remembers what was told. A letter's name follows
from what it tells, and it is written before its line in the log: killed in between, the next call writes the same
letter again and nothing twice.
"""

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import count
from pathlib import Path
from typing import Any

import jinja2
import polars as pl

from pipeline.home import Home
from pipeline.landing.blobs import write_whole
from pipeline.published.query import run_query
from pipeline.vocabulary import AlertState

TEMPLATES = Path(__file__).parent
UNPLACED = "unplaced"
LONGEST_NAME = 80
#: An answer must come before the level above sums it up.
LEVEL_ABOVE = {"own": "province", "office": "province", "province": "nation"}

INCIDENTS = """
    select alert.* exclude (cells), unit.name as unit_name, parent.name as parent_name,
           declared.form_number, declared.title_vi as form_title_vi,
           submission.file_name, submission.source_ref as path, submission.regime
    from fct_alert as alert
    left join dim_unit as unit on unit.unit_key = alert.unit_key
    left join dim_unit as parent on parent.unit_key = unit.parent_key
    left join fct_submission as submission on submission.submission_id = alert.last_failing_submission_id
    left join dim_form as declared on declared.form = alert.form and declared.regime = submission.regime
    order by alert.on_fail desc, alert.form, alert.rule_id, alert.alert_id
"""


@dataclass
class Letters:
    """What one call wrote."""

    opened: list[dict[str, Any]] = field(default_factory=list)
    resolved: list[dict[str, Any]] = field(default_factory=list)
    still_open: int = 0
    paths: list[Path] = field(default_factory=list)


def write_letters(home: Home) -> Letters:
    """Write a letter for every incident of the live warehouse whose opening or end was not told yet."""
    log = _read_log(home)
    told = {alert: entry["kind"] for entry in log for alert in entry["alert_ids"]}  # the last that was said of each
    sent = {entry["letter"] for entry in log}
    due = _deadlines(home)
    incidents = [
        incident | {"answer_by": _answer_by(incident, due)} for incident in run_query(home, INCIDENTS).to_dicts()
    ]
    is_open = [incident["state"] == AlertState.OPEN for incident in incidents]
    # An incident that came back is told again; one that was resolved before anybody was told needs no letter at all.
    opened = [i for i, yes in zip(incidents, is_open, strict=True) if yes and told.get(i["alert_id"]) != "opened"]
    resolved = [i for i, yes in zip(incidents, is_open, strict=True) if not yes and told.get(i["alert_id"]) == "opened"]
    letters = Letters(opened, resolved, still_open=sum(is_open))
    for kind, new in (("opened", opened), ("resolved", resolved)):
        for name, group in _by_letter(new, kind):
            letters.paths.append(_send(home, _unsent(name, sent), kind, group))
    return letters


def _by_letter(incidents: list[dict[str, Any]], kind: str) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Group incidents into letters: one per office, period and version."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for incident in incidents:
        version = incident["last_failing_submission_id"] if kind == "opened" else incident["resolved_by"]
        who = incident["unit_key"] or re.sub(r"[^\w.-]+", "-", incident["source_ref"] or "", flags=re.ASCII).strip("-.")
        origin = "" if incident["origin"] != "published" else "published-"
        period = (incident["period_id"] or UNPLACED).replace("@", "_")
        name = (
            f"{period}/{origin}{(who or 'file')[:LONGEST_NAME]}-{version[:8]}{'' if kind == 'opened' else '-resolved'}"
        )
        groups.setdefault(name, []).append(incident)
    yield from sorted(groups.items())


def _unsent(name: str, sent: set[str]) -> str:
    """Return a name that no letter went out under: an office's neighbours may open more about the same version."""
    names = (f"{name}{'' if number == 1 else f'-{number}'}.md" for number in count(1))
    return next(free for free in names if free not in sent)


def _send(home: Home, name: str, kind: str, incidents: list[dict[str, Any]]) -> Path:
    """Write one letter into the outbox and remember in one line that it was written."""
    path = home.alerts / "outbox" / name
    text = _environment().get_template("letter.md.j2").render(kind=kind, incidents=incidents, first=incidents[0])
    write_whole(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))
    entry = {"letter": name, "kind": kind, "alert_ids": [incident["alert_id"] for incident in incidents]}
    with (home.alerts / "log.jsonl").open("a", encoding="utf-8") as log:
        log.write(json.dumps(entry, ensure_ascii=False) + "\n")
        log.flush()
        os.fsync(log.fileno())
    return path


def _read_log(home: Home) -> list[dict[str, Any]]:
    """Return what was sent, in order; a line that a kill cut off is taken away, and its letter is written again."""
    log = home.alerts / "log.jsonl"
    if not log.exists():
        return []
    content = log.read_text(encoding="utf-8")
    if content and not content.endswith("\n"):
        content = content[: content.rfind("\n") + 1]
        write_whole(log, lambda temporary: temporary.write_text(content, encoding="utf-8"))
    return [json.loads(line) for line in content.splitlines()]


def _deadlines(home: Home) -> dict[tuple[str, str], date]:
    """Return the day on which each level must report, by period and level."""
    rows = pl.read_parquet(home.declared / "deadlines.parquet").iter_rows(named=True)
    return {(row["period_id"], row["level"]): row["due_on"] for row in rows}


def _answer_by(incident: dict[str, Any], due: dict[tuple[str, str], date]) -> date | None:
    """Return the day on which the level above must report, None where none is or it had passed when it opened."""
    day = due.get((incident["period_id"], LEVEL_ABOVE.get(incident["scope"], "")))
    return day if day and incident["opened_at"].date() <= day else None


def _environment() -> jinja2.Environment:
    loader = jinja2.FileSystemLoader(TEMPLATES)
    return jinja2.Environment(loader=loader, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined)
