"""Figures that agree with their own sheet and not with another period, and reports that come late."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, time
from fractions import Fraction
from random import Random
from typing import Any

from pipeline.calendar.deadlines import due_on, working_day_after
from pipeline.forms.formulas import Figure, recalculate
from pipeline.simulator.faults.kind import (
    NEIGHBOURS,
    CellChange,
    FaultError,
    Place,
    RelatedReport,
    count,
    fault,
    leaf,
    register_all,
    replace_figures,
    type_over,
)
from pipeline.simulator.report import SimulatedReport
from pipeline.vocabulary import Scope

FLOWS = ("judgments_received", "newly_accepted", "delegated", "revoked", "completed", "terminated")
#: A figure moved within form 01 moves it away from form 04, from the province, and from other periods.
MOVE_EFFECTS = ("cross.*", "rollup.offices", "change.*", "cumulative.*", "continuity.*", "money_per_case.*")


def _previous_count(report: SimulatedReport, form: str, row: str, column: str) -> int:
    """Return the figure of the month before."""
    declaration = report.forms[form]
    figure = report.previous()[form][list(declaration.row).index(row)][list(declaration.column).index(column)]
    return figure if isinstance(figure, int) else 0


def _choose_leaf(
    report: SimulatedReport, form: str, column: str, rng: Random, is_suitable: Callable[[int, int], bool]
) -> Place:
    """Choose an input cell by its figure of the month before and its own."""
    places = [
        (row.code, column)
        for row in report.forms[form].rows
        if not row.is_total
        and is_suitable(_previous_count(report, form, row.code, column), count(report, form, row.code, column))
    ]
    if not places:
        raise FaultError(f"no cell of {column}, form {form}, moved enough since last month; take another report")
    return rng.choice(places)


def _add_and_recalculate(
    report: SimulatedReport, form: str, additions: dict[tuple[str, str], int]
) -> Iterator[CellChange]:
    """Add to input cells and let the formulas of the template carry it into their totals."""
    declaration = report.forms[form]
    rows, columns = list(declaration.row), list(declaration.column)
    figures: list[list[Figure]] = [list(line) for line in report.figures[form]]
    for (row, column), amount in additions.items():
        figures[rows.index(row)][columns.index(column)] = count(report, form, row, column) + amount
    yield from replace_figures(report, form, recalculate(declaration, figures))


def _inflate_column(report: SimulatedReport, column: str, share: Fraction, part: str) -> Iterator[CellChange]:
    """Accept a share of a column more in every line of form 01, all of it in one part of what is due."""
    additions: dict[tuple[str, str], int] = {}
    for row in report.forms["01"].rows:
        if not row.is_total and (amount := int(count(report, "01", row.code, column) * share)):
            additions |= {(row.code, "newly_accepted"): amount, (row.code, part): amount}
    yield from _add_and_recalculate(report, "01", additions)


@fault(
    "Các cột lũy kế chỉ ghi số phát sinh trong tháng",
    "Cumulative columns show this month alone",
    meant=["cumulative.flows", "balance.due_parts"],
    entails=[*MOVE_EFFECTS, "duplicate.*"],
    forms=["01"],
    from_months=3,
    related_reports=[RelatedReport.PREVIOUS],
    cause="month_not_cumulative",
    is_whole=True,
)
def _month_not_cumulative(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
    leaves = [row.code for row in report.forms["01"].rows if not row.is_total]
    yield from _add_and_recalculate(
        report, "01", {(row, flow): -_previous_count(report, "01", row, flow) for row in leaves for flow in FLOWS}
    )


@fault(
    "Một ô lũy kế chỉ ghi số phát sinh trong tháng",
    "One cumulative cell shows this month alone",
    meant=["balance.accepted_total", "cumulative.flows"],
    entails=NEIGHBOURS,
    forms=["01"],
    from_months=6,
    related_reports=[RelatedReport.PREVIOUS],
    cause="month_not_cumulative",
)
def _month_in_one_cell(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
    row, column = _choose_leaf(report, "01", "newly_accepted", rng, lambda then, now: now - then < then)
    yield type_over(
        report, "01", row, column, count(report, "01", row, column) - _previous_count(report, "01", row, column)
    )


@fault(
    "Một ô chép lại số của tháng trước",
    "One cell shows last month's figure",
    meant=["balance.accepted_total"],
    entails=NEIGHBOURS,
    forms=["01"],
    from_months=2,
    related_reports=[RelatedReport.PREVIOUS],
    cause="last_month_copied",
)
def _last_month_in_one_cell(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
    row, column = _choose_leaf(report, "01", "newly_accepted", rng, lambda then, now: 0 < then < now)
    yield type_over(report, "01", row, column, _previous_count(report, "01", row, column))


@fault(
    "Thụ lý mới giảm so với tháng trước, phần giảm ghi vào năm trước chuyển sang",
    "Newly accepted fell below last month; what is lacking stands in the opening",
    meant=["cumulative.flows", "cumulative.opening"],
    entails=MOVE_EFFECTS,
    forms=["01"],
    from_months=3,
    related_reports=[RelatedReport.PREVIOUS],
)
def _flow_fell(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
    row, column = _choose_leaf(report, "01", "newly_accepted", rng, lambda then, now: then >= 3)
    decrease = count(report, "01", row, column) - _previous_count(report, "01", row, column) + rng.randint(1, 3)
    yield from _add_and_recalculate(report, "01", {(row, column): -decrease, (row, "opening"): decrease})


@fault(
    "Năm trước chuyển sang tăng trong năm",
    "The opening rose within the year",
    meant=["cumulative.opening"],
    entails=MOVE_EFFECTS,
    forms=["01"],
    from_months=3,
    related_reports=[RelatedReport.PREVIOUS],
)
def _opening_rose(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
    def room(row: str) -> int:
        arrivals = count(report, "01", row, "newly_accepted") - _previous_count(report, "01", row, "newly_accepted")
        drop = _previous_count(report, "01", row, "opening") - count(report, "01", row, "opening")
        return arrivals if arrivals > drop else 0

    rows = [row.code for row in report.forms["01"].rows if not row.is_total and room(row.code)]
    if not rows:
        raise FaultError("opening_rose: nothing was accepted this month; take another report")
    row = rng.choice(rows)
    yield from _add_and_recalculate(report, "01", {(row, "newly_accepted"): -room(row), (row, "opening"): room(row)})


@fault(
    "Năm trước chuyển sang lớn hơn số chuyển kỳ sau của năm trước",
    "More was brought forward than last year carried over",
    meant=["continuity.opening"],
    entails=MOVE_EFFECTS,
    forms=["01"],
    months=[1],
    related_reports=[RelatedReport.YEAR_END],
)
def _opening_above_carried_over(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
    row, _ = leaf(report, "01", ("opening",), rng, lambda figure: figure >= 20)
    excess = count(report, "01", row, "opening") // 5 + rng.randint(3, 9)
    yield from _add_and_recalculate(
        report, "01", {(row, "opening"): excess, (row, "in_progress"): excess, (row, "not_eligible"): 0}
    )


@fault(
    "Án đã chuyển sổ nhưng không ghi vào sổ theo dõi riêng",
    "Cases that left the opening were not entered in the separate book",
    meant=["continuity.separate_book"],
    entails=MOVE_EFFECTS,
    forms=["01"],
    months=[1],
    related_reports=[RelatedReport.YEAR_END],
)
def _lost_from_separate_book(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
    row, _ = leaf(report, "01", ("separate_book",), rng, lambda figure: figure >= 3)
    yield from _add_and_recalculate(
        report, "01", {(row, "separate_book"): -rng.randint(2, count(report, "01", row, "separate_book"))}
    )


@fault(
    "Thụ lý mới tăng vọt so với cùng kỳ năm trước",
    "Newly accepted leapt against the same period last year",
    meant=["change.year_on_year"],
    entails=MOVE_EFFECTS,
    forms=["01"],
    from_months=9,
    months=[9, 10, 11, 12],
    related_reports=[RelatedReport.LAST_YEAR],
    is_whole=True,
)
def _leap_on_last_year(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
    yield from _inflate_column(report, "newly_accepted", Fraction(7, 10), "in_progress")


@fault(
    "Tỷ lệ chưa có điều kiện tăng vọt giữa báo cáo 10 tháng và báo cáo năm",
    "The not-eligible share leapt between the 10-month and the 12-month report",
    meant=["change.annual_jump"],
    entails=MOVE_EFFECTS,
    forms=["01"],
    months=[12],
    related_reports=[RelatedReport.TENTH_MONTH],
    is_whole=True,
)
def _not_eligible_leap(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
    yield from _inflate_column(report, "due", Fraction(2, 5), "not_eligible")


@fault(
    "Kết quả thi hành xong tăng vọt giữa báo cáo 10 tháng và báo cáo năm",
    "Results leapt between the 10-month and the 12-month report",
    meant=["change.annual_jump"],
    entails=MOVE_EFFECTS,
    forms=["01"],
    months=[12],
    related_reports=[RelatedReport.TENTH_MONTH],
    is_whole=True,
)
def _results_leap(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
    additions: dict[tuple[str, str], int] = {}
    for row in report.forms["01"].rows:
        if row.is_total:
            continue
        for column in ("in_progress", "other_eligible", "postponed_by_consent"):
            amount = count(report, "01", row.code, column)
            additions[row.code, column] = -amount
            additions[row.code, "completed"] = additions.get((row.code, "completed"), 0) + amount
    yield from _add_and_recalculate(report, "01", additions)


@fault(
    "Biểu 02 chép nguyên từ tháng trước",
    "Form 02 is last month's",
    meant=["duplicate.month"],
    entails=[*MOVE_EFFECTS, "ratio.*"],
    forms=["02"],
    related_reports=[RelatedReport.PREVIOUS],
    cause="last_month_copied",
    is_whole=True,
)
def _money_of_last_month(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
    yield from replace_figures(report, "02", report.previous()["02"])


def _register_fall(
    name: str,
    form: str,
    column: str,
    *,
    row: str = "",
    into: str = "",
    rare: bool = False,
    entails: Sequence[str] = ("rollup.offices", "cross.*", "cumulative.*"),
    **options: Any,
) -> None:
    """Register a figure of another form that falls below last month's; its formulas follow."""

    @fault(
        name=name,
        entails=entails,
        forms=[form],
        # What happens seldom is looked for where many offices are added up.
        scopes=[Scope.PROVINCE] if rare else [Scope.OFFICE, Scope.OWN],
        months=[6, 7, 8, 9, 10, 11, 12],
        related_reports=[RelatedReport.PREVIOUS],
        **options,
    )
    def act(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
        rows = [code.code for code in report.forms[form].rows if row in ("", code.code)]
        rows = [code for code in rows if row or not report.forms[form].row[code].is_total]
        rows = [code for code in rows if _previous_count(report, form, code, column)]
        if not rows:
            raise FaultError(f"{name}: there was nothing last month that could fall; take another report")
        row_code = rng.choice(rows)
        decrease = count(report, form, row_code, column) - _previous_count(report, form, row_code, column) + 1
        yield from _add_and_recalculate(
            report, form, {(row_code, column): -decrease, **({(row_code, into): decrease} if into else {})}
        )


register_all("fell", _register_fall)


@fault(
    "Số bản án hành chính kỳ trước chuyển sang lớn hơn số năm trước chuyển lại",
    "More administrative judgments were brought forward than last year left",
    meant=["continuity.judgments"],
    entails=["rollup.offices", "cumulative.*"],
    forms=["12"],
    months=[1],
    related_reports=[RelatedReport.YEAR_END],
)
def _judgments_appeared(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
    yield from _add_and_recalculate(report, "12", {("all", "brought_forward"): rng.randint(1, 4)})


# --- when it came


@fault("Báo cáo nộp sau hạn", "The report came after its deadline", meant=["timeliness.late"], is_whole=True)
def _late(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
    report.received_at = datetime.combine(working_day_after(_due(report), rng.randint(1, 6)), time(9, 15))
    yield from ()


@fault("Báo cáo nộp đúng ngày cuối hạn", "The report came on the last day", is_whole=True)
def _on_the_last_day(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
    report.received_at = datetime.combine(_due(report), time(16, 45))
    yield from ()


@fault(
    "Báo cáo nộp đúng hạn sau kỳ nghỉ Tết",
    "The report came in time, after Tết",
    months=[4],
    is_whole=True,
)
def _in_time_after_tet(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
    report.received_at = datetime.combine(_due(report), time(10, 30))
    yield from ()


def _due(report: SimulatedReport) -> date:
    scope = report.slot.scope
    return due_on(report.slot.period.end, str(Scope.OFFICE if scope == Scope.OWN else scope))
