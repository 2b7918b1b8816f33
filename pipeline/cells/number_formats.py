"""Number formats that change what a figure is taken for.

A cell under a per-cent format stores 0.7382 and shows 73.82 %, and the fast reader does not say so. One under a format of
dates or hours is read as a date; a number that no date can be stops the reader, or comes out as midnight.
"""

import re
from collections.abc import Callable, Iterator
from xml.etree import ElementTree

from pipeline.text.address import column_number

#: The two formats of Open XML that every workbook has without declaring them: 0% and 0.00%.
BUILT_IN = {"9", "10"}
#: Built-in formats of dates and times, those of the East Asian versions of Excel among them.
BUILT_IN_DATES = {str(number) for number in (*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59))}
#: Serial numbers of days: Excel's calendar ends with the year 9999.
END_OF_CALENDAR = 2_958_466
_DATE_SIGN = re.compile(r"[dmyhs]", re.IGNORECASE)
_DURATION = re.compile(r"\[[hms]+\]", re.IGNORECASE)
_NUMBER_UNDER_STYLE = re.compile(
    rb"(<(?:\w+:)?c\b[^<>]*?)(\ss\s*=\s*[\"'](\d+)[\"'])([^<>]*>\s*(?:<(?:\w+:)?f\b[^<>]*(?:/>|>[^<]*</(?:\w+:)?f\s*>)\s*)?"
    rb"<(?:\w+:)?v\b[^<>]*>\s*)([-+0-9.eE]+)"
)
_QUOTED = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]|_.')  # text, escaped signs, colours, blanks as wide as a sign


def per_cent_styles(xml: bytes) -> frozenset[str]:
    """Return the styles (attribute ``s`` of a cell) whose number format shows per cent."""
    if b"%" not in xml and b'umFmtId="9"' not in xml and b'umFmtId="10"' not in xml:
        return frozenset()
    return _styles(xml, BUILT_IN, lambda code: "%" in _QUOTED.sub("", code))


def date_styles(xml: bytes) -> frozenset[str]:
    """Return the styles whose number format shows a date, a time of day or a duration."""
    return _styles(
        xml, BUILT_IN_DATES, lambda code: bool(_DURATION.search(code) or _DATE_SIGN.search(_QUOTED.sub("", code)))
    )


def strip_impossible_dates(xml: bytes, styles: frozenset[str]) -> bytes:
    """Return a sheet in which numbers that cannot be dates have lost their format; ``styles`` show dates."""

    def plain(cell: re.Match[bytes]) -> bytes:
        if cell[3].decode() not in styles:
            return cell[0]
        try:
            is_date = 0 <= float(cell[5]) < END_OF_CALENDAR
        except ValueError:
            return cell[0]
        return cell[0] if is_date else cell[1] + cell[4] + cell[5]

    return _NUMBER_UNDER_STYLE.sub(plain, xml)


def _styles(xml: bytes, built_in: set[str], is_matching: Callable[[str], bool]) -> frozenset[str]:
    """Return the styles of cells whose number format is one of the built-in ones or has a matching code."""
    try:
        tree = ElementTree.fromstring(xml)  # safe: open_package lets no part through that declares an entity
    except ElementTree.ParseError:
        return frozenset()
    is_matching_number = {
        element.get("numFmtId", ""): is_matching(element.get("formatCode", ""))
        for element in tree.iterfind(".//{*}numFmt")
    }
    formats = {number for number, is_match in is_matching_number.items() if is_match} | (
        built_in - is_matching_number.keys()
    )
    cells = tree.iterfind("{*}cellXfs/{*}xf")
    return frozenset(str(style) for style, xf in enumerate(cells) if xf.get("numFmtId") in formats)


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
