"""Comments at cells, in the older form that every spreadsheet shows; an office's own comments stay beside ours."""

import re
from collections.abc import Mapping
from pathlib import PurePosixPath

from pipeline.marked.parts import RELATIONS, Parts, before, into, strange, text
from pipeline.text.address import column_number

AUTHOR = "THADS"
OUR_START = "— THADS —\n"  # where ours begins behind a comment that an office has written itself
WIDTH, LETTERS_A_LINE = 6, 56  # columns, and letters of a line in so many
AFTER_DRAWINGS = frozenset(
    (b"legacyDrawingHF", b"drawingHF", b"picture", b"oleObjects", b"controls", b"webPublishItems", b"tableParts", b"extLst", b"mc:AlternateContent")
)  # fmt: skip
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.comments+xml"
_VML_TYPE = "application/vnd.openxmlformats-officedocument.vmlDrawing"
_EMPTY = (
    b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    b'<comments xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><authors></authors><commentList></commentList></comments>'
)
_EMPTY_VML = (
    '<xml xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" xmlns:x="urn:schemas-microsoft-com:office:excel">'
    '<o:shapelayout v:ext="edit"><o:idmap v:ext="edit" data="{number}"/></o:shapelayout>'
    '<v:shapetype id="_x0000_t202" coordsize="21600,21600" o:spt="202" path="m,l,21600r21600,l21600,xe"><v:stroke joinstyle="miter"/>'
    '<v:path gradientshapeok="t" o:connecttype="rect"/></v:shapetype></xml>'
)
_SHAPE = (
    '<v:shape id="_x0000_s{shape}" type="#_x0000_t202" style="position:absolute;margin-left:60pt;margin-top:1.5pt;width:340pt;height:{height}pt;'
    'z-index:{order};visibility:hidden" fillcolor="#ffffe1" o:insetmode="auto"><v:fill color2="#ffffe1"/><v:shadow on="t" color="black" obscured="t"/>'
    '<v:path o:connecttype="none"/><v:textbox style="mso-direction-alt:auto"><div style="text-align:left"></div></v:textbox>'
    '<x:ClientData ObjectType="Note"><x:MoveWithCells/><x:SizeWithCells/><x:Anchor>{left}, 15, {top}, 2, {right}, 31, {bottom}, 4</x:Anchor>'
    "<x:AutoFill>False</x:AutoFill><x:Row>{row}</x:Row><x:Column>{column}</x:Column></x:ClientData></v:shape>"
)


def comment(parts: Parts, sheet: str, number: int, told: Mapping[str, str]) -> None:
    """Set comments at addresses of the sheet that lies in part ``sheet``; ``number`` keeps its shapes apart from others'.

    Raises ``Unmarkable``.
    """
    where = parts.related(sheet, "comments")
    if where is None:
        where = parts.free_name("xl/comments_thads{}.xml")
        parts.members[where] = _EMPTY
        parts.declare(where, _TYPE)
        parts.relate(sheet, "comments", where)
    xml = parts.members[where]
    if xml.count(b"<authors") != 1 or b"<commentList" not in xml:
        raise strange(where)
    author = len(re.findall(rb"<author\b", xml))
    xml = _into_list(xml, b"authors", f"<author>{AUTHOR}</author>".encode(), where)
    lone: dict[str, str] = {}
    for address, words in told.items():
        theirs = re.search(rb'<comment\b[^<>]*\bref="' + address.encode() + rb'"[^<>]*>.*?</comment>', xml, re.DOTALL)
        if theirs:
            xml = xml[: theirs.start()] + _appended(theirs[0], words, where) + xml[theirs.end() :]
        else:
            lone[address] = words
    entries = "".join(
        f'<comment ref="{address}" authorId="{author}"><text>{_run(words)}</text></comment>'
        for address, words in lone.items()
    )
    parts.members[where] = _into_list(xml, b"commentList", entries.encode(), where)
    _draw(parts, sheet, number, lone)


def _appended(theirs: bytes, words: str, part: str) -> bytes:
    """Return an office's comment with ours behind it."""
    end = theirs.rfind(b"</text>")
    if end < 0:
        raise strange(part)
    body = theirs[theirs.index(b"<text") : end]
    plain = re.fullmatch(rb"(<text[^<>]*>)(<t\b[^<>]*>.*?</t>|<t\b[^<>]*/>)", body, re.DOTALL)
    if plain:  # text without runs stands alone in its element
        theirs = theirs.replace(body, plain[1] + b"<r>" + plain[2] + b"</r>", 1)
        end = theirs.rfind(b"</text>")
    return theirs[:end] + _run(f"\n\n{OUR_START}{words}").encode() + theirs[end:]


def _draw(parts: Parts, sheet: str, number: int, told: Mapping[str, str]) -> None:
    where = parts.related(sheet, "vmlDrawing")
    xml = parts.members[sheet]
    if b"<legacyDrawing " not in xml:
        where = parts.free_name("xl/drawings/vml_thads{}.vml")
        parts.members[where] = _EMPTY_VML.format(number=number).encode()
        parts.declare_suffix("vml", _VML_TYPE)
        identity = parts.relate(sheet, "vmlDrawing", where)
        tag = f'<legacyDrawing xmlns:r="{RELATIONS}" r:id="{identity}"/>'.encode()
        at = before(xml, AFTER_DRAWINGS, sheet)
        parts.members[sheet] = xml[:at] + tag + xml[at:]
    if where is None or where not in parts.members or PurePosixPath(where).suffix != ".vml":
        raise strange(sheet)
    drawing = parts.members[where]
    last = max([number * 1024, *(int(shape) for shape in re.findall(rb'id="_x0000_s(\d+)"', drawing))])
    shapes = "".join(
        _shape(last + place, place, address, words) for place, (address, words) in enumerate(told.items(), 1)
    )
    parts.members[where] = into(drawing, b"xml", shapes.encode(), part=where)


def _shape(shape: int, order: int, address: str, words: str) -> str:
    letters = address.rstrip("0123456789")
    row, column = int(address[len(letters) :]) - 1, column_number(letters)
    lines = sum(1 + len(line) // LETTERS_A_LINE for line in words.split("\n"))
    return _SHAPE.format(
        shape=shape, order=order, height=13 * lines, row=row, column=column, left=column + 1, right=column + 1 + WIDTH,
        top=max(row - 1, 0), bottom=max(row - 1, 0) + max(3, lines),
    )  # fmt: skip


def _run(words: str) -> str:
    return (
        '<r><rPr><sz val="9"/><color indexed="81"/><rFont val="Tahoma"/><family val="2"/></rPr>'
        f'<t xml:space="preserve">{text(words)}</t></r>'
    )


def _into_list(xml: bytes, element: bytes, content: bytes, part: str) -> bytes:
    """Put ``content`` at the end of an element that stands once in the part."""
    end = xml.find(b"</" + element + b">")
    if end >= 0:
        return xml[:end] + content + xml[end:]
    closed = re.search(rb"<" + element + rb"\s*/>", xml)
    if closed is None:
        raise strange(part)
    return xml[: closed.start()] + b"<" + element + b">" + content + b"</" + element + b">" + xml[closed.end() :]
