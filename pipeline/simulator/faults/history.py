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
    Beside,
    FaultError,
    Place,
    Touched,
    count,
    fault,
    leaf,
    register_all,
    replace_figures,
    type_over,
)
from pipeline.simulator.report import Report
from pipeline.vocabulary import Scope

FLOWS = ("judgments_received", "newly_accepted", "delegated", "revoked", "completed", "terminated")
#: A figure moved within form 01 moves it away from form 04, from the province, and from other periods.
MOVED = ("cross.*", "rollup.offices", "change.*", "cumulative.*", "continuity.*", "money_per_case.*")


def _before(report: Report, form: str, row: str, column: str) -> int:
    """Return the figure of the month before."""
    declared = report.forms[form]
    figure = report.previous()[form][list(declared.row).index(row)][list(declared.column).index(column)]
    return figure if isinstance(figure, int) else 0


def _leaf_before(report: Report, form: str, column: str, rng: Random, is_wanted: Callable[[int, int], bool]) -> Place:
    """Choose an input cell by its figure of the month before and its own."""
    places = [
        (row.code, column)
        for row in report.forms[form].rows
        if not row.is_total
        and is_wanted(_before(report, form, row.code, column), count(report, form, row.code, column))
    ]
    if not places:
        raise FaultError(f"no cell of {column}, form {form}, moved enough since last month; take another report")
    return rng.choice(places)


def _moved(report: Report, form: str, more: dict[tuple[str, str], int]) -> Iterator[Touched]:
    """Add to input cells and let the formulas of the template carry it into their totals."""
    declared = report.forms[form]
    rows, columns = list(declared.row), list(declared.column)
    after: list[list[Figure]] = [list(line) for line in report.figures[form]]
    for (row, column), by in more.items():
        after[rows.index(row)][columns.index(column)] = count(report, form, row, column) + by
    yield from replace_figures(report, form, recalculate(declared, after))


def _leapt(report: Report, column: str, share: Fraction, part: str) -> Iterator[Touched]:
    """Accept a share of a column more in every line of form 01, all of it in one part of what is due."""
    more: dict[tuple[str, str], int] = {}
    for row in report.forms["01"].rows:
        if not row.is_total and (by := int(count(report, "01", row.code, column) * share)):
            more |= {(row.code, "newly_accepted"): by, (row.code, part): by}
    yield from _moved(report, "01", more)


@fault(
    "Các cột lũy kế chỉ ghi số phát sinh trong tháng",
    "Cumulative columns show this month alone",
    meant=["cumulative.flows", "balance.due_parts"],
    entails=[*MOVED, "duplicate.*"],
    forms=["01"],
    from_months=3,
    beside=[Beside.PREVIOUS],
    cause="month_not_cumulative",
    is_whole=True,
)
def _month_not_cumulative(report: Report, rng: Random) -> Iterator[Touched]:
    leaves = [row.code for row in report.forms["01"].rows if not row.is_total]
    yield from _moved(
        report, "01", {(row, flow): -_before(report, "01", row, flow) for row in leaves for flow in FLOWS}
    )


@fault(
    "Một ô lũy kế chỉ ghi số phát sinh trong tháng",
    "One cumulative cell shows this month alone",
    meant=["balance.accepted_total", "cumulative.flows"],
    entails=NEIGHBOURS,
    forms=["01"],
    from_months=6,
    beside=[Beside.PREVIOUS],
    cause="month_not_cumulative",
)
def _month_in_one_cell(report: Report, rng: Random) -> Iterator[Touched]:
    row, column = _leaf_before(report, "01", "newly_accepted", rng, lambda then, now: now - then < then)
    yield type_over(report, "01", row, column, count(report, "01", row, column) - _before(report, "01", row, column))


@fault(
    "Một ô chép lại số của tháng trước",
    "One cell shows last month's figure",
    meant=["balance.accepted_total"],
    entails=NEIGHBOURS,
    forms=["01"],
    from_months=2,
    beside=[Beside.PREVIOUS],
    cause="last_month_copied",
)
def _last_month_in_one_cell(report: Report, rng: Random) -> Iterator[Touched]:
    row, column = _leaf_before(report, "01", "newly_accepted", rng, lambda then, now: 0 < then < now)
    yield type_over(report, "01", row, column, _before(report, "01", row, column))


@fault(
    "Thụ lý mới giảm so với tháng trước, phần giảm ghi vào năm trước chuyển sang",
    "Newly accepted fell below last month; what is lacking stands in the opening",
    meant=["cumulative.flows", "cumulative.opening"],
    entails=MOVED,
    forms=["01"],
    from_months=3,
    beside=[Beside.PREVIOUS],
)
def _flow_fell(report: Report, rng: Random) -> Iterator[Touched]:
    row, column = _leaf_before(report, "01", "newly_accepted", rng, lambda then, now: then >= 3)
    less = count(report, "01", row, column) - _before(report, "01", row, column) + rng.randint(1, 3)
    yield from _moved(report, "01", {(row, column): -less, (row, "opening"): less})


@fault(
    "Năm trước chuyển sang tăng trong năm",
    "The opening rose within the year",
    meant=["cumulative.opening"],
    entails=MOVED,
    forms=["01"],
    from_months=3,
    beside=[Beside.PREVIOUS],
)
def _opening_rose(report: Report, rng: Random) -> Iterator[Touched]:
    def room(row: str) -> int:
        came = count(report, "01", row, "newly_accepted") - _before(report, "01", row, "newly_accepted")
        left = _before(report, "01", row, "opening") - count(report, "01", row, "opening")
        return came if came > left else 0

    rows = [row.code for row in report.forms["01"].rows if not row.is_total and room(row.code)]
    if not rows:
        raise FaultError("opening_rose: nothing was accepted this month; take another report")
    row = rng.choice(rows)
    yield from _moved(report, "01", {(row, "newly_accepted"): -room(row), (row, "opening"): room(row)})


@fault(
    "Năm trước chuyển sang lớn hơn số chuyển kỳ sau của năm trước",
    "More was brought forward than last year carried over",
    meant=["continuity.opening"],
    entails=MOVED,
    forms=["01"],
    months=[1],
    beside=[Beside.YEAR_END],
)
def _opening_above_carried_over(report: Report, rng: Random) -> Iterator[Touched]:
    row, _ = leaf(report, "01", ("opening",), rng, lambda figure: figure >= 20)
    more = count(report, "01", row, "opening") // 5 + rng.randint(3, 9)
    yield from _moved(report, "01", {(row, "opening"): more, (row, "in_progress"): more, (row, "not_eligible"): 0})


@fault(
    "Án đã chuyển sổ nhưng không ghi vào sổ theo dõi riêng",
    "Cases that left the opening were not entered in the separate book",
    meant=["continuity.separate_book"],
    entails=MOVED,
    forms=["01"],
    months=[1],
    beside=[Beside.YEAR_END],
)
def _lost_from_separate_book(report: Report, rng: Random) -> Iterator[Touched]:
    row, _ = leaf(report, "01", ("separate_book",), rng, lambda figure: figure >= 3)
    yield from _moved(
        report, "01", {(row, "separate_book"): -rng.randint(2, count(report, "01", row, "separate_book"))}
    )


@fault(
    "Thụ lý mới tăng vọt so với cùng kỳ năm trước",
    "Newly accepted leapt against the same period last year",
    meant=["change.year_on_year"],
    entails=MOVED,
    forms=["01"],
    from_months=9,
    months=[9, 10, 11, 12],
    beside=[Beside.LAST_YEAR],
    is_whole=True,
)
def _leap_on_last_year(report: Report, rng: Random) -> Iterator[Touched]:
    yield from _leapt(report, "newly_accepted", Fraction(7, 10), "in_progress")


@fault(
    "Tỷ lệ chưa có điều kiện tăng vọt giữa báo cáo 10 tháng và báo cáo năm",
    "The not-eligible share leapt between the 10-month and the 12-month report",
    meant=["change.annual_jump"],
    entails=MOVED,
    forms=["01"],
    months=[12],
    beside=[Beside.TENTH_MONTH],
    is_whole=True,
)
def _not_eligible_leap(report: Report, rng: Random) -> Iterator[Touched]:
    yield from _leapt(report, "due", Fraction(2, 5), "not_eligible")


@fault(
    "Kết quả thi hành xong tăng vọt giữa báo cáo 10 tháng và báo cáo năm",
    "Results leapt between the 10-month and the 12-month report",
    meant=["change.annual_jump"],
    entails=MOVED,
    forms=["01"],
    months=[12],
    beside=[Beside.TENTH_MONTH],
    is_whole=True,
)
def _results_leap(report: Report, rng: Random) -> Iterator[Touched]:
    more: dict[tuple[str, str], int] = {}
    for row in report.forms["01"].rows:
        if row.is_total:
            continue
        for column in ("in_progress", "other_eligible", "postponed_by_consent"):
            by = count(report, "01", row.code, column)
            more[row.code, column] = -by
            more[row.code, "completed"] = more.get((row.code, "completed"), 0) + by
    yield from _moved(report, "01", more)


@fault(
    "Biểu 02 chép nguyên từ tháng trước",
    "Form 02 is last month's",
    meant=["duplicate.month"],
    entails=[*MOVED, "ratio.*"],
    forms=["02"],
    beside=[Beside.PREVIOUS],
    cause="last_month_copied",
    is_whole=True,
)
def _money_of_last_month(report: Report, rng: Random) -> Iterator[Touched]:
    yield from replace_figures(report, "02", report.previous()["02"])


def _fell(
    name: str,
    form: str,
    column: str,
    *,
    row: str = "",
    into: str = "",
    rare: bool = False,
    entails: Sequence[str] = ("rollup.offices", "cross.*", "cumulative.*"),
    **told: Any,
) -> None:
    """Register a figure of another form that falls below last month's; its formulas follow."""

    @fault(
        name=name,
        entails=entails,
        forms=[form],
        # What happens seldom is looked for where many offices are added up.
        scopes=[Scope.PROVINCE] if rare else [Scope.OFFICE, Scope.OWN],
        months=[6, 7, 8, 9, 10, 11, 12],
        beside=[Beside.PREVIOUS],
        **told,
    )
    def act(report: Report, rng: Random) -> Iterator[Touched]:
        rows = [one.code for one in report.forms[form].rows if row in ("", one.code)]
        rows = [one for one in rows if row or not report.forms[form].row[one].is_total]
        rows = [one for one in rows if _before(report, form, one, column)]
        if not rows:
            raise FaultError(f"{name}: there was nothing last month that could fall; take another report")
        chosen = rng.choice(rows)
        less = count(report, form, chosen, column) - _before(report, form, chosen, column) + 1
        yield from _moved(report, form, {(chosen, column): -less, **({(chosen, into): less} if into else {})})


register_all("fell", _fell)


@fault(
    "Số bản án hành chính kỳ trước chuyển sang lớn hơn số năm trước chuyển lại",
    "More administrative judgments were brought forward than last year left",
    meant=["continuity.judgments"],
    entails=["rollup.offices", "cumulative.*"],
    forms=["12"],
    months=[1],
    beside=[Beside.YEAR_END],
)
def _judgments_appeared(report: Report, rng: Random) -> Iterator[Touched]:
    yield from _moved(report, "12", {("all", "brought_forward"): rng.randint(1, 4)})


# --- when it came


@fault("Báo cáo nộp sau hạn", "The report came after its deadline", meant=["timeliness.late"], is_whole=True)
def _late(report: Report, rng: Random) -> Iterator[Touched]:
    report.received_at = datetime.combine(working_day_after(_due(report), rng.randint(1, 6)), time(9, 15))
    yield from ()


@fault("Báo cáo nộp đúng ngày cuối hạn", "The report came on the last day", is_whole=True)
def _on_the_last_day(report: Report, rng: Random) -> Iterator[Touched]:
    report.received_at = datetime.combine(_due(report), time(16, 45))
    yield from ()


@fault(
    "Báo cáo nộp đúng hạn sau kỳ nghỉ Tết",
    "The report came in time, after Tết",
    months=[4],
    is_whole=True,
)
def _in_time_after_tet(report: Report, rng: Random) -> Iterator[Touched]:
    report.received_at = datetime.combine(_due(report), time(10, 30))
    yield from ()


def _due(report: Report) -> date:
    scope = report.slot.scope
    return due_on(report.slot.period.end, str(Scope.OFFICE if scope == Scope.OWN else scope))
