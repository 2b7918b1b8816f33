"""Days as people and spreadsheets write them."""

import re
from datetime import date, timedelta

_DAY = re.compile(r"(?<!\d)(\d{1,2})\s*[/.-]\s*(\d{1,2})\s*[/.-]\s*(\d{4})(?!\d)")
_DAY_IN_WORDS = re.compile(r"(?:ngày\s*)?(\d{1,2})\s*tháng\s*(\d{1,2})\s*năm\s*(\d{4})(?!\d)", re.IGNORECASE)
_ISO_DAY = re.compile(r"(?<!\d)(\d{4})-(\d{2})-(\d{2})(?!\d)")
#: A day as spreadsheets count it, from 1990 to 2099, in a cell without a date format.
_SERIAL = re.compile(r"\s*([3-7]\d{4})\s*")
_DAY_ZERO, _SERIALS = date(1899, 12, 30), range(32_874, 73_051)


def parse_day(text: str | None) -> date | None:
    """Read a day written 30/06/2023 (day first), 2023-06-30, "ngày 30 tháng 6 năm 2023", or as a spreadsheet counts it."""
    days = parse_days(text or "")
    return days[0] if days else None


def parse_days(text: str) -> list[date | None]:
    """Return every day that a text names, in its order; None for one that does not exist."""
    if serial := _SERIAL.fullmatch(text):
        return [_DAY_ZERO + timedelta(int(serial[1]))] if int(serial[1]) in _SERIALS else []
    matches = sorted(
        (match.start(), parts if pattern is _ISO_DAY else parts[::-1])
        for pattern in (_ISO_DAY, _DAY, _DAY_IN_WORDS)
        for match in pattern.finditer(text)
        for parts in [tuple(map(int, match.groups()))]
    )
    return [day_or_none(*parts) for _, parts in matches]


def day_or_none(year: int, month: int, day: int) -> date | None:
    """Return a day, or None where the calendar has none like it."""
    try:
        return date(year, month, day)
    except ValueError:
        return None
