"""``thads status``: who reported for a period, office by office and form by form, as it stood on a day."""

import json
from collections import defaultdict
from datetime import date
from pathlib import Path
from typing import Any

from rich.table import Table
from rich.text import Text

from pipeline.alerts.sending import outbox_line
from pipeline.calendar.periods import Period
from pipeline.cli.terminal import err, out
from pipeline.home import open_home, vietnam_now
from pipeline.published.query import NoWarehouse, run_query
from pipeline.text.day import parse_day
from pipeline.vocabulary import Completeness

LATEST = "select max(period_id) as period_id from mart_reporting_record where origin = 'submitted'"
UNIT = "select unit_key from dim_unit where $unit in (unit_key, name) order by valid_from desc"
RECORDS = """
    select record.unit_key, unit.name, record.scope, record.is_simulated,
           case when record.is_silent then 'silent' else record.verdict end as state,
           record.is_late, record.days_late, record.due_on, record.first_received_at, record.versions_received,
           record.accepted_version, record.open_alerts
    from mart_reporting_record_as_known_on($day) as record
    join dim_unit as unit using (unit_key)
    where record.period_id = $period and record.origin = 'submitted'
      and ($unit is null or $unit in (unit.unit_key, unit.province_key, unit.parent_key))
    order by record.is_simulated, unit.province_key nulls first, record.scope desc, unit.name
"""
FORMS = """
    select unit_key, scope, is_simulated, form, status, is_late, accepted_version, unreadable_file
    from mart_completeness_on($day)
    where period_id = $period
    order by unit_key, scope, is_simulated, form
"""
COVERAGE = """
    select coverage.unit_key, unit.name, coverage.is_simulated, coverage.form, coverage.units_owed,
           coverage.units_covered, coverage.missing_units
    from mart_coverage_as_known_on($day) as coverage
    join dim_unit as unit using (unit_key)
    where coverage.period_id = $period and ($unit is null or $unit in (unit.unit_key, unit.parent_key))
    order by coverage.is_simulated, unit.level = 'nation' desc, unit.name, coverage.form
"""
WORDS = {
    Completeness.ACCEPTED: ("green", "chấp nhận · accepted"),
    Completeness.NIL: ("green", "không phát sinh · nil"),
    Completeness.RETURNED: ("red", "trả lại · returned"),
    Completeness.RECEIVED: ("red", "nhận, không đọc được · received, unreadable"),
    Completeness.LATE: ("red", "quá hạn · late"),
    Completeness.DUE: ("yellow", "chưa gửi · due"),
    Completeness.EXEMPT: ("dim", "được miễn · exempt"),
}


def show_status(period: str | None, unit: str | None, day_text: str | None, home: Path | None, *, as_json: bool) -> int:
    """Print what came for a period and what is missing, as it stood on a day (today); return the exit code."""
    opened_home, day = open_home(home), parse_day(day_text) if day_text else vietnam_now().date()
    try:
        if day is None:
            raise ValueError(f"'{day_text}' is no day; write 2023-07-10 or 10/07/2023")
        if period:
            Period.parse(period)
        else:
            period = run_query(opened_home, LATEST)["period_id"][0]
        if unit:
            unit_keys = run_query(opened_home, UNIT, {"unit": unit})["unit_key"]
            if unit_keys.is_empty():
                raise ValueError(f"no unit has the key or name '{unit}'; see: thads units list")
            unit = unit_keys[0]
        parameters = {"period": period, "day": day}
        records = run_query(opened_home, RECORDS, parameters | {"unit": unit}).to_dicts() if period else []
        forms = run_query(opened_home, FORMS, parameters).to_dicts() if period else []
        coverage = run_query(opened_home, COVERAGE, parameters | {"unit": unit}).to_dicts() if period else []
    except (NoWarehouse, ValueError) as error:
        err.print(Text(f"thads status: {error}"))
        return 2
    forms_by_unit: dict[tuple, list[dict[str, Any]]] = defaultdict(list)
    for row in forms:
        forms_by_unit[row.pop("unit_key"), row.pop("scope"), row.pop("is_simulated")].append(row)
    units = [row | {"forms": forms_by_unit[row["unit_key"], row["scope"], row["is_simulated"]]} for row in records]
    if as_json:
        summary = {"period": period, "on": day.isoformat(), "units": units, "coverage": coverage}
        print(json.dumps(summary, ensure_ascii=False, default=str))
        return 0
    out.print(_agencies(units, period, day))
    if coverage:
        out.print()
        out.print(_coverage(coverage))
    if line := outbox_line(opened_home):
        out.print(Text(line, style="yellow"))
    return 0


def _agencies(units: list[dict[str, Any]], period: str | None, day: date) -> Table:
    table = Table(title=f"Kỳ · Period {period}, ngày · on {day:%d/%m/%Y}", show_edge=False)
    for name in (
        *("đơn vị · unit", "phạm vi · scope", "biểu · forms", "nhận · received", "hạn · due"),
        *("bản · versions", "cảnh báo · alerts"),
    ):
        table.add_column(name)
    for row in units:
        late = f" (muộn {row['days_late']} ngày · late)" if row["is_late"] else ""
        received = f"{row['first_received_at']:%d/%m/%Y %H:%M}{late}" if row["first_received_at"] else ""
        table.add_row(
            Text(row["name"] + (" (mô phỏng)" if row["is_simulated"] else "")),
            row["scope"],
            _forms(row["forms"]),
            received,
            f"{row['due_on']:%d/%m/%Y}" if row["due_on"] else "",
            str(row["versions_received"] or ""),
            str(row["open_alerts"] or ""),
        )
    return table


def _forms(forms: list[dict[str, Any]]) -> Text:
    """Return the statuses of a unit's forms, each with the forms it holds for; one that all share names none."""
    text = Text()
    forms_by_status = [(status, [row["form"] for row in forms if row["status"] == status]) for status in WORDS]
    statuses = [(status, names) for status, names in forms_by_status if names]
    for status, names in statuses:
        colour, words = WORDS[status]
        text.append(" | " if text else "")
        text.append(words if len(statuses) == 1 else f"{words}: {', '.join(names)}", style=colour)
    files = sorted({row["unreadable_file"] for row in forms if row["unreadable_file"]})
    return text.append(f" ({', '.join(files)})") if files else text


def _coverage(coverage: list[dict[str, Any]]) -> Table:
    """Show, per total, how much of each form is there; forms that lack the same agencies share a line."""
    table = Table(title="Mức đầy đủ · Coverage", show_edge=False)
    for name in ("tổng · total", "biểu · forms", "có · there", "thiếu · missing"):
        table.add_column(name)
    lines: dict[tuple, list[str]] = defaultdict(list)
    for row in coverage:
        name = row["name"] + (" (mô phỏng)" if row["is_simulated"] else "")
        lines[name, row["units_covered"], row["units_owed"], tuple(row["missing_units"])].append(row["form"])
    for (name, covered, owed, missing), forms in lines.items():
        missing_names = "; ".join(missing[:6]) + (f" ... +{len(missing) - 6}" if len(missing) > 6 else "")
        table.add_row(
            Text(name), ", ".join(forms), f"{covered}/{owed}", Text(missing_names, style="red" if missing else "")
        )
    return table
