"""Which periods a night writes, and which it reads for that: those that changed, and the later ones that depend on them.

This is the one home of how periods depend on each other in the warehouse; a model names the rule that it follows
(``meta.looks_at`` in ``dbt_project.yml``), and ``dbt_project/macros/by_period.sql`` reads the table made here. Which
other periods *judging* looks at is said by ``pipeline.judged.partners``.
"""

import re
from collections.abc import Callable, Collection, Iterable
from typing import NamedTuple

import polars as pl

_STANDARD = re.compile(r"(\d{4})-(\d{2})")

PLAN_SCHEMA = {"looks_at": pl.String, "period_id": pl.String, "is_written": pl.Boolean}


class _Months(NamedTuple):
    year: int
    months: int


def _is_same_period(_: _Months, __: _Months) -> bool:
    return False


def _is_earlier_this_year(period: _Months, other: _Months) -> bool:
    return other.year == period.year and other.months < period.months


def _is_year_before(period: _Months, other: _Months) -> bool:
    return other.year == period.year - 1 and other.months == period.months


#: By name: whether a period's rows are made from another period's figures too. Only whole months are ever compared.
PERIOD_RULES: dict[str, Callable[[_Months, _Months], bool]] = {
    "itself": _is_same_period,
    "year_so_far": _is_earlier_this_year,
    "last_year": _is_year_before,
}


def plan_periods(changed: Collection[str], known_periods: Iterable[str]) -> pl.DataFrame:
    """Return, for each rule of ``PERIOD_RULES``, the periods that are written and those that are read for that, as ``PLAN_SCHEMA``.

    ``changed``: periods whose input changed, appeared or went; ``known``: all that are published or will be.
    """
    months = {
        period: _Months(int(match[1]), int(match[2]))
        for period in known_periods
        if (match := _STANDARD.fullmatch(period))
    }
    rows = []
    for name, is_needed in PERIOD_RULES.items():
        written_periods = set(changed) | {
            period
            for period, month in months.items()
            if any(is_needed(month, months[other]) for other in changed if other in months)
        }
        read_periods = written_periods | {
            other
            for other, month in months.items()
            if any(is_needed(months[period], month) for period in written_periods if period in months)
        }
        rows += [(name, period, period in written_periods) for period in sorted(read_periods)]
    return pl.DataFrame(rows, schema=PLAN_SCHEMA, orient="row")


def with_linked_periods(changed: Collection[str], links: Iterable[Collection[str]]) -> set[str]:
    """Return ``changed`` and all periods that are in one of ``links`` with them, however many steps away."""
    linked_periods = set(changed)
    open_links = [set(link) for link in links]
    while adjacent_links := [link for link in open_links if link & linked_periods]:
        open_links = [link for link in open_links if not link & linked_periods]
        linked_periods = linked_periods.union(*adjacent_links)
    return linked_periods
