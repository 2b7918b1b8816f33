"""What a spreadsheet program does to a form: totals that were not calculated anew, formats, errors, another month's sheet."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from random import Random

from pipeline.calendar.periods import Period
from pipeline.forms.formulas import Figure, recalculate
from pipeline.forms.template import header_address
from pipeline.simulator import damage
from pipeline.simulator.faults.kind import (
    NEIGHBOURS,
    CellChange,
    FaultError,
    count,
    fault,
    leaf,
    replace_figures,
    type_over,
)
from pipeline.simulator.report import SimulatedReport

RATES = ("eligible_share", "completion_rate")


@fault(
    "Số liệu đầu vào được nhập lại nhưng các ô công thức chưa tính lại",
    "An input was typed anew and the formulas that rest on it kept their old values",
    meant=["reading.stale_formula", "balance.accepted_total"],
    entails=NEIGHBOURS,
    forms=["01"],
    cause="not_recalculated",
    is_whole=True,
)
def _stale_totals(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
    form = report.forms["01"]
    row, column = leaf(report, "01", ("opening", "newly_accepted"), rng, lambda figure: figure >= 3)
    true, address = count(report, "01", row, column), report.address("01", row, column)
    assert address is not None
    # The workbook was calculated on an older figure; then the true one was typed, and it was saved as it stood.
    old_figures: list[list[Figure]] = [list(line) for line in report.figures["01"]]
    old_figures[list(form.row).index(row)][list(form.column).index(column)] = true - rng.randint(1, true // 2 + 1)
    for cell_change in replace_figures(report, "01", recalculate(form, old_figures)):
        if cell_change[1:3] != (row, column):
            yield cell_change
    report.damage.append(damage.retype_figure(list(report.forms).index("01") + 1, address, true))


@fault(
    "Tỷ lệ ghi phân số của 1 thay vì số phần trăm",
    "Rates are fractions of one instead of per cent",
    meant=["ratio.completion_rate", "ratio.eligible_share"],
    entails=["ratio.*"],
    forms=["01"],
    from_months=3,
    cause="rates_as_fractions",
    is_whole=True,
)
def _rates_as_fractions(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
    for row in report.forms["01"].row:
        for column in RATES:
            if isinstance(rate := report.figure("01", row, column), Decimal) and rate:
                yield type_over(report, "01", row, column, rate / 100)


@fault(
    "Ô tỷ lệ báo lỗi #DIV/0!",
    "The rates of a row show #DIV/0!",
    meant=["reading.rate_error"],
    forms=["01"],
    from_months=3,
    cause="cell_blank",
)
def _division_by_zero(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
    rows = [
        row
        for row in report.forms["01"].row
        if all(isinstance(report.figure("01", row, column), Decimal) for column in RATES)
    ]
    if not rows:
        raise FaultError("division_by_zero: the report prints no rate; take a later period")
    row = rng.choice(rows)
    for column in RATES:
        yield type_over(report, "01", row, column, "#DIV/0!")


@fault(
    "Ô tỷ lệ không có mẫu số báo lỗi #DIV/0!",
    "A rate without a base shows #DIV/0!",
    meant=["reading.rate_without_base"],
    forms=["01"],
)
def _rate_without_base(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
    rows = [row for row in report.forms["01"].row if report.figure("01", row, "eligible") == 0]
    if not rows:
        raise FaultError("rate_without_base: every row of the report has eligible cases; take another report")
    yield type_over(report, "01", rng.choice(rows), "completion_rate", "#DIV/0!")


@fault(
    "Ô tỷ lệ định dạng phần trăm của Excel",
    "Rates stand in cells of per-cent format",
    forms=["01"],
    is_whole=True,
)
def _rates_in_per_cent_format(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
    for form, figures in report.figures.items():
        for row, line in zip(report.forms[form].row, figures, strict=True):
            for column, figure in zip(report.forms[form].column, list(line), strict=True):
                if report.forms[form].unit_of(row, column) == "percent" and isinstance(figure, Decimal | int):
                    yield type_over(report, form, row, column, Decimal(figure) / 100)
    report.damage.append(damage.format_rates_in_per_cent)


@fault(
    "Thêm một dòng cộng nhóm không có trong mẫu",
    "A subtotal row more",
    meant=["reading.extra_line"],
    forms=["01"],
    is_whole=True,
)
def _subtotal_row(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
    form = report.forms["01"]
    position = rng.choice([n for n, row in enumerate(form.rows) if row.is_total and n > 3])
    lines = [report.figures["01"][n] for n, row in enumerate(form.rows[:position]) if not row.is_total]
    sums: list[Figure] = [
        None if form.columns[n].ratio else sum(line[n] or 0 for line in lines)  # type: ignore[misc]
        for n in range(len(form.columns))
    ]
    subtotal = replace(form.rows[0], code="cong_nhom", vi="Cộng nhóm án", en="Subtotal", attributes={}, is_total=False)
    report.forms["01"] = replace(form, rows=(*form.rows[:position], subtotal, *form.rows[position:]), rollups=())
    report.figures["01"] = [*report.figures["01"][:position], sums, *report.figures["01"][position:]]
    yield from ()


@fault(
    "Thêm một cột không có trong mẫu",
    "A column more",
    meant=["reading.extra_line"],
    forms=["09"],
    is_whole=True,
)
def _column_added(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
    form = report.forms["09"]
    extra_column = replace(
        form.columns[-1], code="luot_dong_nguoi", vi="Lượt đông người", en="Large groups", labels=("Lượt đông người",)
    )
    report.forms["09"] = replace(form, columns=(*form.columns, extra_column))
    for line in report.figures["09"]:
        line.append(rng.randint(1, 9))
    yield from ()


@fault(
    "Bản trống của một biểu đứng sau trang đã điền",
    "A blank copy of a form stands behind the filled one",
    meant=["reading.blank_copy"],
    forms=["01"],
    is_whole=True,
)
def _blank_copy(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
    name, form = "01 (2)", report.forms["01"]
    report.extra_sheets = {name: (replace(form, code=name), [[None] * len(form.columns)] * len(form.rows))}
    yield from ()


@fault(
    "Trang tính đầu tiên là của tháng trước",
    "The first sheet is last month's",
    meant=["header.agreement"],
    entails=["header.*", *NEIGHBOURS, "duplicate.*", "money_per_case.*", "timeliness.*"],
    forms=["01"],
    from_months=2,
    is_whole=True,
    is_of_sheet=True,
)
def _last_month_first(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
    period = report.slot.period
    if period.months == 1:
        raise FaultError("last_month_first: no month of the year is before the first; take a later period")
    form, figures = next(iter(report.forms)), report.previous()
    end = Period(period.year, period.months - 1).end
    address = header_address(report.forms[form], "period_end", report.origin)
    report.damage.append(damage.retype(1, address, f"{end:%d/%m/%Y}"))
    yield from replace_figures(report, form, figures[form])
