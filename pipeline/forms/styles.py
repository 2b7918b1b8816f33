"""Fonts, borders and colours of the template's cells, and a worksheet that writes formulas without looking into them."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

# Parts that cell formats are made of.
BASE = {"font_name": "Times New Roman", "font_size": 11, "valign": "vcenter"}
GREY = {"font_color": "#8C8C8C", "font_size": 7}
BOX = {"border": 1, "border_color": "#7F7F7F"}
HEAD = {"align": "center", "text_wrap": True, "bg_color": "#DCE6F1"}


class PlainWorksheet(Worksheet):
    """A worksheet whose formulas use the functions of 1997 only."""

    def _prepare_formula(self, formula: str, expand_future_functions: bool = False) -> str:
        # XlsxWriter looks for thirty newer functions in every formula, a third of the time of a workbook.
        return formula.removeprefix("=")

    def _xml_formula_element(self, formula: str, result: Any, attributes: Sequence[tuple[str, Any]] = ()) -> None:
        # XlsxWriter leaves out the type of an empty text, and a formula without value or type was never calculated.
        empty = [("t", "str")] if result == "" else []
        super()._xml_formula_element(formula, result, [*attributes, *empty])


class TemplateStyles:
    """The cell formats of one workbook, each made once."""

    def __init__(self, workbook: xlsxwriter.Workbook) -> None:
        self.workbook = workbook
        self.formats: dict[tuple[tuple[str, Any], ...], Format] = {}

    def __call__(self, *parts: Mapping[str, Any], **extra: Any) -> Format:
        """Return the format of these parts, later ones over earlier ones, all over ``BASE``."""
        spec = dict(BASE)
        for part in (*parts, extra):
            spec.update(part)
        key = tuple(sorted(spec.items()))
        if key not in self.formats:
            self.formats[key] = self.workbook.add_format(spec)
        return self.formats[key]

    @cached_property
    def input(self) -> dict[bool, Format]:
        """Cells that the office fills in; ``True`` for the cells of total rows."""
        return {bold: self(BOX, num_format="#,##0", locked=False, bold=bold) for bold in (False, True)}

    @cached_property
    def computed(self) -> dict[bool, Format]:
        """Cells that the template computes; ``True`` for the cells of total rows."""
        return {bold: self(BOX, num_format="#,##0", bg_color="#F2F2F2", bold=bold) for bold in (False, True)}

    @cached_property
    def rate(self) -> dict[bool, Format]:
        """Per cent with two decimals, computed; ``True`` for the cells of total rows."""
        return {bold: self(BOX, num_format="0.00", bg_color="#F2F2F2", bold=bold) for bold in (False, True)}

    @cached_property
    def typed_rate(self) -> dict[bool, Format]:
        """Per cent that the office works out, as its whole stands on another form."""
        return {bold: self(BOX, num_format="0.00", locked=False, bold=bold) for bold in (False, True)}
