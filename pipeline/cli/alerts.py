"""``thads alerts``: the incidents and what people do about them."""

import getpass
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from rich.text import Text

from pipeline.alerts.incidents import (
    ImpossibleAct,
    IncidentFilter,
    UnknownIncident,
    act_on,
    filter_incidents,
    find,
    findings_of,
    history,
    hypotheses_of,
    incidents,
)
from pipeline.alerts.sending import outbox_line
from pipeline.cli.findings import as_objects, print_findings
from pipeline.cli.terminal import err, out
from pipeline.home import Home, open_home
from pipeline.incidents.ledger import Act
from pipeline.published.query import NoWarehouse
from pipeline.vocabulary import STANDINGS, AlertEvent, AlertState

LIST_COLUMNS = [
    "alert_id", "state", "standing", "age_days", "assigned_to", "cause_id", "cause_kind", "pack", "rule_id", "rules", "form", "unit_key", "unit_name",
    "period_id", "scope", "origin", "is_simulated", "severity", "on_fail", "findings", "opened_at", "opened_version",
    "resolved_at", "resolved_version", "source_ref", "sentence_vi", "sentence_en", "story_vi", "story_en",
]  # fmt: skip
MAKERS = {"return": "báo cáo · return", "rules": "quy tắc · rules"}


def show_alerts(criteria: IncidentFilter, home: Path | None, *, as_json: bool) -> int:
    """Print the incidents that meet ``criteria``, the oldest first; return the exit code."""

    def work(opened_home: Home) -> None:
        rows = filter_incidents(incidents(opened_home), criteria)
        if as_json:
            _print_json([{name: row[name] for name in LIST_COLUMNS} for row in rows])
            return
        for row in rows:
            _print_alert(row)
        out.print(Text(f"{len(rows)} incidents ({criteria.state})", style="bold"))
        if line := outbox_line(opened_home):
            out.print(Text(line, style="yellow"))

    return _run(home, work)


def show_alert(name: str, home: Path | None, *, as_json: bool) -> int:
    """Print one incident with its findings and its history; return the exit code."""

    def work(opened_home: Home) -> None:
        row = find(incidents(opened_home), name)
        findings, events, hypotheses = (
            findings_of(opened_home, row),
            history(opened_home, row),
            hypotheses_of(opened_home, row),
        )
        if as_json:
            summary = {key: row[key] for key in LIST_COLUMNS}
            _print_json(summary | {"found_in": as_objects(findings), "hypotheses": hypotheses, "history": events})
            return
        _print_alert(row)
        print_findings(findings, out)
        if hypotheses:
            out.print(Text("\nKhả năng, chưa sửa gì · Hypotheses, nothing is corrected", style="bold"))
        for hypothesis in hypotheses:
            out.print(Text(f"  {hypothesis['hypothesis_rank']}. {hypothesis['sentence_vi']}"))
            out.print(Text(f"     {hypothesis['sentence_en']}", style="dim"))
        out.print(Text("\nDiễn biến · History", style="bold"))
        for event in events:
            out.print(Text(f"  {event['occurred_at']:%d/%m/%Y %H:%M}  {_event_line(event)}"))

    return _run(home, work)


def act(names: Sequence[str], action: Act, home: Path | None, *, as_json: bool) -> int:
    """Do one thing to the incidents with these ids and print how they stand; return the exit code."""

    def work(opened_home: Home) -> None:
        rows = act_on(opened_home, names, action)
        if as_json:
            _print_json([{name: row[name] for name in LIST_COLUMNS} for row in rows])
            return
        for row in rows:
            out.print(Text(f"{row['alert_id'][:8]} {STANDINGS[row['standing']]}: {row['rule_id']}, {_place(row)}"))

    return _run(home, work)


def author(user: str | None) -> str:
    """Return who acts: the user named, else the one who is logged in."""
    return user or getpass.getuser()


def _run(home: Path | None, work: Callable[[Home], None]) -> int:
    try:
        work(open_home(home))
    except (NoWarehouse, UnknownIncident, ImpossibleAct, ValueError) as error:
        err.print(Text(f"thads alerts: {error}"))
        return 2
    return 0


def _print_json(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, default=str))


def _place(row: dict[str, Any]) -> str:
    place = (row["unit_name"] or row["unit_key"] or row["source_ref"], row["period_id"], row["form"])
    return " · ".join(str(part) for part in place if part)


def _event_line(event: dict[str, Any]) -> str:
    words = [STANDINGS[event["event"]]]
    words.append(event["author"] or MAKERS.get(event["made_by"], event["made_by"]))
    if event["version"]:
        words.append(f"lần {event['version']} · version {event['version']}")
    if event["assigned_to"]:
        words.append(f"→ {event['assigned_to']}")
    return ", ".join(words) + (f": {event['reason']}" if event["reason"] else "")


def _print_alert(row: dict[str, Any]) -> None:
    is_open = row["state"] == AlertState.OPEN
    colour = "red" if is_open else "green"
    published = " · số liệu công bố" if row["origin"] == "published" else ""
    marks = " · SỐ LIỆU MÔ PHỎNG" if row["is_simulated"] else ""
    age = f"  {row['age_days']} ngày · days" if is_open else ""
    head: list[str | tuple[str, str]] = [
        (f"{row['state']:8}", f"bold {colour}"),
        " ",
        (row["alert_id"][:8], "dim"),
        " ",
        (row["rule_id"], "bold"),
        f"  {_place(row)}{published}",
        (marks, "red"),
        (age, "dim"),
    ]
    out.print(Text.assemble(*head))
    out.print(Text(f"  {row['sentence_vi']}"))
    if row["story_vi"]:
        out.print(Text(f"  → {row['story_vi']}.", style="italic"))
    if is_open and row["standing"] not in (AlertEvent.OPENED, AlertEvent.REOPENED):
        assignee = f" → {row['assigned_to']}" if row["assigned_to"] else ""
        out.print(Text(f"  {STANDINGS[row['standing']]}{assignee}", style="dim"))
    if not is_open:
        proof = f"bản {row['opened_version']} → bản {row['resolved_version']}, " if row["resolved_version"] else ""
        out.print(Text(f"  {proof}{row['resolved_at']}", style="dim"))
    out.print()
