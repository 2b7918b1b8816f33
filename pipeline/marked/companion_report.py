"""A separate report of findings for a file that cannot be marked itself: a CSV, a text, an unusual workbook."""

from pathlib import Path

from pipeline.marked.dossier import Dossier, marks
from pipeline.marked.findings_sheet import add_findings_sheet
from pipeline.marked.parts import TYPES, Parts
from pipeline.marked.quotation_sheet import add_quotation_sheet
from pipeline.marked.styles import Styles
from pipeline.text.spelling import decode

_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONSHIPS = "http://schemas.openxmlformats.org/package/2006/relationships"
_DOCUMENT = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_BLANK = {
    TYPES: (
        f'{_XML}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_SHEET_TYPE}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{_SHEET_TYPE}.styles+xml"/></Types>'
    ),
    "_rels/.rels": (
        f'{_XML}<Relationships xmlns="{_RELATIONSHIPS}">'
        f'<Relationship Id="rId1" Type="{_DOCUMENT}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
    ),
    "xl/workbook.xml": f'{_XML}<workbook xmlns="{_MAIN}"><bookViews><workbookView/></bookViews><sheets></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": (
        f'{_XML}<Relationships xmlns="{_RELATIONSHIPS}">'
        f'<Relationship Id="rId1" Type="{_DOCUMENT}/styles" Target="styles.xml"/></Relationships>'
    ),
    "xl/styles.xml": (
        f'{_XML}<styleSheet xmlns="{_MAIN}">'
        '<fonts count="1"><font><sz val="11"/><name val="Times New Roman"/></font></fonts>'
        '<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>'
        '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
        '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
        '<cellXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/></cellXfs></styleSheet>'
    ),
}


def companion_report(path: Path, dossier: Dossier, reason: tuple[str, str] = ("", "")) -> bytes:
    """Return a workbook with the findings and, for a text or CSV, the lines that they refer to.

    ``reason`` says in both languages why a workbook was not marked itself.
    """
    parts = Parts({name: content.encode() for name, content in _BLANK.items()})
    styles = Styles(parts)
    content = None if any(reason) else decode(path.read_bytes())
    if content is not None:
        add_quotation_sheet(parts, styles, content, marks(dossier))
    add_findings_sheet(parts, styles, dossier, unmarked_reason=reason)
    return parts.pack()
