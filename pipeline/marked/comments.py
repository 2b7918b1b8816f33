"""Comments on cells, in the older form that every spreadsheet program shows; an office's own comments stay."""

import re
from collections.abc import Mapping
from pathlib import PurePosixPath

from pipeline.marked.parts import RELATIONS, Parts, append_child, insertion_point, text, unusual_part
from pipeline.text.address import column_number

AUTHOR = "THADS"
OUR_START = "— THADS —\n"  # separates ours from the office's own comment before it
WIDTH, LETTERS_A_LINE = 6, 56  # in columns; and how many letters fit on a line of that width
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


def add_comments(parts: Parts, sheet: str, number: int, texts: Mapping[str, str]) -> None:
    """Add comments to cells of the sheet in part ``sheet``; ``number`` keeps its shapes apart from other sheets' shapes.

    Raises ``Unmarkable``.
    """
    comments_part = parts.related_part(sheet, "comments")
    if comments_part is None:
        comments_part = parts.free_name("xl/comments_thads{}.xml")
        parts.members[comments_part] = _EMPTY
        parts.declare(comments_part, _TYPE)
        parts.relate(sheet, "comments", comments_part)
    xml = parts.members[comments_part]
    if xml.count(b"<authors") != 1 or b"<commentList" not in xml:
        raise unusual_part(comments_part)
    author = len(re.findall(rb"<author\b", xml))
    xml = _append_to_list(xml, b"authors", f"<author>{AUTHOR}</author>".encode(), comments_part)
    new_texts: dict[str, str] = {}
    for address, comment_text in texts.items():
        office_comment = re.search(
            rb'<comment\b[^<>]*\bref="' + address.encode() + rb'"[^<>]*>.*?</comment>', xml, re.DOTALL
        )
        if office_comment:
            xml = (
                xml[: office_comment.start()]
                + _append_comment(office_comment[0], comment_text, comments_part)
                + xml[office_comment.end() :]
            )
        else:
            new_texts[address] = comment_text
    entries = "".join(
        f'<comment ref="{address}" authorId="{author}"><text>{_run(comment_text)}</text></comment>'
        for address, comment_text in new_texts.items()
    )
    parts.members[comments_part] = _append_to_list(xml, b"commentList", entries.encode(), comments_part)
    _draw(parts, sheet, number, new_texts)


def _append_comment(office_comment: bytes, comment_text: str, part: str) -> bytes:
    """Return an office's comment with ours appended."""
    end = office_comment.rfind(b"</text>")
    if end < 0:
        raise unusual_part(part)
    body = office_comment[office_comment.index(b"<text") : end]
    plain = re.fullmatch(rb"(<text[^<>]*>)(<t\b[^<>]*>.*?</t>|<t\b[^<>]*/>)", body, re.DOTALL)
    if plain:  # text without runs must be alone in its element
        office_comment = office_comment.replace(body, plain[1] + b"<r>" + plain[2] + b"</r>", 1)
        end = office_comment.rfind(b"</text>")
    return office_comment[:end] + _run(f"\n\n{OUR_START}{comment_text}").encode() + office_comment[end:]


def _draw(parts: Parts, sheet: str, number: int, texts: Mapping[str, str]) -> None:
    drawing_part = parts.related_part(sheet, "vmlDrawing")
    xml = parts.members[sheet]
    if b"<legacyDrawing " not in xml:
        drawing_part = parts.free_name("xl/drawings/vml_thads{}.vml")
        parts.members[drawing_part] = _EMPTY_VML.format(number=number).encode()
        parts.declare_suffix("vml", _VML_TYPE)
        identity = parts.relate(sheet, "vmlDrawing", drawing_part)
        tag = f'<legacyDrawing xmlns:r="{RELATIONS}" r:id="{identity}"/>'.encode()
        position = insertion_point(xml, AFTER_DRAWINGS, sheet)
        parts.members[sheet] = xml[:position] + tag + xml[position:]
    if drawing_part is None or drawing_part not in parts.members or PurePosixPath(drawing_part).suffix != ".vml":
        raise unusual_part(sheet)
    drawing = parts.members[drawing_part]
    last = max([number * 1024, *(int(shape) for shape in re.findall(rb'id="_x0000_s(\d+)"', drawing))])
    shapes = "".join(
        _shape(last + place, place, address, comment_text)
        for place, (address, comment_text) in enumerate(texts.items(), 1)
    )
    parts.members[drawing_part] = append_child(drawing, b"xml", shapes.encode(), part=drawing_part)


def _shape(shape: int, order: int, address: str, comment_text: str) -> str:
    letters = address.rstrip("0123456789")
    row, column = int(address[len(letters) :]) - 1, column_number(letters)
    lines = sum(1 + len(line) // LETTERS_A_LINE for line in comment_text.split("\n"))
    return _SHAPE.format(
        shape=shape, order=order, height=13 * lines, row=row, column=column, left=column + 1, right=column + 1 + WIDTH,
        top=max(row - 1, 0), bottom=max(row - 1, 0) + max(3, lines),
    )  # fmt: skip


def _run(comment_text: str) -> str:
    return (
        '<r><rPr><sz val="9"/><color indexed="81"/><rFont val="Tahoma"/><family val="2"/></rPr>'
        f'<t xml:space="preserve">{text(comment_text)}</t></r>'
    )


def _append_to_list(xml: bytes, element: bytes, content: bytes, part: str) -> bytes:
    """Put ``content`` at the end of an element that occurs once in the part."""
    end = xml.find(b"</" + element + b">")
    if end >= 0:
        return xml[:end] + content + xml[end:]
    empty_element = re.search(rb"<" + element + rb"\s*/>", xml)
    if empty_element is None:
        raise unusual_part(part)
    return (
        xml[: empty_element.start()]
        + b"<"
        + element
        + b">"
        + content
        + b"</"
        + element
        + b">"
        + xml[empty_element.end() :]
    )
