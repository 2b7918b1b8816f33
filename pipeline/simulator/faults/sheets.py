"""Figures that are no figures, and sheets that are not the template."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from random import Random

from pipeline.forms.template import row_head
from pipeline.simulator import damage
from pipeline.simulator.faults.kind import (
    NEIGHBOURS,
    PARTS,
    TOTAL,
    CellChange,
    count,
    fault,
    leaf,
    replace_figures,
    type_over,
)
from pipeline.simulator.report import SimulatedReport


@fault(
    "Số đếm âm",
    "A negative count",
    meant=["integer.whole"],
    entails=NEIGHBOURS,
    forms=["01"],
    cause="sign",
)
def _negative_count(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
    row, column = leaf(report, "01", PARTS, rng)
    yield type_over(report, "01", row, column, -count(report, "01", row, column))


@fault(
    "Số đếm lẻ",
    "A count that is not whole",
    meant=["integer.whole"],
    entails=NEIGHBOURS,
    forms=["01"],
    cause="digit_wrong",
)
def _fraction_count(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
    row, column = leaf(report, "01", PARTS, rng)
    yield type_over(report, "01", row, column, count(report, "01", row, column) + Decimal("0.5"))


@fault(
    "Chữ O thay cho số 0",
    "The letter O in place of a zero",
    meant=["reading.number"],
    entails=NEIGHBOURS,
    forms=["02"],
)
def _text_in_number(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
    row, column = leaf(report, "02", PARTS, rng, lambda figure: "0" in str(figure)[1:])
    true = str(report.figure("02", row, column))
    yield type_over(report, "02", row, column, true[0] + true[1:].replace("0", "O", 1))


@fault(
    "Ô báo lỗi #REF!",
    "A cell shows #REF!",
    meant=["reading.excel_error"],
    entails=NEIGHBOURS,
    forms=["01"],
)
def _excel_error(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
    row, column = leaf(report, "01", PARTS, rng)
    yield type_over(report, "01", row, column, "#REF!")


@fault(
    "Ô công thức không có kết quả",
    "A formula without a computed value",
    meant=["reading.formula_without_value"],
    entails=NEIGHBOURS,
    forms=["01"],
    cause="not_recalculated",
)
def _formula_without_value(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
    true, address = report.figure("01", TOTAL, "due"), report.address("01", TOTAL, "due")
    assert address is not None
    report.damage.append(damage.forget_value(list(report.forms).index("01") + 1, address))
    yield "01", TOTAL, "due", true, None


@fault(
    "Ô tổng bị xóa, để trống",
    "A total was deleted and left blank",
    meant=["reading.blank_total"],
    entails=NEIGHBOURS,
    forms=["01"],
    cause="cell_blank",
)
def _total_blank(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
    column = rng.choice(["newly_accepted", "due", "eligible", "completed", "carried_over"])
    yield type_over(report, "01", TOTAL, column, None)


@fault(
    "Ô thành phần bị xóa, để trống",
    "A row's figure was deleted and left blank",
    meant=["reading.blank_part"],
    entails=NEIGHBOURS,
    forms=["01"],
    cause="cell_blank",
)
def _part_blank(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
    row, column = leaf(report, "01", PARTS, rng)
    yield type_over(report, "01", row, column, None)


@fault(
    "Số liệu của hai cột bị đổi chỗ",
    "The figures of two columns changed places",
    meant=["balance.carried_over", "balance.eligible_carried_over"],
    entails=[*NEIGHBOURS, "money_per_case.*"],
    forms=["01"],
    cause="columns_swapped",
    is_whole=True,
)
def _columns_swapped(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
    for row in report.forms["01"].row:
        completed, standing = (report.figure("01", row, column) for column in ("completed", "in_progress"))
        if completed != standing:
            yield type_over(report, "01", row, "completed", standing)
            yield type_over(report, "01", row, "in_progress", completed)


@fault(
    "Thiếu một dòng",
    "A row is missing",
    meant=["reading.missing_row"],
    entails=["rollup.*", "cross.*"],
    forms=["01"],
    is_whole=True,
)
def _row_missing(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
    form = report.forms["01"]
    row = rng.choice([row.code for row in form.rows if not row.is_total])
    index = list(form.row).index(row)
    lost_cells = list(zip(form.column, report.figures["01"].pop(index), strict=True))
    report.forms["01"] = replace(form, rows=tuple(r for r in form.rows if r.code != row))
    yield from (("01", row, column, true, None) for column, true in lost_cells)


@fault(
    "Thiếu một cột",
    "A column is missing",
    meant=["reading.missing_column"],
    entails=["balance.*", "rollup.*", "cross.*"],
    forms=["01"],
    is_whole=True,
)
def _column_missing(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
    form = report.forms["01"]
    index = list(form.column).index("suspended")
    lost_cells = [(row, line.pop(index)) for row, line in zip(form.row, report.figures["01"], strict=True)]
    report.forms["01"] = replace(form, columns=tuple(c for c in form.columns if c.code != "suspended"))
    yield from (("01", row, "suspended", true, None) for row, true in lost_cells)


@fault(
    "Trang tính ẩn chứa số liệu",
    "A hidden sheet with figures",
    meant=["reading.hidden_sheet"],
    entails=["reading.unknown_sheet", "reading.duplicate_sheet"],
    forms=["01"],
    is_whole=True,
)
def _hidden_sheet(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
    name = "Nháp"
    draft = [[figure + 1 if isinstance(figure, int) else figure for figure in line] for line in report.figures["01"]]
    report.extra_sheets = {name: (replace(report.forms["01"], code=name), draft)}
    report.damage.append(damage.hide_sheet(name))
    yield from ()


@fault(
    "Một biểu có hai trang tính",
    "A form has two sheets",
    meant=["reading.duplicate_sheet"],
    forms=["01"],
    is_whole=True,
)
def _form_twice(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
    name = "01 (2)"
    report.extra_sheets = {name: (replace(report.forms["01"], code=name), report.figures["01"])}
    yield from ()


@fault(
    "Trang tính có số liệu nhưng không phải biểu mẫu",
    "A sheet with figures that is none of the forms",
    meant=["reading.unknown_sheet"],
    forms=["09"],
    is_whole=True,
)
def _private_sheet(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
    form, name = report.forms["09"], "Theo dõi riêng"
    rows = tuple(replace(row, code=f"tdr_{n}", vi=f"Hồ sơ {n}", en=f"File {n}") for n, row in enumerate(form.rows))
    columns = tuple(
        replace(column, code=f"gc_{n}", vi=f"Ghi chú {n}", en=f"Note {n}") for n, column in enumerate(form.columns)
    )
    private_form = replace(
        form, code=name, number="Sổ tay", vi=name, en="Kept by hand", rows=rows, columns=columns, rollups=()
    )
    report.extra_sheets = {name: (private_form, [[rng.randint(1, 99) for _ in columns] for _ in rows])}
    yield from ()


@fault(
    "Biểu bỏ trống hoàn toàn",
    "A form is left blank",
    meant=["reading.empty_form"],
    forms=["08"],
    is_whole=True,
    is_of_sheet=True,
)
def _blank_form(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
    form = report.forms["08"]
    yield from replace_figures(report, "08", [[None] * len(form.columns)] * len(form.rows))


@fault(
    "Thêm một dòng không có trong mẫu",
    "A row that the form has not",
    meant=["reading.extra_line"],
    forms=["09"],
    is_whole=True,
)
def _row_added(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
    form = report.forms["09"]
    extra_row = replace(
        form.rows[-1], code="others", vi="Trong đó cán bộ khác tiếp", en="Of these, by other staff", attributes={}
    )
    report.forms["09"] = replace(form, rows=(*form.rows, extra_row))
    report.figures["09"].append([rng.randint(1, 9) for _ in form.columns])
    yield from ()


@fault(
    "Một dòng đứng hai lần",
    "A row stands twice",
    meant=["reading.missing_row"],
    entails=["rollup.*", "cumulative.*"],
    forms=["08"],
    is_whole=True,
    is_of_sheet=True,
)
def _row_twice(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
    form, sheet = report.forms["08"], list(report.forms).index("08") + 1
    rows = [row for row in form.rows if not row.is_total]
    # The upper one takes the name of the lower: whoever reads on sees the lower one's own figures last.
    upper, lower = (rows[n] for n in sorted(rng.sample(range(len(rows)), 2)))
    for address, text in zip(row_head(form, upper.code, report.origin), (lower.vi, lower.code), strict=True):
        report.damage.append(damage.retype(sheet, address, text))
    yield from (("08", upper.code, column, report.figure("08", upper.code, column), None) for column in form.column)


@fault(
    "Tên dòng không khớp với mã dòng",
    "The label of a row contradicts its code",
    meant=["reading.labels"],
    forms=["01"],
    is_whole=True,
)
def _label_wrong(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
    form = report.forms["01"]
    row, other = rng.sample([row for row in form.rows if row.code.endswith(".total") and row.code != TOTAL], 2)
    label, _ = row_head(form, row.code, report.origin)
    report.damage.append(damage.retype(list(report.forms).index("01") + 1, label, other.vi))
    yield from ()


@fault(
    "Số không ghi bằng dấu gạch ngang",
    "Zeros are written as dashes",
    forms=["10"],
)
def _dashes(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
    for row in report.forms["10"].rows:
        for column in report.forms["10"].column:
            if not row.is_total and report.figure("10", row.code, column) == 0:
                yield type_over(report, "10", row.code, column, "-")


@fault(
    "Số ghi dưới dạng chữ với dấu chấm phân nhóm",
    "Figures are typed as text with points between thousands",
    forms=["02"],
)
def _figures_as_text(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
    for column in ("opening", "newly_accepted"):
        figure = count(report, "02", "civil.on_request", column)
        yield type_over(report, "02", "civil.on_request", column, f"{figure:,}".replace(",", "."))


@fault(
    "Bảng nằm lệch trong trang tính",
    "The table stands elsewhere on the sheet",
    is_whole=True,
)
def _shifted_table(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
    report.origin = (rng.randint(1, 4), rng.randint(1, 3))
    yield from ()


@fault(
    "Các cột đứng theo thứ tự khác",
    "The columns stand in another order",
    forms=["01"],
    is_whole=True,
)
def _reordered_columns(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
    form = report.forms["01"]
    order = list(range(len(form.columns)))
    rng.shuffle(order)
    report.forms["01"] = replace(form, columns=tuple(form.columns[n] for n in order))
    report.figures["01"] = [[line[n] for n in order] for line in report.figures["01"]]
    yield from ()
