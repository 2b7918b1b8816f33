"""Cells under a per-cent format: they store 0.7382 and show 73.82 %, and the fast reader does not say so."""

import re
from collections.abc import Iterator
from xml.etree import ElementTree

from .address import column_number

#: The two formats of Open XML that every workbook has without declaring them: 0% and 0.00%.
BUILT_IN = {"9", "10"}
_QUOTED = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]|_.')  # text, escaped signs, colours, blanks as wide as a sign


def per_cent_styles(xml: bytes) -> frozenset[str]:
    """Return the styles (attribute ``s`` of a cell) whose number format shows per cent."""
    if b"%" not in xml and b'umFmtId="9"' not in xml and b'umFmtId="10"' not in xml:
        return frozenset()
    try:
        tree = ElementTree.fromstring(xml)  # safe: open_package lets no part through that declares an entity
    except ElementTree.ParseError:
        return frozenset()
    declared = {
        element.get("numFmtId", ""): "%" in _QUOTED.sub("", element.get("formatCode", ""))
        for element in tree.iterfind(".//{*}numFmt")
    }
    formats = {number for number, is_per_cent in declared.items() if is_per_cent} | (BUILT_IN - declared.keys())
    styles = tree.iterfind("{*}cellXfs/{*}xf")
    return frozenset(str(style) for style, xf in enumerate(styles) if xf.get("numFmtId") in formats)


def styled_cells(xml: bytes, styles: frozenset[str]) -> Iterator[tuple[int, int]]:
    """Yield row and column, from 0, of the cells of a sheet that have one of these styles."""
    row = -1
    for line in ElementTree.fromstring(xml).iterfind(".//{*}row"):
        row = int(line.get("r", row + 2)) - 1
        column = -1
        for cell in line:
            if letters := re.match("[A-Za-z]+", cell.get("r", "")):
                column = column_number(letters[0])
            else:
                column += 1
            if cell.get("s") in styles:
                yield row, column
