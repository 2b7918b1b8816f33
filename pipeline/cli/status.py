"""``thads status``: who reported for a period, office by office."""

import json
from pathlib import Path

from rich.table import Table
from rich.text import Text

from pipeline.alerts.sending import outbox_line
from pipeline.cli.main import err, out
from pipeline.home import open_home
from pipeline.published.query import NoWarehouse, run_query
from pipeline.registry.periods import Period

LATEST = "select max(period_id) as period_id from mart_reporting_record where origin = 'submitted'"
STATUS = """
    select record.unit_key, unit.name, record.scope, record.is_simulated,
           case when record.is_silent then 'silent' else record.verdict end as state,
           record.is_late, record.days_late, record.due_on, record.first_received_at, record.versions_received,
           record.accepted_version, record.open_alerts
    from mart_reporting_record as record
    join dim_unit as unit using (unit_key)
    where record.period_id = $period and record.origin = 'submitted'
    order by record.is_simulated, unit.parent_key nulls first, record.scope desc, unit.name
"""
WORDS = {
    "accepted": ("green", "đã chấp nhận · accepted"),
    "accepted_with_query": ("yellow", "chấp nhận, có câu hỏi · queried"),
    "returned": ("red", "trả lại · returned"),
    "unreadable": ("red", "không đọc được · unreadable"),
    "silent": ("red", "chưa gửi · silent"),
}


def show_status(period: str | None, home: Path | None, *, as_json: bool) -> int:
    """Print the reporting record of a period; return the exit code."""
    opened = open_home(home)
    try:
        if period:
            Period.parse(period)
        else:
            period = run_query(opened, LATEST)["period_id"][0]
        rows = run_query(opened, STATUS, {"period": period}).to_dicts() if period else []
    except (NoWarehouse, ValueError) as error:
        err.print(Text(f"thads status: {error}"))
        return 2
    if as_json:
        print(json.dumps({"period": period, "units": rows}, ensure_ascii=False, default=str))
        return 0
    table = Table(title=f"Kỳ · Period {period}", show_edge=False)
    for name in (
        "đơn vị · unit",
        "phạm vi · scope",
        "tình trạng · state",
        "nhận · received",
        "hạn · due",
        "bản · versions",
        "cảnh báo · alerts",
    ):
        table.add_column(name)
    for row in rows:
        colour, words = WORDS[row["state"]]
        late = f" (muộn {row['days_late']} ngày · late)" if row["is_late"] else ""
        received = f"{row['first_received_at']:%d/%m/%Y %H:%M}{late}" if row["first_received_at"] else ""
        table.add_row(
            Text(row["name"] + (" (mô phỏng)" if row["is_simulated"] else "")),
            row["scope"],
            Text(words, style=colour),
            received,
            f"{row['due_on']:%d/%m/%Y}" if row["due_on"] else "",
            str(row["versions_received"] or ""),
            str(row["open_alerts"] or ""),
        )
    out.print(table)
    if line := outbox_line(opened):
        out.print(Text(line, style="yellow"))
    return 0
