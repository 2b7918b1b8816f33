"""Figures of forms 03 to 12, discipline and bank credit that do not add up, alone or beside forms 01 and 02."""

from collections.abc import Iterator, Sequence
from random import Random
from typing import Any

from pipeline.forms.formulas import Figure, recalculate
from pipeline.simulator.faults.kind import (
    TOTAL,
    CellChange,
    FaultError,
    add,
    count,
    fault,
    register_all,
    replace_figures,
    type_over,
)
from pipeline.simulator.report import SimulatedReport

#: A row out of step with its total, a province and the month before.
SIDE_EFFECTS = ("rollup.*", "cumulative.*", "continuity.*")


def _rows(report: SimulatedReport, form: str, row: str) -> list[str]:
    """Return the rows that a fault may choose from: the one named, else all that are no totals."""
    return [row] if row else [candidate.code for candidate in report.forms[form].rows if not candidate.is_total]


def _register_typed_total(
    name: str, form: str, column: str, *, row: str = "", entails: Sequence[str] = (), **options: Any
) -> None:
    """Register a computed cell that is typed over its formula."""

    @fault(name=name, entails=[*SIDE_EFFECTS, *entails], forms=[form], cause="total_typed_over", **options)
    def act(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
        yield add(report, form, rng.choice(_rows(report, form, row)), column, rng.randint(1, 30))


def _register_excess_part(
    name: str,
    form: str,
    lesser: str,
    greater: str,
    *,
    row: str = "",
    entails: Sequence[str] = (),
    cause: str = "digit_wrong",
    **options: Any,
) -> None:
    """Register a part that is typed larger than its whole."""

    @fault(name=name, entails=[*SIDE_EFFECTS, *entails], forms=[form], cause=cause, **options)
    def act(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
        row_code = rng.choice(_rows(report, form, row))
        yield type_over(report, form, row_code, lesser, count(report, form, row_code, greater) + rng.randint(1, 9))


def _register_missing_officer(name: str, form: str, beside: str, **options: Any) -> None:
    """Register a form that leaves out one officer: it agrees with itself, and says less than the other form."""

    @fault(name=name, forms=[form, beside], is_whole=True, **options)
    def act(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
        declaration = report.forms[form]
        used_rows = [
            n for n, row in enumerate(declaration.rows) if row.is_open and report.figure(form, row.code, "due")
        ]
        figures: list[list[Figure]] = [list(line) for line in report.figures[form]]
        figures[rng.choice(used_rows)] = [None] * len(declaration.columns)
        yield from replace_figures(report, form, recalculate(declaration, figures))


def _register_excess_row(name: str, form: str, row: str, whole: str, columns: Sequence[str], **options: Any) -> None:
    """Register a row that has more than the total of another form, and whose own sums hold."""

    @fault(name=name, forms=[form, whole], **options)
    def act(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
        first_column = columns[0]
        excess = count(report, whole, TOTAL, first_column) - count(report, form, row, first_column) + rng.randint(1, 50)
        for column in columns:
            yield add(report, form, row, column, excess)


register_all("typed_over", _register_typed_total)
register_all("above", _register_excess_part)


# --- officers


@fault(
    "Dòng của một chấp hành viên không cộng vào tổng số",
    "The line of an enforcement officer does not add up to the total",
    meant=["rollup.officers", "balance.accepted_total"],
    forms=["04"],
    cause="digit_wrong",
)
def _officer_off(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
    used_rows = [row.code for row in report.forms["04"].rows if row.is_open and report.figure("04", row.code, "due")]
    yield add(report, "04", rng.choice(used_rows), "newly_accepted", rng.randint(1, 30))


register_all("officer_left_out", _register_missing_officer)


# --- parts of forms 01 and 02

register_all("more_than_the_whole", _register_excess_row)


@fault(
    "Số thi hành xong lớn hơn số có điều kiện",
    "More was completed than eligible",
    meant=["order.completed"],
    entails=["ratio.*", "cross.*", "rollup.offices", "cumulative.*", "order.eligible"],
    forms=["credit"],
    cause="digit_wrong",
)
def _completed_above_eligible(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
    figure = count(report, "credit", "cases", "eligible") + rng.randint(1, 9)
    yield type_over(report, "credit", "cases", "completed", figure)


@fault(
    "Số có điều kiện lớn hơn số phải thi hành",
    "More was eligible than due",
    meant=["order.eligible"],
    entails=["ratio.*", "cross.*", "rollup.offices"],
    forms=["credit"],
    cause="digit_wrong",
)
def _eligible_above_due(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
    figure = count(report, "credit", "cases", "due") + rng.randint(1, 9)
    yield type_over(report, "credit", "cases", "eligible", figure)


@fault(
    "Tỷ lệ án tín dụng, ngân hàng không tính ra được từ số liệu",
    "The printed bank-credit rate cannot come from the printed figures",
    meant=["ratio.completion_rate"],
    forms=["credit"],
    cause="total_typed_over",
)
def _credit_rate_impossible(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
    rate = report.figure("credit", "money", "completion_rate")
    if rate is None or isinstance(rate, str):
        raise FaultError("credit_rate_impossible: the report prints no rate; take a later period")
    yield type_over(report, "credit", "money", "completion_rate", rate + rng.randint(2, 9))
