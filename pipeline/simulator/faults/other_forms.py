"""Figures of forms 03 to 12, discipline and bank credit that do not add up, alone or beside forms 01 and 02."""

from collections.abc import Iterator, Sequence
from random import Random
from typing import Any

from pipeline.forms.formulas import Figure, recalculate
from pipeline.simulator.faults.kind import (
    TOTAL,
    FaultError,
    Touched,
    add,
    count,
    fault,
    register_all,
    replace_figures,
    type_over,
)
from pipeline.simulator.report import Report

#: A row out of step with its total, a province and the month before.
BESIDE = ("rollup.*", "cumulative.*", "continuity.*")


def _rows(report: Report, form: str, row: str) -> list[str]:
    """Return the rows that a fault may choose from: the one named, else all that are no totals."""
    return [row] if row else [one.code for one in report.forms[form].rows if not one.is_total]


def _typed_over(name: str, form: str, column: str, *, row: str = "", entails: Sequence[str] = (), **told: Any) -> None:
    """Register a computed cell that is typed over its formula."""

    @fault(name=name, entails=[*BESIDE, *entails], forms=[form], cause="total_typed_over", **told)
    def act(report: Report, rng: Random) -> Iterator[Touched]:
        yield add(report, form, rng.choice(_rows(report, form, row)), column, rng.randint(1, 30))


def _above(
    name: str,
    form: str,
    lesser: str,
    greater: str,
    *,
    row: str = "",
    entails: Sequence[str] = (),
    cause: str = "digit_wrong",
    **told: Any,
) -> None:
    """Register a part that is typed larger than its whole."""

    @fault(name=name, entails=[*BESIDE, *entails], forms=[form], cause=cause, **told)
    def act(report: Report, rng: Random) -> Iterator[Touched]:
        chosen = rng.choice(_rows(report, form, row))
        yield type_over(report, form, chosen, lesser, count(report, form, chosen, greater) + rng.randint(1, 9))


def _officer_left_out(name: str, form: str, beside: str, **told: Any) -> None:
    """Register a form that leaves out one officer: it agrees with itself, and says less than the other form."""

    @fault(name=name, forms=[form, beside], is_whole=True, **told)
    def act(report: Report, rng: Random) -> Iterator[Touched]:
        declared = report.forms[form]
        used = [n for n, row in enumerate(declared.rows) if row.is_open and report.figure(form, row.code, "due")]
        after: list[list[Figure]] = [list(line) for line in report.figures[form]]
        after[rng.choice(used)] = [None] * len(declared.columns)
        yield from replace_figures(report, form, recalculate(declared, after))


def _more_than_the_whole(name: str, form: str, row: str, whole: str, columns: Sequence[str], **told: Any) -> None:
    """Register a row that has more than the total of another form, and whose own sums hold."""

    @fault(name=name, forms=[form, whole], **told)
    def act(report: Report, rng: Random) -> Iterator[Touched]:
        first = columns[0]
        more = count(report, whole, TOTAL, first) - count(report, form, row, first) + rng.randint(1, 50)
        for column in columns:
            yield add(report, form, row, column, more)


register_all("typed_over", _typed_over)
register_all("above", _above)


# --- officers


@fault(
    "Dòng của một chấp hành viên không cộng vào tổng số",
    "The line of an enforcement officer does not add up to the total",
    meant=["rollup.officers", "balance.accepted_total"],
    forms=["04"],
    cause="digit_wrong",
)
def _officer_off(report: Report, rng: Random) -> Iterator[Touched]:
    used = [row.code for row in report.forms["04"].rows if row.is_open and report.figure("04", row.code, "due")]
    yield add(report, "04", rng.choice(used), "newly_accepted", rng.randint(1, 30))


register_all("officer_left_out", _officer_left_out)


# --- parts of forms 01 and 02

register_all("more_than_the_whole", _more_than_the_whole)


@fault(
    "Số thi hành xong lớn hơn số có điều kiện",
    "More was completed than eligible",
    meant=["order.completed"],
    entails=["ratio.*", "cross.*", "rollup.offices", "cumulative.*", "order.eligible"],
    forms=["credit"],
    cause="digit_wrong",
)
def _completed_above_eligible(report: Report, rng: Random) -> Iterator[Touched]:
    more = count(report, "credit", "cases", "eligible") + rng.randint(1, 9)
    yield type_over(report, "credit", "cases", "completed", more)


@fault(
    "Số có điều kiện lớn hơn số phải thi hành",
    "More was eligible than due",
    meant=["order.eligible"],
    entails=["ratio.*", "cross.*", "rollup.offices"],
    forms=["credit"],
    cause="digit_wrong",
)
def _eligible_above_due(report: Report, rng: Random) -> Iterator[Touched]:
    more = count(report, "credit", "cases", "due") + rng.randint(1, 9)
    yield type_over(report, "credit", "cases", "eligible", more)


@fault(
    "Tỷ lệ án tín dụng, ngân hàng không tính ra được từ số liệu",
    "The printed bank-credit rate cannot come from the printed figures",
    meant=["ratio.completion_rate"],
    forms=["credit"],
    cause="total_typed_over",
)
def _credit_rate_impossible(report: Report, rng: Random) -> Iterator[Touched]:
    rate = report.figure("credit", "money", "completion_rate")
    if rate is None or isinstance(rate, str):
        raise FaultError("credit_rate_impossible: the report prints no rate; take a later period")
    yield type_over(report, "credit", "money", "completion_rate", rate + rng.randint(2, 9))
