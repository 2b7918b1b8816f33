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
from pathlib import Path
from typing import Any

import jinja2
import polars as pl

from pipeline.home import Home
from pipeline.landing.blobs import write_whole
from pipeline.published.query import run_query

TEMPLATES = Path(__file__).parent
UNPLACED = "unplaced"

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
    """Write a letter for every incident of the live warehouse that was not told yet."""
    told = _told(home)
    incidents = run_query(home, INCIDENTS).to_dicts()
    letters = Letters(still_open=sum(incident["state"] == "open" for incident in incidents))
    for kind, told_as in (("opened", letters.opened), ("resolved", letters.resolved)):
        new = [
            incident
            for incident in incidents
            if (incident["alert_id"], kind) not in told
            # What was resolved before anybody was told needs no letter at all.
            and (incident["state"] == "open" if kind == "opened" else _was_told(incident, told))
        ]
        told_as += new
        for name, group in _by_letter(new, kind):
            letters.paths.append(_send(home, name, kind, group))
    return letters


def _was_told(incident: dict[str, Any], told: set[tuple[str, str]]) -> bool:
    return incident["state"] == "resolved" and (incident["alert_id"], "opened") in told


def _by_letter(incidents: list[dict[str, Any]], kind: str) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Group incidents into letters: one per office, period and version."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for incident in incidents:
        version = incident["last_failing_submission_id"] if kind == "opened" else incident["resolved_by"]
        who = incident["unit_key"] or re.sub(r"[^\w.-]+", "-", incident["source_ref"] or "", flags=re.ASCII).strip("-.")
        origin = "" if incident["origin"] != "published" else "published-"
        period = (incident["period_id"] or UNPLACED).replace("@", "_")
        name = f"{period}/{origin}{who or 'file'}-{version[:8]}{'' if kind == 'opened' else '-resolved'}.md"
        groups.setdefault(name, []).append(incident)
    yield from sorted(groups.items())


def _send(home: Home, name: str, kind: str, incidents: list[dict[str, Any]]) -> Path:
    """Write one letter into the outbox and remember that it was written."""
    path = home.alerts / "outbox" / name
    text = _environment().get_template("letter.md.j2").render(kind=kind, incidents=incidents, first=incidents[0])
    write_whole(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))
    lines = [
        json.dumps({"alert_id": incident["alert_id"], "kind": kind, "letter": name}, ensure_ascii=False)
        for incident in incidents
    ]
    with (home.alerts / "log.jsonl").open("a", encoding="utf-8") as log:
        log.write("".join(f"{line}\n" for line in lines))
        log.flush()
        os.fsync(log.fileno())
    return path


def _told(home: Home) -> set[tuple[str, str]]:
    """Return (alert_id, kind) of everything that was told; a line cut off by a kill is told again."""
    log = home.alerts / "log.jsonl"
    if not log.exists():
        return set()
    told = set()
    content = log.read_text(encoding="utf-8")
    if content and not content.endswith("\n"):
        content = content[: content.rfind("\n") + 1]
        write_whole(log, lambda temporary: temporary.write_text(content, encoding="utf-8"))
    for line in content.splitlines():
        entry = json.loads(line)
        told.add((entry["alert_id"], entry["kind"]))
    return told


def _environment() -> jinja2.Environment:
    loader = jinja2.FileSystemLoader(TEMPLATES)
    return jinja2.Environment(loader=loader, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined)


def open_incidents(home: Home) -> pl.DataFrame:
    """Return the incidents that are open."""
    return run_query(home, "select * from fct_alert where state = 'open' order by opened_at, alert_id")
