"""``thads alerts list``: incidents, one per rule, office, form and period."""

import json
from pathlib import Path

from rich.text import Text

from pipeline.cli.main import err, out
from pipeline.home import open_home
from pipeline.published.query import NoWarehouse, run_query

STATES = ("open", "resolved", "all")
ALERTS = """
    select alert_id, state, rule_id, form, unit_key, period_id, scope, origin, is_simulated, severity, on_fail,
           findings, opened_at, opened_version, resolved_at, resolved_version, source_ref,
           sentence_vi, sentence_en, story_vi, story_en
    from fct_alert
    where $state = 'all' or state = $state
    order by state, on_fail desc, opened_at, unit_key, rule_id, form
"""


def show_alerts(state: str, home: Path | None, *, as_json: bool) -> int:
    """Print the incidents in ``state``; return the exit code."""
    if state not in STATES:
        err.print(Text(f"thads alerts: '{state}' is no state; write one of {', '.join(STATES)}"))
        return 2
    try:
        rows = run_query(open_home(home), ALERTS, {"state": state}).to_dicts()
    except NoWarehouse as error:
        err.print(Text(f"thads alerts: {error}"))
        return 2
    if as_json:
        print(json.dumps(rows, ensure_ascii=False, default=str))
        return 0
    for row in rows:
        _tell(row)
    out.print(Text(f"{len(rows)} incidents ({state})", style="bold"))
    return 0


def _tell(row: dict) -> None:
    colour = "red" if row["state"] == "open" else "green"
    where = " · ".join(
        str(part) for part in (row["unit_key"] or row["source_ref"], row["period_id"], row["form"]) if part
    )
    marks = " · SỐ LIỆU MÔ PHỎNG" if row["is_simulated"] else ""
    published = " · số liệu công bố" if row["origin"] == "published" else ""
    out.print(
        Text.assemble(
            (f"{row['state']:8}", f"bold {colour}"),
            " ",
            (row["alert_id"][:8], "dim"),
            " ",
            (row["rule_id"], "bold"),
            f"  {where}{published}",
            (marks, "red"),
        )
    )
    out.print(Text(f"  {row['sentence_vi']}"))
    if row["story_vi"]:
        out.print(Text(f"  → {row['story_vi']}.", style="italic"))
    if row["state"] == "resolved":
        out.print(
            Text(f"  bản {row['opened_version']} → bản {row['resolved_version']}, {row['resolved_at']}", style="dim")
        )
    out.print()
