"""The first sheet of a marked workbook: every finding with a link to its cell, the likely cause, and what to do.

The sheet names the version that it is about, so that a repaired file is recognised as the answer to it, and keeps the
original fill of each marked cell.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from pipeline.cells.findings_sign import NAME, sign
from pipeline.marked import words
from pipeline.marked.dossier import Dossier
from pipeline.marked.lost_formulas import LostFormula
from pipeline.marked.parts import RELATIONS, Parts, attribute, insertion_point, text, unusual_part
from pipeline.marked.styles import COLOURS, IN_THE_SUM, Styles
from pipeline.vocabulary import OnFail, Severity, Verdict

#: Findings that are listed; the rest is counted.
MOST_FINDINGS = 500
LONGEST_SHEET_NAME = 31
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"
_AFTER_NAMES = frozenset(
    (b"calcPr", b"oleSize", b"customWorkbookViews", b"pivotCaches", b"smartTagPr", b"smartTagTypes", b"webPublishing", b"fileRecoveryPr",
     b"webPublishObjects", b"extLst", b"mc:AlternateContent")
)  # fmt: skip
FILL_COLUMNS = ("J", "K", "L", "M")  # hidden: sheet, address, fill before it was marked, whether it was locked
UNLOCKED = "locked"
_SMALLER = 1.15  # English text is set smaller
_LETTERS_A_LINE = 1.35  # letters that a column of width one holds in 10 point


@dataclass
class _Sheet:
    rows: list[str] = field(default_factory=list)
    merged: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)


class OriginalFill(NamedTuple):
    """A marked cell as it was before: its fill, and whether marking unlocked it."""

    sheet: str
    address: str
    fill: str
    is_unlocked: bool = False


@dataclass(frozen=True)
class _Line:
    texts: list[str]  # a text per column
    severity: Severity
    place: str | None  # the target of its link


@dataclass(frozen=True)
class _Formats:
    title: int
    text: int
    english: int
    verdict: int
    head: int
    cell: int
    english_cell: int
    link: int
    severity: dict[Severity, int]
    in_the_sum: int


def add_findings_sheet(
    parts: Parts,
    styles: Styles,
    dossier: Dossier,
    *,
    unmarked_reason: tuple[str, str] | None = None,
    original_fills: Sequence[OriginalFill] = (),
    formulas: Mapping[tuple[str, str], LostFormula] | None = None,
    protection: tuple[str, str] | None = None,
) -> None:
    """Add the findings sheet before all others and have the workbook open on it; raises ``Unmarkable``.

    ``unmarked_reason`` says in both languages why the office's own file is not marked; ``original_fills`` are those of
    the marked cells, ``formulas`` those that a figure was typed over; ``protection`` is a note on protected sheets.
    """
    head = [*_head(dossier, formats := _formats(styles), unmarked_reason, protection)]
    sheet = _sheet(
        dossier, formats, head, linked_sheets=set(parts.sheets), formulas=formulas or {}, original_fills=original_fills
    )
    part = parts.free_name("xl/worksheets/sheet_thads{}.xml")
    parts.members[part] = sheet
    parts.declare(part, _TYPE)
    relation = parts.relate(parts.workbook, "worksheet", part)
    _register(parts, relation, _free_sheet_name(parts), dossier.submission["submission_id"])


def _register(parts: Parts, relation: str, name: str, submission_id: str) -> None:
    """Enter the new sheet as the first, shift the defined names of the others, and have the workbook open on it."""
    xml = parts.members[parts.workbook]
    sheets_tag = re.search(rb"<sheets\b[^<>]*>", xml)
    ids = [int(number) for number in re.findall(rb'\bsheetId="(\d+)"', xml)]
    if sheets_tag is None:
        raise unusual_part(parts.workbook)
    entry = (
        f'<sheet xmlns:r="{RELATIONS}" name={attribute(name)} sheetId="{max(ids, default=0) + 1}" r:id="{relation}"/>'
    )
    xml = xml[: sheets_tag.end()] + entry.encode() + xml[sheets_tag.end() :]
    xml = re.sub(rb'(\blocalSheetId=")(\d+)', lambda m: m[1] + str(int(m[2]) + 1).encode(), xml)
    xml = re.sub(rb'\s(?:activeTab|firstSheet)="\d+"', b"", xml)
    defined_name = f'<definedName name="{NAME}" hidden="1">"{submission_id}"</definedName>'.encode()
    if b"</definedNames>" in xml:
        xml = xml.replace(b"</definedNames>", defined_name + b"</definedNames>", 1)
    else:
        position = insertion_point(xml, _AFTER_NAMES, parts.workbook)
        xml = xml[:position] + b"<definedNames>" + defined_name + b"</definedNames>" + xml[position:]
    parts.members[parts.workbook] = xml
    for part in parts.sheets.values():
        # With two sheets selected, what is typed into one would go into both.
        if part in parts.members:
            parts.members[part] = re.sub(rb'\stabSelected="(?:1|true)"', b"", parts.members[part])


def _free_sheet_name(parts: Parts) -> str:
    used_names = {name.casefold() for name in parts.sheets}
    name, number = words.SHEET, 2
    while name.casefold() in used_names:
        name, number = f"{words.SHEET} ({number})", number + 1
    return name[:LONGEST_SHEET_NAME]


def _sheet(
    dossier: Dossier,
    formats: _Formats,
    head: list[tuple[str, int]],
    *,
    linked_sheets: set[str],
    formulas: Mapping[tuple[str, str], LostFormula],
    original_fills: Sequence[OriginalFill],
) -> bytes:
    sheet = _Sheet()
    last = "ABCDEFG"[len(words.COLUMNS) - 1]
    width = sum(width for _, width in words.COLUMNS)
    for content, style in head:
        number = len(sheet.rows) + 1
        sheet.rows.append(_row(number, [(content, style)], _height(content, width)))
        sheet.merged.append(f"A{number}:{last}{number}")
    _legend(sheet, formats)
    number = len(sheet.rows) + 1
    sheet.rows.append(_row(number, [(title, formats.head) for title, _ in words.COLUMNS], 44))
    header = number
    for line in _lines(dossier, linked_sheets, formulas):
        number = len(sheet.rows) + 1
        cell_formats = [formats.cell] * len(words.COLUMNS)
        cell_formats[1], cell_formats[6] = formats.severity[line.severity], formats.english_cell
        cell_formats[3] = formats.link if line.place else formats.cell
        height = max(
            *(_height(content, width) for content, (_, width) in zip(line.texts[:6], words.COLUMNS[:6], strict=True)),
            _height(line.texts[6], words.COLUMNS[6][1] * _SMALLER),
        )
        sheet.rows.append(_row(number, list(zip(line.texts, cell_formats, strict=True)), height))
        if line.place:
            address, display = attribute(line.place), attribute(line.texts[3])
            sheet.links.append(f'<hyperlink ref="D{number}" location={address} display={display}/>')
    overflow = len(dossier.findings) - MOST_FINDINGS
    for count, sentences in ((overflow, words.MORE), (dossier.silenced, words.SILENCED)):
        if count > 0:
            number = len(sheet.rows) + 1
            content = " ".join(sentence.format(count=count) for sentence in sentences)
            sheet.rows.append(_row(number, [(content, formats.text)], _height(content, width)))
            sheet.merged.append(f"A{number}:{last}{number}")
    return _xml(_with_original_fills(sheet.rows, original_fills), sheet, header)


def _head(
    dossier: Dossier, formats: _Formats, unmarked_reason: tuple[str, str] | None, protection: tuple[str, str] | None
) -> Iterator[tuple[str, int]]:
    submission = dossier.submission
    verdict = words.VERDICT.get(Verdict(dossier.verdict), words.VERDICT[Verdict.ACCEPTED])
    yield words.TITLE, formats.title
    yield sign(submission["submission_id"]), formats.english
    yield words.report_title(dossier), formats.text
    if submission["is_simulated"]:
        yield words.SIMULATED, formats.verdict
    yield verdict[0], formats.verdict
    yield verdict[1], formats.english
    instructions = words.HOW_TO
    if unmarked_reason:
        sentences = (
            [
                sentence.format(why=reason)
                for sentence, reason in zip(words.UNMARKED_REASON, unmarked_reason, strict=True)
            ]
            if all(unmarked_reason)
            else []
        )
        if sentences:
            yield sentences[0], formats.text
            yield sentences[1], formats.english
        instructions = (
            words.HOW_TO_REPORT[0].format(file=submission["file_name"]),
            words.HOW_TO_REPORT[1].format(file=submission["file_name"]),
        )
    yield instructions[0], formats.text
    yield instructions[1], formats.english
    if protection:
        yield protection[0], formats.text
        yield protection[1], formats.english


def _legend(sheet: _Sheet, formats: _Formats) -> None:
    number = len(sheet.rows) + 1
    entries = [("", 0), *((f"{vi}\n{en}", formats.severity[level]) for level, (vi, en) in words.SEVERITY.items())]
    entries.append((f"{words.IN_THE_SUM[0]} · {words.IN_THE_SUM[1]}", formats.in_the_sum))
    sheet.rows.append(_row(number, entries, 28))


def _lines(
    dossier: Dossier, linked_sheets: set[str], formulas: Mapping[tuple[str, str], LostFormula]
) -> Iterator[_Line]:
    """Yield a line per finding, up to ``MOST_FINDINGS``."""
    number = 0
    for cause in dossier.causes:
        first = number + 1
        for finding in cause.findings:
            number += 1
            if number > MOST_FINDINGS:
                return
            severity, on_fail = Severity(finding["severity"]), words.ON_FAIL[OnFail(finding["on_fail"])]
            vi, en = words.SEVERITY[severity]
            cells = dossier.own_cells(finding)
            cell = next(iter(cells), None)
            sheet = cell["sheet"] if cell else finding["sheet"]
            # A hypothesis, where there is one, says the same as the story of the rule.
            if number > first:
                cause_vi, cause_en = words.SAME_CAUSE[0].format(number=first), words.SAME_CAUSE[1].format(number=first)
            elif words.is_explained(cause.hypotheses):
                cause_vi, cause_en = (
                    words.hypothesis_lines(cause.hypotheses, vi=True),
                    words.hypothesis_lines(cause.hypotheses, vi=False),
                )
            elif finding["story_vi"]:
                cause_vi, cause_en = f"{finding['story_vi']}.", f"{finding['story_en']}."
            else:
                cause_vi = cause_en = ""
            lost_formula = formulas.get((cell["sheet"], cell["address"])) if cell and cell["role"] == "found" else None
            formula = words.formula(lost_formula) if lost_formula else ("", "")
            texts = [
                str(number),
                f"{vi} ({on_fail[0]})\n{en}",
                sheet or "",
                cell["address"] if cell else "",
                "\n".join(part for part in (finding["sentence_vi"], formula[0]) if part),
                cause_vi,
                "\n".join(part for part in (finding["sentence_en"], formula[1], cause_en and f"→ {cause_en}") if part),
            ]
            is_linked = cell is not None and cell["sheet"] in linked_sheets
            yield _Line(texts, severity, _location(cell["sheet"], cell["address"]) if cell and is_linked else None)


def _location(sheet: str, address: str) -> str:
    """Return a reference to a cell; a quote within a sheet's name is doubled."""
    name = sheet.replace("'", "''")
    return f"'{name}'!{address}"


def _with_original_fills(rows: list[str], original_fills: Sequence[OriginalFill]) -> list[str]:
    """Write the original fills of marked cells into hidden columns, a line a cell."""
    rows = list(rows)
    for place, original_fill in enumerate(original_fills):
        values = (*original_fill[:3], UNLOCKED if original_fill.is_unlocked else "")
        cells = "".join(
            _cell(f"{letter}{place + 1}", value, 0) for letter, value in zip(FILL_COLUMNS, values, strict=True)
        )
        if place < len(rows):
            rows[place] = rows[place].removesuffix("</row>") + cells + "</row>"
        else:
            rows.append(f'<row r="{place + 1}">{cells}</row>')
    return rows


def _row(number: int, cells: list[tuple[str, int]], height: float) -> str:
    cells_xml = "".join(
        _cell(f"{letter}{number}", value, style) for letter, (value, style) in zip("ABCDEFG", cells, strict=False)
    )
    return f'<row r="{number}" ht="{height}" customHeight="1">{cells_xml}</row>'


def _cell(address: str, value: str, style: int) -> str:
    # An inline string: whatever it begins with, it is never a formula.
    return f'<c r="{address}" s="{style}" t="inlineStr"><is><t xml:space="preserve">{text(value)}</t></is></c>'


def _height(content: str, width: float) -> float:
    """Return the height of a row in points that the text needs."""
    lines = sum(1 + int(len(line) / (width * _LETTERS_A_LINE)) for line in content.split("\n"))
    return min(409.0, 4 + 13.5 * lines)


def _formats(styles: Styles) -> _Formats:
    grey = "FF595959"
    return _Formats(
        title=styles.text_style(bold=True, size=14),
        text=styles.text_style(),
        english=styles.text_style(italic=True, size=9, colour=grey),
        verdict=styles.text_style(bold=True, size=11),
        head=styles.text_style(bold=True, fill_colour="FFD9D9D9", has_border=True, is_centred=True),
        cell=styles.text_style(has_border=True),
        english_cell=styles.text_style(has_border=True, size=9, colour=grey),
        link=styles.text_style(has_border=True, is_link=True, bold=True),
        severity={
            level: styles.text_style(has_border=True, bold=True, fill_colour=colour)
            for level, colour in COLOURS.items()
        },
        in_the_sum=styles.text_style(has_border=True, fill_colour=IN_THE_SUM),
    )


def _xml(rows: list[str], sheet: _Sheet, header: int) -> bytes:
    columns = "".join(
        f'<col min="{place}" max="{place}" width="{width}" customWidth="1"/>'
        for place, (_, width) in enumerate(words.COLUMNS, 1)
    )
    links = f"<hyperlinks>{''.join(sheet.links)}</hyperlinks>" if sheet.links else ""
    merged = "".join(f'<mergeCell ref="{reference}"/>' for reference in sheet.merged)
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        '<sheetPr><tabColor rgb="FFC00000"/><pageSetUpPr fitToPage="1"/></sheetPr>'
        '<sheetViews><sheetView showGridLines="0" tabSelected="1" workbookViewId="0"/></sheetViews>'
        f'<sheetFormatPr defaultRowHeight="15"/><cols>{columns}<col min="10" max="13" width="9" hidden="1" customWidth="1"/></cols>'
        f"<sheetData>{''.join(rows)}</sheetData>"
        f'<mergeCells count="{len(sheet.merged)}">{merged}</mergeCells>{links}'
        '<pageMargins left="0.4" right="0.4" top="0.5" bottom="0.5" header="0.3" footer="0.3"/>'
        '<pageSetup paperSize="9" orientation="landscape" fitToHeight="0"/></worksheet>'
    ).encode()
