"""Statistical periods: every one begins on 1 October, figures are cumulative within the year.

Source: circulars 06/2019/TT-BTP and 05/2024/TT-BTP; see ``docs/glossary.md``.
"""

import calendar
from dataclasses import dataclass
from datetime import date, timedelta

#: The first statistical year after the courts handed civil-judgment enforcement to the ministry, and one nobody here sees.
FIRST_YEAR, LAST_YEAR = 1994, 2099


@dataclass(frozen=True)
class Period:
    """A statistical year and its months: ``Period(2022, 12)`` is 1 October 2021 to 30 September 2022."""

    year: int
    months: int

    @property
    def id(self) -> str:
        """Return e.g. ``2022-12``."""
        return f"{self.year}-{self.months:02d}"

    @property
    def start(self) -> date:
        """First day, always 1 October of the year before."""
        return date(self.year - 1, 10, 1)

    @property
    def end(self) -> date:
        """Last day, inclusive."""
        year, month = (self.year - 1, 9 + self.months) if self.months <= 3 else (self.year, self.months - 3)
        return date(year, month, calendar.monthrange(year, month)[1])

    @property
    def label_vi(self) -> str:
        """Return e.g. ``9 tháng năm 2023``."""
        return f"Năm {self.year}" if self.months == 12 else f"{self.months} tháng năm {self.year}"

    @classmethod
    def parse(cls, text: str) -> "Period":
        """Read ``2022-12``; raises ``ValueError`` with the accepted form."""
        year, _, months = text.partition("-")
        if not (year.isdecimal() and len(year) == 4 and months.isdecimal() and 1 <= int(months) <= 12):
            raise ValueError(f"{text!r} is no period: write statistical year and months, e.g. 2022-12 or 2023-09")
        if not is_statistical_year(int(year)):
            raise ValueError(f"{text!r} is no period: there are statistics of the years {FIRST_YEAR} to {LAST_YEAR}")
        return cls(int(year), int(months))

    @classmethod
    def ending_in(cls, year: int, month: int) -> "Period":
        """Return the period that ends with calendar month ``month`` of ``year``."""
        return cls(year + 1, month - 9) if month >= 10 else cls(year, month + 3)


def is_statistical_year(year: int) -> bool:
    """Tell whether there are statistics of that year; a number of four digits may be any."""
    return FIRST_YEAR <= year <= LAST_YEAR


def statistical_year(day: date) -> int:
    """Return the statistical year that ``day`` belongs to."""
    return day.year + (day.month >= 10)


def period_id(start: date, end: date) -> str | None:
    """Return the id of the period from ``start`` to ``end``; None if it does not begin on 1 October of its year.

    A period that ends within a month keeps its day, e.g. ``2020-08@2020-05-13``, and meets no whole-month period.
    None too of a year that has no statistics: any two days may be asked about.
    """
    if not is_statistical_year(statistical_year(end)):
        return None
    period = Period.ending_in(end.year, end.month)
    if start != period.start:
        return None
    is_month_end = (end + timedelta(days=1)).day == 1
    return period.id if is_month_end else f"{period.id}@{end.isoformat()}"
