"""A letter as a Word document: the same bytes for the same letter, so that one which is written again is the same file.

The few tags of WordprocessingML that a letter needs are written here; a library would stamp every copy with the hour.
"""

import io
import re
import zipfile
from collections.abc import Iterator
from xml.sax.saxutils import escape

from pipeline.alerts.letter import Letter
from pipeline.text.markup import plain

_SAME_TIME = (1980, 1, 1, 0, 0, 0)
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_PARTS = {
    "[Content_Types].xml": f'{_XML}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/><Override PartName="/word/document.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>',
    "_rels/.rels": f'{_XML}<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>',
}
# A4 with the margins of official documents: 20 mm above and below, 30 left, 20 right; in twentieths of a point.
_PAGE = (
    '<w:sectPr><w:pgSz w:w="11906" w:h="16838"/><w:pgMar w:top="1134" w:right="1134" w:bottom="1134" w:left="1701" '
    'w:header="567" w:footer="567" w:gutter="0"/></w:sectPr>'
)


def letter_docx(letter: Letter) -> bytes:
    """Return the letter as a .docx file."""
    document = f'{_XML}<w:document xmlns:w="{_W}"><w:body>{"".join(_body(letter))}{_PAGE}</w:body></w:document>'
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in (_PARTS | {"word/document.xml": document}).items():
            entry = zipfile.ZipInfo(name, _SAME_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    return buffer.getvalue()


def _body(letter: Letter) -> Iterator[str]:
    if letter.is_simulated:
        yield _paragraph("**SỐ LIỆU MÔ PHỎNG · SIMULATED FIGURES**", align="center")
    if letter.is_published:
        yield _paragraph(f"**Ghi chú về số liệu công bố{f': {letter.addressee}' if letter.addressee else ''}**")
        yield _paragraph(f"Nguồn: {letter.source_ref}. Số liệu công bố, không gửi cho đơn vị; dùng cho nhóm dữ liệu.")
    else:
        sender_lines = [f"**{letter.body.upper()}**", letter.department, f"Số: {letter.number}"]
        yield _heading(sender_lines, letter.dated)
        yield _paragraph(f"**{letter.subject}**", align="center", space_before=240)
        recipient = letter.addressee or f"người gửi tệp “{letter.source_ref}”"
        succession = f" (kế thừa nhiệm vụ của {letter.stands_for})" if letter.stands_for else ""
        yield _paragraph(f"Kính gửi: **{recipient}**{succession}", indent=850)
        if letter.copy_to:
            yield _paragraph(f"Đồng kính gửi: {letter.copy_to}", indent=850)
    for line in letter.opening:
        yield _paragraph(line, first_line=567, align="both")
    for number, point in enumerate(letter.points, start=1):
        form = f"**{point.form}.** " if point.form else ""
        yield _paragraph(f"{number}. {form}{point.sentence}", first_line=567, align="both")
        if point.others:
            yield _paragraph(point.others, first_line=567, align="both")
        if point.story:
            yield _paragraph(
                f"Gợi ý: {point.story}. Hệ thống không tự sửa số liệu.", first_line=567, align="both", italic=True
            )
    for line in letter.request:
        yield _paragraph(line, first_line=567, align="both")
    if letter.answer_by:
        yield _paragraph(
            f"Hạn trả lời: **{letter.answer_by}**, ngày cơ quan cấp trên phải tổng hợp số liệu của kỳ này.",
            first_line=567,
        )
    if not letter.is_published:
        yield _paragraph(f"Mọi vướng mắc, đề nghị liên hệ: {letter.contact}.", first_line=567, align="both")
        yield _paragraph("Trân trọng./.", first_line=567)
    yield _paragraph(f"In English. {' '.join(letter.english)}", space_before=240, italic=True, size=20)
    for number, point in enumerate(letter.points, start=1):
        if point.english:
            story = f" Likely story: {point.english_story}." if point.english_story else ""
            yield _paragraph(f"{number}. {point.english}{story}", size=20)


def _heading(sender_lines: list[str], date_line: str) -> str:
    """Return the sender on the left and the day on the right, as a table without borders."""
    cells = (("".join(_paragraph(line, align="center", space_after=0) for line in sender_lines), 5200),
             (_paragraph(date_line, align="center", italic=True, space_after=0), 3871))  # fmt: skip
    columns = "".join(f'<w:gridCol w:w="{width}"/>' for _, width in cells)
    cells_xml = "".join(
        f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/></w:tcPr>{content}</w:tc>' for content, width in cells
    )
    return f'<w:tbl><w:tblPr><w:tblW w:w="9071" w:type="dxa"/></w:tblPr><w:tblGrid>{columns}</w:tblGrid><w:tr>{cells_xml}</w:tr></w:tbl>'


def _paragraph(
    text: str, *, align: str = "left", space_before: int = 0, space_after: int = 120, first_line: int = 0, indent: int = 0,
    italic: bool = False, size: int = 26,
) -> str:  # fmt: skip
    runs = "".join(
        _run(piece, bold=number % 2 == 1, italic=italic, size=size)
        for number, piece in enumerate(re.split(r"\*\*", plain(text)))
        if piece
    )
    return (
        f'<w:p><w:pPr><w:spacing w:before="{space_before}" w:after="{space_after}"/><w:ind w:left="{indent}" w:firstLine="{first_line}"/>'
        f'<w:jc w:val="{align}"/></w:pPr>{runs}</w:p>'
    )


def _run(text: str, *, bold: bool, italic: bool, size: int) -> str:
    font = '<w:rFonts w:ascii="Times New Roman" w:hAnsi="Times New Roman" w:cs="Times New Roman"/>'
    style = f"{'<w:b/>' if bold else ''}{'<w:i/>' if italic else ''}"
    return (
        f'<w:r><w:rPr>{font}{style}<w:sz w:val="{size}"/></w:rPr><w:t xml:space="preserve">{escape(text)}</w:t></w:r>'
    )
