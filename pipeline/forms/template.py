"""The official workbook of a report, one sheet a form, drawn from the declarations.

A blank workbook computes its totals, rates and balances itself; a filled one shows exactly the figures given: where a
figure is what the formula yields the formula stays live, where it is not the number is typed over it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_rowcol_to_cell

from pipeline.calendar.periods import Period
from pipeline.forms.declaration import Form, FormColumn, FormRow, forms
from pipeline.forms.formulas import EXCEL_ERRORS, Figures, Matrix, exact_figure, plan
from pipeline.forms.styles import BOX, GREY, HEAD, PlainWorksheet, TemplateStyles
from pipeline.vocabulary import Scope

NUMBER, LABEL, CODE, FIRST = range(4)  # the columns A, B, C and the first one with figures
HEADER_ROWS = 10  # above the table
DATA = HEADER_ROWS + 3  # below the Vietnamese labels, the English labels and the codes
NARROWEST = 8  # columns that the header needs, however few a form has
UNDATED = date(2020, 1, 5)
#: Line of the header in which a field stands, and whether on the right of the sheet; its value is right of its label.
HEADER_PLACES = {
    "form_number": (1, False),
    "measure_unit": (3, False),
    "revision": (4, False),
    "reason": (5, False),
    "unit": (1, True),
    "unit_code": (2, True),
    "parent": (3, True),
    "scope": (4, True),
    "signer": (5, True),
}
#: The line of the header that names the period, and the columns from its first label to its last day.
PERIOD_ROW, PERIOD_WIDTH = 8, 7


_WORDS = "Ghi “-” nếu không phát sinh, “x” nếu biểu không yêu cầu."
#: What an input cell takes, by whether it holds money or a rate: the number, and what is said of anything else.
FIGURES = {
    False: ("AND({cell}>=0,{cell}=INT({cell}))", f"Nhập số nguyên không âm, không kèm chữ. {_WORDS}"),
    True: ("{cell}>=0", f"Nhập số tiền hoặc tỷ lệ không âm, theo đúng đơn vị tính. {_WORDS}"),
}


@dataclass(frozen=True)
class ReportHeader:
    """Who reports, on which period, in which version.

    ``period_end`` is inclusive; without dates the period is left for the office to fill in.
    """

    unit_name: str
    unit_key: str
    parent_name: str
    scope: Scope
    period_start: date | None
    period_end: date | None
    revision: int = 1
    reason: str = ""
    signer: str = ""

    @property
    def period_text(self) -> str:
        """The period as offices write it, e.g. ``09 tháng năm 2023``."""
        if self.period_start is None or self.period_end is None:
            return ""
        period = Period.ending_in(self.period_end.year, self.period_end.month)
        return f"{period.months:02} tháng năm {period.year}"


def write_workbook(
    path: Path,
    header: ReportHeader,
    forms: Sequence[Form],
    figures: Figures | None = None,
    previous: Figures | None = None,
    *,
    is_simulated: bool = False,
    origin: tuple[int, int] = (0, 0),
) -> None:
    """Write the workbook of one report; the same arguments give the same bytes.

    ``figures`` maps a form's code to its matrix, rows by columns in the order of the declaration, in printed units
    (form 02 in thousand đồng); ``None`` is a blank cell, and a form without a matrix stays a blank template.
    ``previous``, of the same shape, is shown as comments. ``origin`` moves everything down and to the right.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with xlsxwriter.Workbook(str(path), {"in_memory": True}) as workbook:
        workbook.set_properties(
            {
                "title": " - ".join(filter(None, (header.unit_name, header.period_text))),
                "comments": "SIMULATED" if is_simulated else "",
                # The time of writing would make every copy another file.
                "created": datetime.combine(header.period_end or UNDATED, time()),
            }
        )
        styles = TemplateStyles(workbook)
        for form in forms:
            sheet = _FormSheet(workbook.add_worksheet(form.code, PlainWorksheet), form, header, styles, origin)
            sheet.draw((figures or {}).get(form.code), (previous or {}).get(form.code), is_simulated)


def address(form: Form, row: str, column: str, origin: tuple[int, int] = (0, 0)) -> str:
    """Return where the template puts a cell, e.g. ``H14``."""
    rows, columns = list(form.row), list(form.column)
    return xl_rowcol_to_cell(origin[0] + DATA + rows.index(row), origin[1] + FIRST + columns.index(column))


def header_address(form: Form, field: str, origin: tuple[int, int] = (0, 0)) -> str:
    """Return the cell in which the template puts the header's ``field``."""
    first = origin[1] + FIRST
    end = first + max(len(form.columns), NARROWEST) - 1
    if field == "period_end":
        return xl_rowcol_to_cell(origin[0] + PERIOD_ROW, _period_column(first, end) + PERIOD_WIDTH - 1)
    row_offset, is_right = HEADER_PLACES[field]
    return xl_rowcol_to_cell(origin[0] + row_offset, (end - 5 if is_right else origin[1] + LABEL) + 1)


def _period_column(first: int, end: int) -> int:
    """Return the column in which the line of the period begins, centred above the table."""
    return first + (end - first + 1 - PERIOD_WIDTH) // 2


def row_head(form: Form, row: str, origin: tuple[int, int] = (0, 0)) -> tuple[str, str]:
    """Return where the template puts label and code of a row."""
    sheet_row = origin[0] + DATA + list(form.row).index(row)
    return xl_rowcol_to_cell(sheet_row, origin[1] + LABEL), xl_rowcol_to_cell(sheet_row, origin[1] + CODE)


class _FormSheet:
    """One form of one report on its worksheet."""

    def __init__(
        self, sheet: Any, form: Form, header: ReportHeader, styles: TemplateStyles, origin: tuple[int, int]
    ) -> None:
        self.sheet, self.form, self.header, self.styles = sheet, form, header, styles
        self.top, self.left = origin
        self.table = self.top + HEADER_ROWS
        self.data = self.top + DATA
        self.first = self.left + FIRST
        self.end = self.first + max(len(form.columns), NARROWEST) - 1
        self.sheet_rows = {row.code: self.data + n for n, row in enumerate(form.rows)}
        self.plan = plan(form, self.data, self.first)

    def draw(self, matrix: Matrix | None, previous: Matrix | None, is_simulated: bool) -> None:
        """Draw the whole sheet."""
        self._set_up_page()
        self._draw_header(is_simulated)
        self._draw_table_head()
        for row in self.form.rows:
            self.sheet.set_row(self.sheet_rows[row.code], 19)
            self._draw_row_head(row)
        if matrix is None:
            self._draw_blank()
        else:
            self._draw_figures(matrix)
        if previous is not None:
            self._draw_previous(previous)
        self._validate()
        self._draw_signatures()

    def _set_up_page(self) -> None:
        sheet, is_wide = self.sheet, len(self.form.columns) > NARROWEST
        width = (13 if self.form.unit == "thousand_vnd" else 9.5) if is_wide else 14
        sheet.hide_gridlines(2)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
        sheet.center_horizontally()
        sheet.repeat_rows(self.table, self.data - 1)
        sheet.set_footer("&L&8&A&R&8Trang &P/&N")
        sheet.freeze_panes(self.data, self.first)
        sheet.protect("", {"format_columns": True, "format_rows": True})
        sheet.set_column(self.left + NUMBER, self.left + NUMBER, 5)
        sheet.set_column(self.left + LABEL, self.left + LABEL, 30)
        sheet.set_column(self.left + CODE, self.left + CODE, 13)
        sheet.set_column(self.first, self.end, width)

    def _draw_header(self, is_simulated: bool) -> None:
        sheet, styles, header, form = self.sheet, self.styles, self.header, self.form
        fields = forms().header
        top, b = self.top, self.left + LABEL
        value, typed = styles(bold=True), styles(bold=True, locked=False, align="left")
        if is_simulated:
            banner = f"{fields['simulated']['vi']} - {fields['simulated']['en']}"
            red = styles(bold=True, font_color="#FFFFFF", bg_color="#C00000", align="center")
            sheet.merge_range(top, self.left, top, self.end, banner, red)
        sheet.write_string(top + 2, b, f"Ban hành theo Thông tư số {form.regime.name}", styles(italic=True))
        unit = forms().units[form.unit].vi
        entries: list[tuple[str, Any, Format]] = [
            ("form_number", form.number, value),
            ("measure_unit", unit[:1].upper() + unit[1:], value),
            ("revision", header.revision, typed),
            ("reason", header.reason, typed),
            ("unit", header.unit_name, value),
            ("unit_code", header.unit_key, value),
            ("parent", header.parent_name, value),
            ("scope", fields["scope"]["choices"][header.scope.value], value),
            ("signer", header.signer, typed),
        ]
        for name, text, style in entries:
            row_offset, is_right = HEADER_PLACES[name]
            label = styles(align="right", indent=1) if is_right else styles()
            column = self.end - 5 if is_right else b
            sheet.write_string(top + row_offset, column, fields[name]["vi"], label)
            sheet.write(top + row_offset, column + 1, text, style)
        title, subtitle = (
            styles(bold=True, font_size=16, align="center"),
            styles(italic=True, font_size=9, align="center"),
        )
        sheet.set_row(top + 6, 24)
        sheet.merge_range(top + 6, self.left, top + 6, self.end, form.vi.upper(), title)
        sheet.merge_range(top + 7, self.left, top + 7, self.end, form.en, subtitle)
        self._draw_period(top + PERIOD_ROW)

    def _draw_period(self, row: int) -> None:
        sheet, styles, header, fields = self.sheet, self.styles, self.header, forms().header
        column = _period_column(self.first, self.end)
        label = styles(align="right", indent=1)
        day = styles(bold=True, num_format="dd/mm/yyyy", align="left", locked=header.period_end is not None)
        sheet.write_string(row, column, fields["period"]["vi"], label)
        sheet.merge_range(
            row,
            column + 1,
            row,
            column + 2,
            header.period_text,
            styles(bold=True, align="left", locked=header.period_end is not None),
        )
        sheet.write_string(row, column + 3, fields["period_start"]["vi"], label)
        sheet.write(row, column + 4, header.period_start, day)
        sheet.write_string(row, column + 5, fields["period_end"]["vi"], label)
        sheet.write(row, column + 6, header.period_end, day)

    def _draw_table_head(self) -> None:
        sheet, styles = self.sheet, self.styles
        vi = styles(BOX, HEAD, bold=True)
        en = styles(BOX, HEAD, GREY, italic=True, font_color="#595959")
        code = styles(BOX, HEAD, GREY, font_size=6, text_wrap=False, shrink=True)
        sheet.set_row(self.table, 78 if len(self.form.columns) > NARROWEST else 48)
        sheet.set_row(self.table + 1, 24)
        sheet.set_row(self.table + 2, 10)
        for n, (first, second) in enumerate([("STT", "No."), ("Chỉ tiêu", "Line"), ("Mã dòng", "Row code")]):
            sheet.write_string(self.table, self.left + n, first, vi)
            sheet.write_string(self.table + 1, self.left + n, second, en)
            sheet.write_blank(self.table + 2, self.left + n, None, code)
        for position, column in enumerate(self.form.columns, start=self.first):
            sheet.write_string(self.table, position, column.vi, vi)
            sheet.write_string(self.table + 1, position, column.en, en)
            sheet.write_string(self.table + 2, position, column.code, code)

    def _draw_row_head(self, row: FormRow) -> None:
        sheet, styles, sheet_row = self.sheet, self.styles, self.sheet_rows[row.code]
        number = self.numbers[row.code]
        sheet.write_string(sheet_row, self.left + NUMBER, number, styles(BOX, align="center", bold=row.is_total))
        label = styles(BOX, bold=row.is_total, indent=number.count("."), text_wrap=True)
        sheet.write_string(sheet_row, self.left + LABEL, row.vi, label)
        sheet.write_string(sheet_row, self.left + CODE, row.code, styles(BOX, GREY))

    @cached_property
    def numbers(self) -> dict[str, str]:
        """What stands under STT: A for the total, then 1, 1.1, 1.2, 2 ..."""
        numbers, group = {}, 0
        for head, rows in groupby(self.form.rows, key=lambda row: row.code.split(".")[0]):
            is_total = head == "total"
            group += not is_total
            for n, row in enumerate(rows):
                numbers[row.code] = ("A" if is_total else str(group)) + (f".{n}" if n else "")
        return numbers

    def _draw_blank(self) -> None:
        for r, row in enumerate(self.form.rows):
            for c, column in enumerate(self.form.columns):
                self._draw_figure(r, c, None, is_live=(r, c) in self.plan.recipes, style=self._style(r, c, row, column))

    def _draw_figures(self, matrix: Matrix) -> None:
        exact = [[exact_figure(figure) for figure in line] for line in matrix]
        for r, (row, line) in enumerate(zip(self.form.rows, exact, strict=True)):
            for c, (column, figure) in enumerate(zip(self.form.columns, line, strict=True)):
                recipe = self.plan.recipes.get((r, c))
                is_live = recipe is not None and recipe.yields(exact) == figure
                self._draw_figure(r, c, figure, is_live, self._style(r, c, row, column))

    def _draw_figure(self, r: int, c: int, figure: Decimal | int | str | None, is_live: bool, style: Format) -> None:
        sheet, row, column = self.sheet, self.data + r, self.first + c
        if is_live:
            # Without a cached value of its own a formula reads as zero; a blank form has no figures.
            sheet.write_formula(row, column, self.plan.formulas[r, c], style, "" if figure is None else figure)
        elif figure is None:
            sheet.write_blank(row, column, None, style)
        elif not isinstance(figure, str):
            sheet.write_number(row, column, figure, style)
        elif figure in EXCEL_ERRORS:
            sheet.write_formula(row, column, f"={figure}", style, figure)
        else:
            sheet.write_string(row, column, figure, style)

    def _style(self, r: int, c: int, row: FormRow, column: FormColumn) -> Format:
        if column.unit == "percent" and (r, c) not in self.plan.recipes:
            return self.styles.typed_rate[row.is_total]
        if column.ratio or column.unit == "percent":
            return self.styles.rate[row.is_total]
        return (self.styles.computed if (r, c) in self.plan.recipes else self.styles.input)[row.is_total]

    def _draw_previous(self, previous: Matrix) -> None:
        for r, line in enumerate(previous):
            for c, figure in enumerate(line):
                if figure is not None:
                    text = f"{figure:,}".replace(",", ".") if isinstance(figure, int) else str(figure)
                    self.sheet.write_comment(
                        self.data + r, self.first + c, f"Kỳ trước: {text}", {"x_scale": 0.8, "y_scale": 0.4}
                    )

    def _validate(self) -> None:
        """Let input cells take what the reader takes: a number that is not negative, "-" or "x"."""
        for is_money, ranges in self.plan.inputs.items():
            number, message = FIGURES[is_money]
            for cells in ranges:
                # One rule a range: programs differ in the cell that a rule over several ranges starts from.
                first = cells.partition(":")[0]
                self.sheet.data_validation(
                    cells,
                    {
                        "validate": "custom",
                        "value": f'=IF(ISNUMBER({first}),{number.format(cell=first)},OR({first}="-",{first}="x",{first}="X"))',
                        "error_title": "Số liệu không hợp lệ",
                        "error_message": message,
                    },
                )

    def _draw_signatures(self) -> None:
        sheet, styles = self.sheet, self.styles
        row = self.data + len(self.form.rows) + 1
        b, r = self.left + LABEL, self.end - 4
        bold, italic = styles(bold=True, align="center"), styles(italic=True, align="center")
        note = (
            "Ô nền xám do biểu mẫu tự tính; trang được bảo vệ không mật khẩu. Ghi “-” nếu không phát sinh, “x” nếu biểu không yêu cầu. "
            "- Shaded cells are computed by the form; the sheet is protected without a password. “-” says that there was nothing, "
            "“x” that nothing is asked."
        )
        sheet.write_string(row - 1, b, note, styles(GREY, italic=True, font_size=8))
        sheet.merge_range(row, r, row, self.end, "............, ngày ...... tháng ...... năm ............", italic)
        sheet.write_string(row + 1, b, "NGƯỜI LẬP BIỂU", bold)
        sheet.merge_range(row + 1, r, row + 1, self.end, "THỦ TRƯỞNG CƠ QUAN", bold)
        sheet.write_string(row + 2, b, "(Ký, ghi rõ họ tên)", italic)
        sheet.merge_range(row + 2, r, row + 2, self.end, "(Ký tên, đóng dấu, ghi rõ họ tên)", italic)
        sheet.merge_range(row + 6, r, row + 6, self.end, self.header.signer, bold)
