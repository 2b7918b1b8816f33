"""Removes what an earlier marking left in a workbook that comes back: sheet, name, comments and colours.

An office sends its marked workbook back, perhaps rewritten by its own program; marked once more it must show what
fails now and nothing of what failed then.
"""

import re
from collections.abc import Mapping

from pipeline.cells.findings_sign import NAME
from pipeline.cells.workbook import RawCells
from pipeline.marked.comments import AUTHOR, OUR_START
from pipeline.marked.findings_sheet import FILL_COLUMNS, UNLOCKED
from pipeline.marked.parts import TYPES, Parts, attributes_of, relations_of, text, unusual_part
from pipeline.marked.styles import COLOURS, IN_THE_SUM, Styles
from pipeline.text.address import column_number

_CELL = re.compile(rb"<c\s[^<>]*?>")
_SHAPE = re.compile(rb"<v:shape\b(?:(?!</v:shape>).)*</v:shape>\s*", re.DOTALL)


def remove_marks(parts: Parts, styles: Styles, findings: Mapping[str, RawCells]) -> None:
    """Undo an earlier marking; ``findings`` are the cells of the sheets of findings, by name. Raises ``Unmarkable``."""
    original_fills: dict[tuple[str, str], tuple[str, bool]] = {}
    for name, cells in findings.items():
        original_fills |= _original_fills(cells)
        _drop_sheet(parts, name)
    workbook = parts.members[parts.workbook]
    hidden = rb"<definedName\b[^<>]*\bname=[\"']" + NAME.encode() + rb"[\"'][^<>]*>[^<]*</definedName>"
    workbook = re.sub(hidden, b"", workbook)
    parts.members[parts.workbook] = re.sub(rb"<definedNames>\s*</definedNames>", b"", workbook)
    for sheet, part in parts.sheets.items():
        if part in parts.members:
            _clear_comments(parts, part)
            _clear_colours(
                parts,
                styles,
                part,
                {at: original_fill for (name, at), original_fill in original_fills.items() if name == sheet},
            )


def _original_fills(cells: RawCells) -> dict[tuple[str, str], tuple[str, bool]]:
    """Return by sheet and address the fill of each marked cell, and whether it was locked, from the hidden columns."""
    columns = {ord(letter) - ord("A"): place for place, letter in enumerate(FILL_COLUMNS)}
    lines: dict[int, dict[int, str]] = {}
    for row, column, content in zip(cells.row, cells.column, cells.text, strict=True):
        if column in columns and content:
            lines.setdefault(row, {})[columns[column]] = content
    return {
        (line[0], line[1]): (line.get(2, ""), line.get(3) == UNLOCKED)
        for line in lines.values()
        if 0 in line and 1 in line
    }


def _drop_sheet(parts: Parts, name: str) -> None:
    part = parts.sheets.pop(name)
    xml = parts.members[parts.workbook]
    entries = re.findall(rb"<sheet\s[^<>]*?/>", xml)
    place = next((index for index, entry in enumerate(entries) if attributes_of(entry).get("name") == name), None)
    if place is None:
        raise unusual_part(parts.workbook)
    identity = next(value for key, value in attributes_of(entries[place]).items() if key.endswith(":id"))
    xml = xml.replace(entries[place], b"", 1)
    xml = re.sub(rb'<definedName\b[^<>]*\blocalSheetId="%d"[^<>]*>[^<]*</definedName>' % place, b"", xml)

    def decrement(match: re.Match[bytes]) -> bytes:
        number = int(match[2])
        return match[1] + str(number - (number > place)).encode()

    parts.members[parts.workbook] = re.sub(rb'(\blocalSheetId=")(\d+)', decrement, xml)
    relations = relations_of(parts.workbook)
    parts.members[relations] = re.sub(
        rb'<Relationship\b[^<>]*\bId="' + re.escape(identity.encode()) + rb'"[^<>]*/>', b"", parts.members[relations]
    )
    parts.members[TYPES] = re.sub(
        rb'<Override\b[^<>]*PartName="/' + re.escape(part.encode()) + rb'"[^<>]*/>', b"", parts.members[TYPES]
    )
    parts.members.pop(part, None)
    parts.members.pop(relations_of(part), None)


def _clear_comments(parts: Parts, sheet: str) -> None:
    comments_part = parts.related_part(sheet, "comments")
    xml = parts.members.get(comments_part or "")
    if comments_part is None or xml is None:
        return
    authors = re.findall(rb"<author\b[^<>]*?(?:/>|>([^<]*)</author>)", xml)
    our_authors = {number for number, author in enumerate(authors) if author.decode("utf-8", "replace") == AUTHOR}
    note_positions: set[tuple[int, int]] = set()

    def strip(match: re.Match[bytes]) -> bytes:
        attributes = attributes_of(match[0][: match[0].index(b">") + 1])
        if int(attributes.get("authorId", -1)) in our_authors:
            letters = attributes["ref"].rstrip("0123456789")
            note_positions.add((int(attributes["ref"][len(letters) :]) - 1, column_number(letters)))
            return b""
        return _without_ours(match[0])

    xml = re.sub(rb"<comment\b[^<>]*>.*?</comment>", strip, xml, flags=re.DOTALL)
    if our_authors and max(our_authors) == len(authors) - 1:
        xml = re.sub(rb"<author>" + AUTHOR.encode() + rb"</author>(?=\s*</authors>)", b"", xml)
    parts.members[comments_part] = xml
    drawing = parts.related_part(sheet, "vmlDrawing")
    if note_positions and drawing in parts.members:
        parts.members[drawing] = _SHAPE.sub(
            lambda match: b"" if _is_note_at(match[0], note_positions) else match[0], parts.members[drawing]
        )


def _without_ours(comment: bytes) -> bytes:
    """Return an office's own comment without what we appended."""
    start = comment.find(text(OUR_START).encode())
    run = comment.rfind(b"<r>", 0, start) if start >= 0 else -1
    return comment if run < 0 else comment[:run] + comment[comment.rindex(b"</text>") :]


def _is_note_at(shape: bytes, places: set[tuple[int, int]]) -> bool:
    row, column = re.search(rb"<x:Row>(\d+)</x:Row>", shape), re.search(rb"<x:Column>(\d+)</x:Column>", shape)
    return row is not None and column is not None and (int(row[1]), int(column[1])) in places


def _clear_colours(parts: Parts, styles: Styles, part: str, original_fills: Mapping[str, tuple[str, bool]]) -> None:
    """Give every cell with one of our fills its original one, none where that is unknown; lock what was locked."""
    our_styles = styles.styles_on_colours({*COLOURS.values(), IN_THE_SUM})

    def change(match: re.Match[bytes]) -> bytes:
        style = re.search(rb'\ss="(\d+)"', match[0])
        if style is None or int(style[1]) not in our_styles:
            return match[0]
        address = attributes_of(match[0]).get("r", "")
        fill, was_locked = original_fills.get(address, ("", False))
        style_number = styles.on_fill(int(style[1]), fill)
        style_number = styles.lock(style_number) if was_locked else style_number
        return match[0][: style.start()] + f' s="{style_number}"'.encode() + match[0][style.end() :]

    if our_styles:
        parts.members[part] = _CELL.sub(change, parts.members[part])
