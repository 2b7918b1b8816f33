"""Figures that do not add up with the others of their sheet."""

from collections.abc import Iterator
from decimal import Decimal
from random import Random

from pipeline.simulator.faults.kind import (
    NEIGHBOURS,
    TOTAL,
    TOTALS,
    CellChange,
    FaultError,
    add,
    count,
    fault,
    leaf,
    type_over,
)
from pipeline.simulator.report import SimulatedReport
from pipeline.vocabulary import Scope


@fault(
    "Số chuyển kỳ sau bị gõ đè",
    "Carried over was typed over its formula",
    meant=["balance.carried_over"],
    entails=TOTALS,
    forms=["01"],
    cause="total_typed_over",
)
def _balance_broken(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
    true = count(report, "01", TOTAL, "carried_over")
    yield type_over(report, "01", TOTAL, "carried_over", true - rng.randint(1, max(2, true // 40)))


@fault(
    "Số phải thi hành in bằng tổng số giải quyết",
    "The accepted total was printed as due",
    meant=["balance.due", "balance.due_parts", "balance.carried_over"],
    entails=[*TOTALS, "ratio.*"],
    forms=["01"],
    from_months=3,
    cause="term_left_out",
)
def _due_is_accepted(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
    accepted = count(report, "01", TOTAL, "accepted_total")
    if accepted == report.figure("01", TOTAL, "due"):
        raise FaultError("due_is_accepted: nothing was delegated or revoked in this report; take a later period")
    yield type_over(report, "01", TOTAL, "due", accepted)


@fault(
    "Dòng tổng số không bằng các dòng thành phần",
    "A total row is not the sum of its rows",
    meant=["rollup.rows"],
    entails=TOTALS,
    forms=["01"],
    cause="total_typed_over",
)
def _total_row_off(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
    yield add(report, "01", "total.ex_officio", "separate_book", rng.randint(1, 30))


@fault(
    "Chủ động cộng theo yêu cầu không bằng tổng của loại việc",
    "Ex officio and on request do not make up the kind of judgment",
    meant=["rollup.initiative"],
    entails=TOTALS,
    forms=["01"],
    cause="total_typed_over",
)
def _initiative_off(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
    yield add(report, "01", "civil.total", "judgments_received", rng.randint(1, 30))


@fault(
    "Hai chữ số bị đảo",
    "Two digits of a figure changed places",
    meant=["balance.accepted_total"],
    entails=NEIGHBOURS,
    forms=["01"],
    cause="digits_swapped",
)
def _digits_swapped(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
    def can_swap(figure: int) -> bool:
        return figure >= 10 and len(set(str(figure))) > 1

    row, column = leaf(report, "01", ("opening", "newly_accepted"), rng, can_swap)
    digits = list(str(report.figure("01", row, column)))
    position = next(n for n in range(len(digits) - 1) if digits[n] != digits[n + 1])
    digits[position], digits[position + 1] = digits[position + 1], digits[position]
    yield type_over(report, "01", row, column, int("".join(digits)))


@fault(
    "Số đình chỉ lớn hơn số thi hành xong",
    "More cases were terminated than completed",
    meant=["order.terminated"],
    entails=TOTALS,
    forms=["01"],
    cause="digit_wrong",
)
def _order_broken(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
    row, _ = leaf(report, "01", ("completed",), rng)
    yield type_over(report, "01", row, "terminated", count(report, "01", row, "completed") + rng.randint(1, 9))


@fault(
    "Số người được tiếp ít hơn số lượt",
    "Fewer people than visits",
    meant=["order.people"],
    entails=["order.leaders", "rollup.offices", "change.*", "cumulative.*"],
    forms=["09"],
    from_months=3,
    cause="digit_wrong",
)
def _people_below_visits(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
    visits = count(report, "09", "total", "visits")
    if not visits:
        raise FaultError("people_below_visits: nobody was received in this report; take a later period")
    yield type_over(report, "09", "total", "people", visits - 1)


@fault(
    "Số do lãnh đạo tiếp lớn hơn tổng số tiếp",
    "Leaders received more than everybody together",
    meant=["order.leaders"],
    entails=["rollup.offices", "change.*", "cumulative.*"],
    forms=["09"],
)
def _leaders_above_all(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
    excess = rng.randint(1, 5)
    for column in ("visits", "people"):
        yield type_over(report, "09", "leaders", column, count(report, "09", "total", column) + excess)


@fault(
    "Tỷ lệ thi hành xong không tính ra được từ số liệu",
    "The printed completion rate cannot come from the printed figures",
    meant=["ratio.completion_rate"],
    forms=["01"],
    cause="total_typed_over",
)
def _ratio_impossible(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
    rate = report.figure("01", TOTAL, "completion_rate")
    if not isinstance(rate, Decimal):
        raise FaultError("ratio_impossible: the report prints no completion rate")
    # Below rather than above: a rate over 100 % would be another fault.
    yield type_over(report, "01", TOTAL, "completion_rate", rate - Decimal(rng.randint(150, 900)) / 100)


@fault(
    "Số toàn tỉnh khác tổng của cơ quan tỉnh và các chi cục",
    "The province differs from its own caseload and its offices together",
    meant=["rollup.offices"],
    entails=["change.*", "cumulative.*", "cross.*"],
    forms=["01"],
    scopes=[Scope.PROVINCE],
    needs_offices=True,
)
def _province_total_off(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
    excess = rng.randint(3, 60)
    # Every total moves along, so that the report agrees with itself.
    for row in ("civil.on_request", "civil.total", "total.on_request", TOTAL):
        yield add(report, "01", row, "judgments_received", excess)


@fault(
    "Số toàn quốc khác tổng của các tỉnh",
    "The nation differs from its provinces together",
    meant=["rollup.provinces"],
    entails=["change.*", "cumulative.*", "cross.*"],
    forms=["09"],
    scopes=[Scope.NATION],
)
def _nation_total_off(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
    yield add(report, "09", "total", "people", rng.randint(3, 60))


# --- sums of forms 01 and 02


@fault(
    "Số có điều kiện bỏ sót một thành phần",
    "Eligible leaves out one of its parts",
    meant=["balance.eligible_parts", "balance.due_parts", "balance.eligible_carried_over"],
    entails=[*TOTALS, "ratio.*"],
    forms=["01"],
    cause="term_left_out",
)
def _eligible_part_left_out(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
    parts = ("in_progress", "postponed_by_consent", "other_eligible")
    part = rng.choice([name for name in parts if count(report, "01", TOTAL, name)])
    yield add(report, "01", TOTAL, "eligible", -count(report, "01", TOTAL, part))


@fault(
    "Số phải thi hành chưa trừ số ủy thác",
    "Due forgets what was delegated",
    meant=["balance.due", "balance.due_parts", "balance.carried_over"],
    entails=[*TOTALS, "ratio.*"],
    forms=["02"],
    from_months=3,
    cause="term_left_out",
)
def _delegated_left_out(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
    delegated = count(report, "02", TOTAL, "delegated")
    if not delegated:
        raise FaultError("delegated_left_out: nothing was delegated in this report; take a later period")
    yield add(report, "02", TOTAL, "due", delegated)


@fault(
    "Tổng số giải quyết bị gõ đè",
    "The accepted total was typed over its formula",
    meant=["balance.accepted_total", "balance.due"],
    entails=TOTALS,
    forms=["02"],
    cause="total_typed_over",
)
def _accepted_typed_over(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
    yield add(report, "02", TOTAL, "accepted_total", rng.randint(1_000, 900_000))


@fault(
    "Số có điều kiện chuyển kỳ sau bị gõ đè",
    "Eligible carried over was typed over its formula",
    meant=["balance.eligible_carried_over"],
    entails=TOTALS,
    forms=["01"],
    cause="total_typed_over",
)
def _eligible_carried_over_off(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
    yield add(report, "01", TOTAL, "eligible_carried_over", rng.randint(1, 30))


@fault(
    "Số đình chỉ và số giảm lớn hơn số tiền thi hành xong",
    "Terminated and reduced money exceed what was completed",
    meant=["order.reduced"],
    entails=TOTALS,
    forms=["02"],
    cause="digit_wrong",
)
def _reduced_above_completed(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
    row, _ = leaf(report, "02", ("completed",), rng)
    paid = count(report, "02", row, "completed") - count(report, "02", row, "terminated")
    yield type_over(report, "02", row, "reduced", paid + rng.randint(1_000, 90_000))


@fault(
    "Số liệu một cột bị lệch xuống một dòng",
    "The figures of a column slipped down by a row",
    meant=["balance.accepted_total"],
    entails=NEIGHBOURS,
    forms=["01"],
    cause="row_shifted",
    is_whole=True,
)
def _row_shifted(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
    leaves = [row.code for row in report.forms["01"].rows if not row.is_total]
    true = [count(report, "01", row, "newly_accepted") for row in leaves]
    first = rng.randint(0, 3)
    last = first + rng.randint(4, 6)
    # From some line on each figure stands a line too low; the line that was skipped shows nothing.
    for n in range(first, last):
        written = 0 if n == first else true[n - 1]
        if written != true[n]:
            yield type_over(report, "01", leaves[n], "newly_accepted", written)


# --- printed rates


@fault(
    "Tỷ lệ có điều kiện không tính ra được từ số liệu",
    "The printed eligible share cannot come from the printed figures",
    meant=["ratio.eligible_share"],
    forms=["01"],
    cause="total_typed_over",
)
def _share_impossible(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
    share = report.figure("01", TOTAL, "eligible_share")
    if not isinstance(share, Decimal):
        raise FaultError("share_impossible: the report prints no share")
    yield type_over(report, "01", TOTAL, "eligible_share", share - Decimal(rng.randint(150, 900)) / 100)


@fault(
    "Tỷ lệ bị cắt bớt chữ số thay vì làm tròn",
    "A rate was cut off instead of rounded",
    meant=["ratio.truncated"],
    forms=["01", "02"],
)
def _rate_truncated(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
    def cut(form: str, row: str) -> Decimal:
        part, whole = (count(report, form, row, name) for name in ("completed", "eligible"))
        return Decimal(10_000 * part // whole) / 100

    places = [
        (form, row.code)
        for form in ("01", "02")
        for row in report.forms[form].rows
        if isinstance(rate := report.figure(form, row.code, "completion_rate"), Decimal) and rate != cut(form, row.code)
    ]
    if not places:
        raise FaultError("rate_truncated: every rate of this report ends below half a unit; take another report")
    form, row = rng.choice(places)
    yield type_over(report, form, row, "completion_rate", cut(form, row))
