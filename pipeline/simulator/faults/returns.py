"""Reports that are not what they say, and files that are no workbooks."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from random import Random

from pipeline.forms.declaration import forms
from pipeline.forms.template import header_address
from pipeline.simulator import damage
from pipeline.simulator.faults.kind import TOTAL, CellChange, FaultError, RelatedReport, count, fault, replace_figures
from pipeline.simulator.report import SimulatedReport
from pipeline.vocabulary import Scope

OTHER_UNIT_NAMES = ("Chi cục THADS huyện Tân Hiệp", "Chi cục THADS huyện An Biên")
LONG_CSV = "unit,period_start,period_end,form,row,column,value"


@fault(
    "Không ghi kỳ báo cáo",
    "The period is left out",
    meant=["header.period"],
    is_whole=True,
)
def _period_missing(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
    report.header = replace(report.header, period_start=None, period_end=None)
    yield from ()


@fault(
    "Đơn vị không có trong danh mục",
    "A unit that the registry does not know",
    meant=["header.unit"],
    is_whole=True,
)
def _unknown_unit(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
    report.header = replace(report.header, unit_name="Chi cục THADS huyện Không Có", unit_key="khong-co.o-dau")
    yield from ()


@fault(
    "Hai biểu trong một tệp ghi hai đơn vị",
    "Two sheets of one workbook name different units",
    meant=["header.agreement"],
    forms=["01", "02"],
    is_whole=True,
)
def _sheets_disagree(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
    address = header_address(report.forms["02"], "unit", report.origin)
    other = next(name for name in OTHER_UNIT_NAMES if name != report.header.unit_name)
    report.damage.append(damage.retype(_sheet(report, "02"), address, other))
    yield from ()


@fault(
    "Mẫu biểu của thông tư cũ",
    "The form of an older circular",
    meant=["header.regime"],
    entails=["reading.missing_column", "reading.extra_line", "balance.*", "cross.*"],
    forms=["01"],
    is_whole=True,
)
def _form_of_old_circular(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
    form = report.forms["01"]
    old_form = forms().in_force(form.regime.valid_from - timedelta(days=1))["01"]
    if old_form.regime == form.regime:
        raise FaultError("form_of_old_circular: no circular is older than the one in force; take a later period")
    true = {
        (row, column): report.figure("01", row, column)
        for row in form.row
        for column in form.column
        if column not in old_form.column
    }
    report.figures["01"] = [
        [report.figure("01", row, column) if column in form.column else 0 for column in old_form.column]
        for row in form.row
    ]
    report.forms["01"] = old_form
    yield from (("01", row, column, figure, None) for (row, column), figure in true.items())


@fault(
    "Bảng số liệu CSV ghi mã biểu không có",
    "A table of figures (CSV) names a form that there is not",
    meant=["reading.unknown_form", "header.form"],
    suffix=".csv",
    is_whole=True,
)
def _unknown_form(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
    report.companion_files = {".csv": "\n".join([LONG_CSV, _line(report, rng, form="47"), ""])}
    yield from ()


def _line(report: SimulatedReport, rng: Random, form: str = "01") -> str:
    """Return a line of a CSV about a figure that the unit may report beside its workbook."""
    period = report.slot.period
    return f"{report.slot.unit},{period.start},{period.end},{form},{TOTAL},due,{rng.randint(1, 90)}"


@fault(
    "Một dòng của bảng CSV bị cắt ngắn",
    "A line of a table (CSV) is cut short",
    meant=["reading.line"],
    entails=["reading.blank_*", "balance.*", "header.scope"],
    suffix=".csv",
    is_whole=True,
)
def _line_cut_short(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
    line = _line(report, rng)
    report.companion_files = {".csv": "\n".join([LONG_CSV, line, line.rpartition(",")[0], ""])}
    yield from ()


@fault(
    "Hai dòng giống hệt nhau trong bảng CSV",
    "Two equal lines in a table (CSV)",
    meant=["reading.repeated_line"],
    suffix=".csv",
    is_whole=True,
)
def _line_repeated(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
    line = _line(report, rng)
    report.companion_files = {".csv": "\n".join([LONG_CSV, line, line, ""])}
    yield from ()


@fault(
    "Bảng CSV có một cột không được đọc",
    "A table (CSV) has a column that is not read",
    meant=["reading.unread_column"],
    suffix=".csv",
    is_whole=True,
)
def _column_unread(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
    report.companion_files = {".csv": "\n".join([f"{LONG_CSV},ghi_chu", f"{_line(report, rng)},7", ""])}
    yield from ()


@fault(
    "Cùng một tệp gửi hai lần",
    "The same file was sent twice",
    is_whole=True,
)
def _sent_twice(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
    report.damage.append(damage.leave_copy(" (1)"))
    yield from ()


@fault(
    "Báo cáo lần 2 gửi sau báo cáo lần 3",
    "Report number 2 comes after number 3",
    meant=["header.revision_order"],
    suffix=" (lan 2).xlsx",
    is_whole=True,
)
def _lower_number_later(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
    report.header = replace(report.header, revision=3, reason="Đính chính sau khi rà soát")
    numbers = [
        damage.retype(_sheet(report, code), header_address(form, "revision", report.origin), "2")
        for code, form in report.forms.items()
    ]
    report.damage.append(damage.copy_and_change(" (lan 2)", numbers))
    yield from ()


def _sheet(report: SimulatedReport, form: str) -> int:
    return list(report.forms).index(form) + 1


@fault(
    "Báo cáo bằng lời in một số khác với biểu mẫu",
    "A report in words prints another figure than the forms",
    meant=["text.agrees_with_forms"],
    forms=["01"],
    scopes=[Scope.PROVINCE],
    suffix=".txt",
    is_whole=True,
)
def _text_contradicts(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
    completed = count(report, "01", TOTAL, "completed")
    report.companion_files = {".txt": _report_text(report, completed + rng.randint(1, 90))}
    yield from ()


@fault(
    "Báo cáo bằng lời in đúng số của biểu mẫu",
    "A report in words prints what the forms say",
    forms=["01"],
    scopes=[Scope.PROVINCE],
    suffix=".txt",
    is_whole=True,
)
def _text_agrees(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
    report.companion_files = {".txt": _report_text(report, count(report, "01", TOTAL, "completed"))}
    yield from ()


def _report_text(report: SimulatedReport, completed: int) -> str:
    def spell(figure: int) -> str:
        return f"{figure:,}".replace(",", ".")

    received, due = (spell(count(report, "01", TOTAL, name)) for name in ("newly_accepted", "due"))
    return (
        f"{forms().header['simulated']['vi']}\n"
        f"{report.slot.period.label_vi}, {report.header.unit_name} báo cáo kết quả công tác.\n"
        f"Thụ lý mới {received} việc. Tổng số phải thi hành là {due} việc. Thi hành xong {spell(completed)} việc.\n"
    )


@fault(
    "Số liệu giống hệt tháng trước",
    "The figures are last month's",
    meant=["duplicate.month"],
    entails=["rollup.offices", "change.*", "cumulative.*"],
    related_reports=[RelatedReport.PREVIOUS],
    cause="last_month_copied",
    is_whole=True,
)
def _same_as_last_month(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
    for form, figures in report.previous().items():
        yield from replace_figures(report, form, figures)


@fault(
    "Tệp văn bản đổi tên thành .xlsx",
    "A text file renamed to .xlsx",
    is_unreadable=True,
)
def _unreadable_text_renamed(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
    report.damage.append(damage.replace_with_text)
    yield from ()


@fault(
    "Tệp bị cắt cụt",
    "A file cut off on its way",
    is_unreadable=True,
)
def _truncated_zip(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
    report.damage.append(damage.truncate)
    yield from ()
