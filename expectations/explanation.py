"""What a finding's sentence is made of: a failing comparison, and a language in which its cells and figures are named."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from pipeline.calendar.periods import Period
from pipeline.forms import Form, UnitOfMeasure, forms
from pipeline.text.amount import amount_en, amount_vi


@dataclass(frozen=True)
class FailedComparison:
    """A failing comparison with everything its sentence needs; figures in base units."""

    form: Form | None
    row_code: str
    column_code: str
    found: Decimal
    expected: Decimal
    low: Decimal
    high: Decimal
    unit: UnitOfMeasure | None
    cells: list[dict[str, Any]] = field(default_factory=list)
    remark_vi: str | None = None
    remark_en: str | None = None
    sheet: str | None = None
    received_on: date | None = None
    due_on: date | None = None

    @property
    def sides(self) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """The cells that were found, and those they are compared with."""
        found_cells = [cell for cell in self.cells if cell["role"] == "found"]
        return found_cells, [cell for cell in self.cells if cell["role"] == "term"]

    def to_printed_unit(self, value: Decimal) -> Decimal:
        """Return a figure in the unit that the form prints."""
        return value / self.unit.factor if self.unit else value


@dataclass(frozen=True)
class Voice:
    """How a language puts a failure into words."""

    vi: bool

    def amount(self, value: Decimal) -> str:
        """Return an amount as readers of the language write it."""
        return amount_vi(value) if self.vi else amount_en(value)

    def say(self, vi: str, en: str) -> str:
        """Return the words of the language."""
        return vi if self.vi else en

    def place(self, failure: FailedComparison) -> str:
        """Name form, sheet and row as the form labels them."""
        if failure.form is None:
            return self.say(f"trang «{failure.sheet}»", f"sheet '{failure.sheet}'") if failure.sheet else ""
        row = failure.form.row.get(failure.row_code)
        number = failure.form.number
        parts = [self.say(f"Biểu {number}", f"Form {number}")]
        sheet = failure.cells[0]["sheet"] if failure.cells else failure.sheet
        if sheet:
            parts.append(self.say(f"trang «{sheet}»", f"sheet '{sheet}'"))
        if row:
            parts.append(self.say(f"dòng «{row.vi}»", f"row '{row.en}'"))
        return ", ".join(parts)

    def cell(self, failure: FailedComparison, cell: dict[str, Any], *, by_row: bool = False) -> str:
        """Name a cell by its label, its figure and its address: ``Thi hành xong 12.056 (ô L14)``."""
        label = self.label(failure, cell, by_row)
        value = cell["value"] if cell["value"] is not None else Decimal(0)
        unit = forms().units.get(cell.get("unit") or "")
        figure = self.amount(value / unit.factor if unit else value)
        # A figure in another unit than the sum's own says which.
        if unit and unit != failure.unit:
            figure = f"{figure} {self.say(unit.vi, unit.en)}"
        return f"{label} {figure} ({self.say('ô', 'cell')} {cell['address']})"

    def label(self, failure: FailedComparison, cell: dict[str, Any], by_row: bool = False) -> str:
        """Name a cell by its column, or by its row."""
        if by_row and failure.form and cell["row_code"] in failure.form.row:
            row = failure.form.row[cell["row_code"]]
            return f"«{self.say(row.vi, row.en)}»"
        measure = forms().measures.get(cell["column_code"])
        return f"«{self.say(measure.vi, measure.en)}»" if measure else f"«{cell['column_code']}»"

    def other_place(self, cell: dict[str, Any]) -> str:
        """Name where a cell of another form or report stands: ``Biểu 01/TK-THA, trang «01», dòng «Tổng số»``."""
        form = forms().current[cell["form"]]
        row = form.row.get(cell["row_code"])
        parts = [self.say(f"Biểu {form.number}", f"Form {form.number}")]
        parts.append(self.say(f"trang «{cell['sheet']}»", f"sheet '{cell['sheet']}'"))
        if row:
            parts.append(self.say(f"dòng «{row.vi}»", f"row '{row.en}'"))
        return ", ".join(parts)

    def report(self, cell: dict[str, Any]) -> str:
        """Name the report of another period that a cell stands in: ``báo cáo 8 tháng năm 2023, trang «01»``."""
        period = Period.parse(cell["period_id"])
        return self.say(
            f"báo cáo {period.label_vi[0].lower()}{period.label_vi[1:]}, trang «{cell['sheet']}»",
            f"the {period.months}-month report of {period.year}, sheet '{cell['sheet']}'",
        )

    def difference(self, failure: FailedComparison) -> str:
        """Say by how much it is off: ``lệch 1.000 đồng``."""
        amount = self.amount(failure.to_printed_unit(failure.found - failure.expected))
        unit = f" {self.say(failure.unit.vi, failure.unit.en)}" if failure.unit else ""
        return f"{self.say('lệch', 'off by')} {amount}{unit}"


VIETNAMESE, ENGLISH = Voice(vi=True), Voice(vi=False)
