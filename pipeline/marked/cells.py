"""Colours cells of an office's sheet: their tag gets another style, and nothing else changes."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pipeline.marked.parts import MAIN, attributes_of, unusual_part
from pipeline.text.address import column_number

_CELL = re.compile(rb"<c\s([^<>]*?)(/?)>")
_ROW = re.compile(rb"<row\b([^<>]*?)(/?)>")
_PLACE = re.compile(rb'\br="([A-Z]{1,3})([0-9]{1,7})"')
_NUMBER = re.compile(rb'(?:^|\s)r="([0-9]{1,7})"')
_STYLE = re.compile(rb'\ss="(\d+)"')
_DATA = re.compile(rb"<sheetData\b[^<>]*?(/?)>")


def check_plain(xml: bytes, part: str) -> None:
    """Raise ``Unmarkable`` where the tags of a sheet are not written as Excel writes them."""
    data = _DATA.search(xml)
    if data is None or b"<!" in xml or b"<worksheet" not in xml or MAIN not in xml[:2000]:
        raise unusual_part(part)
    if not all(_PLACE.search(attributes) for attributes, _ in _CELL.findall(xml)):
        raise unusual_part(part)


def restyle(xml: bytes, style_changes: Mapping[str, Callable[[int], int]], part: str) -> bytes:
    """Return the sheet with other styles at some addresses; ``style_changes`` make the new style from the old one.

    A missing cell is inserted; raises ``Unmarkable``.
    """
    check_plain(xml, part)
    remaining = dict(style_changes)

    def change(match: re.Match[bytes]) -> bytes:
        place = _PLACE.search(match[1])
        address = (place[1] + place[2]).decode() if place else ""
        if address not in remaining:
            return match[0]
        return b"<c " + _with_style(match[1], remaining.pop(address)) + match[2] + b">"

    xml = _CELL.sub(change, xml)
    for address in sorted(remaining, key=_row_and_column):
        xml = _with_cell(xml, address, remaining[address](0), part)
    return xml


def style_at(xml: bytes, address: str) -> int:
    """Return the style of a cell, 0 where there is no cell."""
    tag = re.search(rb'<c\s[^<>]*?\br="' + address.encode() + rb'"[^<>]*>', xml)
    style = _STYLE.search(tag[0]) if tag else None
    return int(style[1]) if style else 0


def holds_formula(xml: bytes, address: str) -> bool:
    """Tell whether a cell holds a formula."""
    tag = re.search(rb'<c\s[^<>]*?\br="' + address.encode() + rb'"[^<>]*?(/?)>', xml)
    return tag is not None and not tag[1] and xml.startswith((b"<f>", b"<f ", b"<f/"), tag.end())


@dataclass(frozen=True)
class Protection:
    """That a sheet is protected, and whether a password was set."""

    has_password: bool


def protection_of(xml: bytes) -> Protection | None:
    """Return how a sheet is protected, None where it is not."""
    tag = re.search(rb"<sheetProtection\b[^<>]*>", xml)
    attributes = attributes_of(tag[0]) if tag else {}
    if attributes.get("sheet", "0") not in ("1", "true"):
        return None
    return Protection(bool(attributes.get("password") or attributes.get("hashValue")))


def _with_style(attributes: bytes, change_style: Callable[[int], int]) -> bytes:
    old = _STYLE.search(b" " + attributes)
    new = f' s="{change_style(int(old[1]) if old else 0)}"'.encode()
    if old:
        return _STYLE.sub(new, b" " + attributes, count=1).lstrip()
    return attributes.rstrip() + new


def _with_cell(xml: bytes, address: str, style: int, part: str) -> bytes:
    number, column = _row_and_column(address)
    cell = f'<c r="{address}" s="{style}"/>'.encode()
    data = _DATA.search(xml)
    if data is None:
        raise unusual_part(part)
    if data[1]:  # no cell so far
        return xml[: data.end() - 2] + b">" + _row(number, cell) + b"</sheetData>" + xml[data.end() :]
    for match in _ROW.finditer(xml, data.end()):
        row_number = _NUMBER.search(match[1])
        if row_number is None:
            raise unusual_part(part)
        if int(row_number[1]) > number:
            return xml[: match.start()] + _row(number, cell) + xml[match.start() :]
        if int(row_number[1]) == number:
            if match[2]:
                return xml[: match.end() - 2] + b">" + cell + b"</row>" + xml[match.end() :]
            end = xml.index(b"</row>", match.end())
            later_starts = (
                place.start()
                for place in _CELL.finditer(xml, match.end(), end)
                if column_number(_PLACE.search(place[1])[1]) > column  # type: ignore[index]
            )
            position = next(later_starts, end)
            return xml[:position] + cell + xml[position:]
    end = xml.index(b"</sheetData>")
    return xml[:end] + _row(number, cell) + xml[end:]


def _row(number: int, cells: bytes) -> bytes:
    return f'<row r="{number}">'.encode() + cells + b"</row>"


def _row_and_column(address: str) -> tuple[int, int]:
    letters = address.rstrip("0123456789")
    return int(address[len(letters) :]), column_number(letters)
