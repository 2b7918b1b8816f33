"""Takes away what an earlier marking left in a workbook that comes back: sheet, name, comments and colours.

An office sends its marked workbook back, perhaps written anew by its own program; marked once more it must show what
fails now and nothing of what failed then.
"""

import re
from collections.abc import Mapping

from pipeline.cells.findings_sign import NAME
from pipeline.cells.workbook import RawCells
from pipeline.marked.comments import AUTHOR, OUR_START
from pipeline.marked.findings_sheet import GROUNDS, UNLOCKED
from pipeline.marked.parts import TYPES, Parts, attributes_of, relations_of, strange, text
from pipeline.marked.styles import COLOURS, IN_THE_SUM, Styles
from pipeline.text.address import column_number

_CELL = re.compile(rb"<c\s[^<>]*?>")
_SHAPE = re.compile(rb"<v:shape\b(?:(?!</v:shape>).)*</v:shape>\s*", re.DOTALL)


def take_marks_away(parts: Parts, styles: Styles, findings: Mapping[str, RawCells]) -> None:
    """Undo an earlier marking; ``findings`` are the cells of the sheets of findings, by name. Raises ``Unmarkable``."""
    grounds: dict[tuple[str, str], tuple[str, bool]] = {}
    for name, cells in findings.items():
        grounds |= _grounds(cells)
        _drop_sheet(parts, name)
    workbook = parts.members[parts.workbook]
    hidden = rb"<definedName\b[^<>]*\bname=[\"']" + NAME.encode() + rb"[\"'][^<>]*>[^<]*</definedName>"
    workbook = re.sub(hidden, b"", workbook)
    parts.members[parts.workbook] = re.sub(rb"<definedNames>\s*</definedNames>", b"", workbook)
    for sheet, part in parts.sheets.items():
        if part in parts.members:
            _clear_comments(parts, part)
            _clear_colours(parts, styles, part, {at: ground for (name, at), ground in grounds.items() if name == sheet})


def _grounds(cells: RawCells) -> dict[tuple[str, str], tuple[str, bool]]:
    """Return the ground that each marked cell had and whether it was locked, by sheet and address, as the hidden columns
    keep it.
    """
    columns = {ord(letter) - ord("A"): place for place, letter in enumerate(GROUNDS)}
    lines: dict[int, dict[int, str]] = {}
    for row, column, said in zip(cells.row, cells.column, cells.text, strict=True):
        if column in columns and said:
            lines.setdefault(row, {})[columns[column]] = said
    return {
        (line[0], line[1]): (line.get(2, ""), line.get(3) == UNLOCKED)
        for line in lines.values()
        if 0 in line and 1 in line
    }


def _drop_sheet(parts: Parts, name: str) -> None:
    part = parts.sheets.pop(name)
    xml = parts.members[parts.workbook]
    entries = re.findall(rb"<sheet\s[^<>]*?/>", xml)
    place = next((at for at, entry in enumerate(entries) if attributes_of(entry).get("name") == name), None)
    if place is None:
        raise strange(parts.workbook)
    identity = next(value for key, value in attributes_of(entries[place]).items() if key.endswith(":id"))
    xml = xml.replace(entries[place], b"", 1)
    xml = re.sub(rb'<definedName\b[^<>]*\blocalSheetId="%d"[^<>]*>[^<]*</definedName>' % place, b"", xml)

    def one_less(match: re.Match[bytes]) -> bytes:
        number = int(match[2])
        return match[1] + str(number - (number > place)).encode()

    parts.members[parts.workbook] = re.sub(rb'(\blocalSheetId=")(\d+)', one_less, xml)
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
    where = parts.related(sheet, "comments")
    xml = parts.members.get(where or "")
    if where is None or xml is None:
        return
    authors = re.findall(rb"<author\b[^<>]*?(?:/>|>([^<]*)</author>)", xml)
    ours = {number for number, author in enumerate(authors) if author.decode("utf-8", "replace") == AUTHOR}
    gone: set[tuple[int, int]] = set()

    def keep(match: re.Match[bytes]) -> bytes:
        said = attributes_of(match[0][: match[0].index(b">") + 1])
        if int(said.get("authorId", -1)) in ours:
            letters = said["ref"].rstrip("0123456789")
            gone.add((int(said["ref"][len(letters) :]) - 1, column_number(letters)))
            return b""
        return _without_ours(match[0])

    xml = re.sub(rb"<comment\b[^<>]*>.*?</comment>", keep, xml, flags=re.DOTALL)
    if ours and max(ours) == len(authors) - 1:
        xml = re.sub(rb"<author>" + AUTHOR.encode() + rb"</author>(?=\s*</authors>)", b"", xml)
    parts.members[where] = xml
    drawing = parts.related(sheet, "vmlDrawing")
    if gone and drawing in parts.members:
        parts.members[drawing] = _SHAPE.sub(
            lambda match: b"" if _is_note_at(match[0], gone) else match[0], parts.members[drawing]
        )


def _without_ours(comment: bytes) -> bytes:
    """Return an office's own comment without what we wrote behind it."""
    start = comment.find(text(OUR_START).encode())
    run = comment.rfind(b"<r>", 0, start) if start >= 0 else -1
    return comment if run < 0 else comment[:run] + comment[comment.rindex(b"</text>") :]


def _is_note_at(shape: bytes, places: set[tuple[int, int]]) -> bool:
    row, column = re.search(rb"<x:Row>(\d+)</x:Row>", shape), re.search(rb"<x:Column>(\d+)</x:Column>", shape)
    return row is not None and column is not None and (int(row[1]), int(column[1])) in places


def _clear_colours(parts: Parts, styles: Styles, part: str, grounds: Mapping[str, tuple[str, bool]]) -> None:
    """Give every cell on one of our grounds the one it had, none where nobody knows it; lock what was locked."""
    ours = styles.styles_on({*COLOURS.values(), IN_THE_SUM})

    def change(match: re.Match[bytes]) -> bytes:
        style = re.search(rb'\ss="(\d+)"', match[0])
        if style is None or int(style[1]) not in ours:
            return match[0]
        address = attributes_of(match[0]).get("r", "")
        ground, was_locked = grounds.get(address, ("", False))
        plain = styles.grounded(int(style[1]), ground)
        plain = styles.locked(plain) if was_locked else plain
        return match[0][: style.start()] + f' s="{plain}"'.encode() + match[0][style.end() :]

    if ours:
        parts.members[part] = _CELL.sub(change, parts.members[part])
