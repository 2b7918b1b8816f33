"""When a return is due: working days after the end of its period, Vietnamese public holidays and Tết closed.

Source: circulars 06/2019/TT-BTP and 05/2024/TT-BTP (working days); 01/2013/TT-BTP (days of the next period).
"""

from collections.abc import Iterable
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import holidays
import polars as pl

from pipeline.calendar.periods import Period
from pipeline.home import SEEDS

DEADLINES = SEEDS / "deadlines.csv"
SCHEMA = {"period_id": pl.String, "level": pl.String, "due_on": pl.Date}


def deadlines(periods: Iterable[tuple[str, date]], path: Path = DEADLINES) -> pl.DataFrame:
    """Return period_id, level and due_on for every period (id, last day) and every level that reports."""
    entries = pl.read_csv(path, try_parse_dates=True).to_dicts()
    rows = [
        (period, entry["level"], _due(end, entry["working_days"], entry["calendar_days"]))
        for period, end in sorted(set(periods))
        for entry in entries
        if entry["valid_from"] <= end and (entry["valid_to"] is None or end < entry["valid_to"])
    ]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def due_on(end: date, level: str, path: Path = DEADLINES) -> date:
    """Return when ``level`` has to report on a period that ends on ``end``."""
    ((_, _, due),) = deadlines([("", end)], path).filter(pl.col("level") == level).iter_rows()
    return due


def working_day_after(day: date, count: int) -> date:
    """Return the ``count``-th working day after ``day``."""
    while count:
        day += timedelta(days=1)
        count -= _is_working_day(day)
    return day


@cache
def working_days_after(day: date, last: date) -> int:
    """Return how many working days lie after ``day`` up to ``last``; a day off past a deadline still counts as one."""
    if last <= day:
        return 0
    days = (day + timedelta(days=n) for n in range(1, (last - day).days + 1))
    return max(sum(map(_is_working_day, days)), 1)


def _due(end: date, working_days: int | None, calendar_days: int | None) -> date:
    if working_days is not None:
        return working_day_after(end, working_days)
    return end + timedelta(days=calendar_days or 0)


def _is_working_day(day: date) -> bool:
    return day.weekday() < 5 and day not in _public_holidays(day.year)


@cache
def _public_holidays(year: int) -> holidays.HolidayBase:
    return holidays.country_holidays("VN", years=year)


def last_due_day(level: str, years: range = range(2021, 2027), path: Path = DEADLINES) -> int:
    """Return the latest day of a month on which ``level`` had to report a month, over some years."""
    periods = [(Period(year, months).id, Period(year, months).end) for year in years for months in range(1, 13)]
    due = deadlines(periods, path).filter(pl.col("level") == level)
    ends = pl.DataFrame(periods, schema=["period_id", "end"], orient="row")
    in_next_month = due.join(ends, on="period_id").filter(
        pl.col("due_on").dt.month() == pl.col("end").dt.offset_by("1d").dt.month()
    )
    return int(str(in_next_month["due_on"].dt.day().max()))
