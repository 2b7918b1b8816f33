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

TONIGHT = {"looks_at": pl.String, "period_id": pl.String, "is_written": pl.Boolean}


class _Months(NamedTuple):
    year: int
    months: int


def _itself(_: _Months, __: _Months) -> bool:
    return False


def _year_so_far(period: _Months, other: _Months) -> bool:
    return other.year == period.year and other.months < period.months


def _last_year(period: _Months, other: _Months) -> bool:
    return other.year == period.year - 1 and other.months == period.months


#: By name: whether a period's rows are made from another period's figures too. Only whole months are ever compared.
LOOKS_AT: dict[str, Callable[[_Months, _Months], bool]] = {
    "itself": _itself,
    "year_so_far": _year_so_far,
    "last_year": _last_year,
}


def tonight(changed: Collection[str], known: Iterable[str]) -> pl.DataFrame:
    """Return, for each rule of ``LOOKS_AT``, the periods that are written and those that are read for that, as ``TONIGHT``.

    ``changed``: periods whose input changed, appeared or went; ``known``: all that are published or will be.
    """
    months = {
        period: _Months(int(match[1]), int(match[2])) for period in known if (match := _STANDARD.fullmatch(period))
    }
    rows = []
    for name, looks_at in LOOKS_AT.items():
        written = set(changed) | {
            period
            for period, of in months.items()
            if any(looks_at(of, months[other]) for other in changed if other in months)
        }
        read = written | {
            other
            for other, of in months.items()
            if any(looks_at(months[period], of) for period in written if period in months)
        }
        rows += [(name, period, period in written) for period in sorted(read)]
    return pl.DataFrame(rows, schema=TONIGHT, orient="row")


def linked(changed: Collection[str], links: Iterable[Collection[str]]) -> set[str]:
    """Return ``changed`` and all periods that are in one of ``links`` with them, however many steps away."""
    reached = set(changed)
    waiting = [set(link) for link in links]
    while touching := [link for link in waiting if link & reached]:
        waiting = [link for link in waiting if not link & reached]
        reached = reached.union(*touching)
    return reached
