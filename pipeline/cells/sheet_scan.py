"""What the fast reader loses or would choke on, found by searching the bytes of a sheet.

calamine turns error cells into empty text, says nothing of a formula without a cached value, and allocates the whole
rectangle between a sheet's outermost cells. One regular expression over the XML finds all three; nothing is parsed.
"""

import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from pipeline.cells.recalculation import Formulas
from pipeline.files.archive import MEGABYTE
from pipeline.files.problems import UnreadableFile, problem
from pipeline.text.address import LAST_COLUMN, LAST_ROW, address, column_number

#: Cells with content in one workbook: a hundred times our largest form in every one of its sheets.
MAX_CELLS = 2_000_000
#: The rectangle a sheet's cells span; the reader holds all of it, empty cells too.
MAX_AREA = 8_000_000
#: Text of all cells of one sheet: a shared string is copied into every cell that names it.
MAX_TEXT_BYTES = 256 * MEGABYTE

#: Formulas of one sheet that are kept for the next workbook on the same template.
MOST_REMEMBERED = 2_000

_P = rb"(?:[A-Za-z_][\w.-]*:)?"  # any namespace prefix
_PLAIN_CELL = re.compile(rb'<c r="([A-Z]{1,3})([0-9]{1,7})"')  # as nearly every program writes it
# Patterns that begin with a literal are searched many times faster than alternatives are.
_UNUSUAL_CELLS = (re.compile(rb":c[\s/>]"), re.compile(rb"<c[\t\r\n/>]"))
_FORMULA = re.compile(rb"<f[\s/>]")
_UNUSUAL_FORMULA = re.compile(rb":f[\s/>]")
_EMPTY_TEXT = re.compile(rb' t="str"><f>[^<]*</f><v></v>')  # a formula gave it, and it is a value
_LIVING_FORMULAS = (re.compile(rb"</f><v>[^<\s]"), re.compile(rb"<f [^<>]*/><v>[^<\s]"), _EMPTY_TEXT)
_DEAD_FORMULA = re.compile(
    rb"(?:</" + _P + rb"f\s*>|<" + _P + rb"f(?:\s[^<>]*)?/>)\s*"
    rb"(?:</|<" + _P + rb"v(?:\s[^<>]*)?/>|<" + _P + rb"v(?:\s[^<>]*)?>\s*</)"
)
_PLAIN_FORMULA = re.compile(rb'<c r="([A-Z]{1,3})([0-9]{1,7})"[^<>]*><f>([^<]*)</f>(<v>(?=[^<\s]))?')
_ROW_OR_CELL = re.compile(rb"<" + _P + rb"(row|c)(?:\s+([^<>]*?))?(/?)>")
_REFERENCE = re.compile(rb'(?:^|\s)r\s*=\s*["\']\s*([A-Za-z]{0,3})([0-9]{1,7})\s*["\']')
_BODY = re.compile(
    rb"<" + _P + rb"c(\s[^<>]*[^<>/]|\s*)>\s*"
    rb"(<" + _P + rb"f(\s[^<>]*?)?(?:/>|>([^<]*)</" + _P + rb"f\s*>)\s*)?"
    rb"(<" + _P + rb"v(?:\s[^<>]*?)?(?:/>|>([^<]*)</" + _P + rb"v\s*>))?"
)
_TYPE = re.compile(rb'\st\s*=\s*["\'](\w+)["\']')
_LARGE_COUNT = re.compile(rb"ount\s*=\s*[\"']\s*\+?0*([0-9]{7,})")  # count and uniqueCount
_SHARED_INDEX = re.compile(rb'\ssi\s*=\s*["\'](\d+)["\']')
_SHARED_VALUE = re.compile(rb't=["\']s["\'][^<>]*>\s*<' + _P + rb"v>\s*(\d+)")
_STRING_ITEM = re.compile(rb"<" + _P + rb"si(?:\s[^<>]*)?>.*?</" + _P + rb"si\s*>|<" + _P + rb"si\s*/>", re.DOTALL)


@dataclass(frozen=True)
class LostCell:
    """A cell that the fast reader returns as blank though something stands in it."""

    row: int
    column: int
    text: str
    is_error: bool  # else a formula without a cached value


def is_worksheet(xml: bytes) -> bool:
    """Tell whether a part has the cells of a sheet, wherever in the package it lies."""
    return b"sheetData" in xml


def check_counts(part: str, xml: bytes) -> None:
    """Refuse a part that announces more items than a workbook may have: the reader allocates what is announced.

    An allocation that fails ends the process, and nothing can catch that.
    """
    if any(int(count) > MAX_CELLS for count in _LARGE_COUNT.findall(xml)):
        raise UnreadableFile(problem("damaged_workbook", cause=f"{part}: count"))


def check_extent(part: str, xml: bytes) -> int:
    """Return how many cells a sheet has; refuse one whose cells with content span more than can be held."""
    cells = _PLAIN_CELL.findall(xml)
    is_plain = len(cells) == xml.count(b"<c ") and not any(unusual.search(xml) for unusual in _UNUSUAL_CELLS)
    if is_plain and _can_be_held(*_extent_of_plain(cells)):
        return len(cells)
    # Formatted blank cells far out are common and harmless: now look only at cells with content.
    filled = [(row, column) for _, row, column, closing_slash in _walk(xml) if not closing_slash]
    if not _can_be_held({row for row, _ in filled}, {column for _, column in filled}):
        stray = max(filled, key=lambda cell: max(cell[0] / LAST_ROW, cell[1] / LAST_COLUMN))
        raise UnreadableFile(problem("stray_cell", address=address(*stray), part=part))
    return len(filled)


def _extent_of_plain(cells: list[tuple[bytes, bytes]]) -> tuple[set[int], set[int]]:
    rows = {int(row) - 1 for row in {row for _, row in cells}}
    columns = {column_number(letters) for letters in {letters for letters, _ in cells}}
    return rows, columns


def _can_be_held(rows: set[int], columns: set[int]) -> bool:
    if not rows:
        return True
    area = (max(rows) - min(rows) + 1) * (max(columns) - min(columns) + 1)
    return area <= MAX_AREA and max(rows) <= LAST_ROW and max(columns) <= LAST_COLUMN


def check_text(sheets: list[bytes], shared_strings: bytes) -> None:
    """Refuse a workbook whose cells repeat shared strings until they no longer fit in memory."""
    uses = sum(xml.count(b't="s"') + xml.count(b"t='s'") for xml in sheets)
    if uses * len(shared_strings) <= MAX_TEXT_BYTES:
        return
    sizes = [len(item) for item in _STRING_ITEM.findall(shared_strings)]
    if uses * max(sizes, default=0) <= MAX_TEXT_BYTES:
        return
    indices = (int(index) for xml in sheets for index in _SHARED_VALUE.findall(xml))
    if sum(sizes[index] for index in indices if index < len(sizes)) > MAX_TEXT_BYTES:
        raise UnreadableFile(problem("too_much_text", limit_mb=MAX_TEXT_BYTES // MEGABYTE))


def lost_cells(xml: bytes, has_dead_formulas: bool) -> list[LostCell]:
    """Return a sheet's error cells and its formulas without a cached value, at their true addresses."""
    if b't="e"' not in xml and b"t='e'" not in xml and not has_dead_formulas:
        return []
    places: dict[int, tuple[int, int]] = {}
    lost: list[LostCell] = []
    masters: dict[bytes, tuple[str, str]] = {}  # shared formulas: address and text of the first cell
    for match in _BODY.finditer(xml):
        attributes, formula_element, formula_attributes, formula, value_element, value = match.groups()
        kind = _TYPE.search(attributes)
        is_error = kind is not None and kind[1] == b"e"
        if not formula_element and not is_error:
            continue
        reference = _REFERENCE.search(attributes)
        if reference and reference[1]:
            row, column = int(reference[2]) - 1, column_number(reference[1])
        else:
            places = places or {start: (row, column) for start, row, column, _ in _walk(xml)}
            row, column = places[match.start()]
        if formula_element:
            text = _formula_text(address(row, column), formula_attributes or b"", formula, masters)
        if is_error and value:
            lost.append(LostCell(row, column, html.unescape(value.decode("utf-8", "replace")), is_error=True))
        elif formula_element and not value and not (value_element and kind and kind[1] == b"str"):
            # An empty value of type "str" is a formula that gave empty text, which is a value.
            lost.append(LostCell(row, column, text, is_error=False))
    return lost


def formula_cells(xml: bytes) -> tuple[Formulas, bool]:
    """Return the formulas of a sheet by row and column, and whether one of them may have no value.

    Shared ones are shifted to their cell; those of arrays are left out.
    """
    if b"<!" not in xml and not _UNUSUAL_FORMULA.search(xml):
        plain = _PLAIN_FORMULA.findall(xml)
        if len(plain) == sum(map(xml.count, (b"<f>", b"<f ", b"<f/"))):
            without_number = sum(not value for *_, value in plain)
            has_dead = bool(without_number) and without_number > len(_EMPTY_TEXT.findall(xml))
            formula_texts = tuple(cell[:3] for cell in plain)
            return (_plain_formulas if len(plain) <= MOST_REMEMBERED else _formulas)(formula_texts), has_dead
    places: dict[int, tuple[int, int]] = {}
    masters: dict[bytes, tuple[str, str]] = {}
    formulas = Formulas()
    for match in _BODY.finditer(xml):
        attributes, formula_element, formula_attributes, formula, *_ = match.groups()
        if not formula_element:
            continue
        kind = _TYPE.search(formula_attributes or b"")
        reference = _REFERENCE.search(attributes)
        if reference and reference[1]:
            place = int(reference[2]) - 1, column_number(reference[1])
        else:
            places = places or {start: (row, column) for start, row, column, _ in _walk(xml)}
            place = places[match.start()]
        if kind is None or kind[1] == b"shared":
            formulas[place] = _formula_text(address(*place), formula_attributes or b"", formula, masters)
    return formulas, _may_have_dead_formulas(xml)


def _formulas(plain: Iterable[tuple[bytes, ...]]) -> Formulas:
    return Formulas(
        ((int(row) - 1, column_number(letters)), "=" + html.unescape(text.decode("utf-8", "replace")))
        for letters, row, text in plain
    )


#: Nearly every workbook of a night has the formulas of the same few templates.
_plain_formulas = lru_cache(maxsize=64)(_formulas)


def _may_have_dead_formulas(xml: bytes) -> bool:
    """Tell whether a closer look is worthwhile: for nearly every sheet it is enough to count living formulas."""
    if b"<!" not in xml and not _UNUSUAL_FORMULA.search(xml):
        living = sum(len(pattern.findall(xml)) for pattern in _LIVING_FORMULAS)
        if living == len(_FORMULA.findall(xml)):
            return False
    return _DEAD_FORMULA.search(xml) is not None


def _formula_text(place: str, attributes: bytes, formula: bytes | None, masters: dict[bytes, tuple[str, str]]) -> str:
    text = "=" + html.unescape((formula or b"").decode("utf-8", "replace"))
    index = _SHARED_INDEX.search(attributes)
    if not index:
        return text
    if formula:
        masters[index[1]] = (place, text)
        return text
    if index[1] not in masters:
        return text
    return _shift(*masters[index[1]], place)


@lru_cache(maxsize=20_000)
def _shift(origin: str, formula: str, place: str) -> str:
    from openpyxl.formula.translate import Translator  # slow to import, and few workbooks need it

    return Translator(formula, origin=origin).translate_formula(place)


def _walk(xml: bytes) -> Iterator[tuple[int, int, int, bytes]]:
    """Yield offset, row, column and closing slash of each cell, counting on where an address is left out."""
    row, column = -1, -1
    for match in _ROW_OR_CELL.finditer(xml):
        name, attributes, closing_slash = match.groups()
        reference = _REFERENCE.search(attributes or b"")
        if name == b"row":
            row, column = (int(reference[2]) - 1 if reference else row + 1), -1
            continue
        if reference and reference[1]:
            row, column = int(reference[2]) - 1, column_number(reference[1])
        else:
            row, column = max(row, 0), column + 1
        yield match.start(), row, column, closing_slash
