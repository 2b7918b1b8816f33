"""The first sheet of a marked workbook: every finding with a link to its cell, the likely cause, and what to do.

The sheet names the version that it speaks of, so that a repaired file is known as the answer to it, and keeps what the
ground of each marked cell was before.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from pipeline.cells.findings_sign import NAME, sign
from pipeline.marked import words
from pipeline.marked.dossier import Dossier
from pipeline.marked.lost_formulas import LostFormula
from pipeline.marked.parts import RELATIONS, Parts, attribute, before, strange, text
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
GROUNDS = ("J", "K", "L", "M")  # hidden: sheet, address, ground before it was marked, whether it was locked
UNLOCKED = "locked"
_SMALLER = 1.15  # what is said in English is smaller
_LETTERS_A_LINE = 1.35  # letters that a column of width one holds in 10 point


@dataclass
class _Sheet:
    rows: list[str] = field(default_factory=list)
    merged: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)


class Ground(NamedTuple):
    """What a marked cell was before: its ground, and whether marking unlocked it."""

    sheet: str
    address: str
    fill: str
    is_unlocked: bool = False


@dataclass(frozen=True)
class _Line:
    told: list[str]  # a text per column
    severity: Severity
    place: str | None  # where its link leads


@dataclass(frozen=True)
class _Looks:
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
    beside: tuple[str, str] | None = None,
    grounds: Sequence[Ground] = (),
    lost: Mapping[tuple[str, str], LostFormula] | None = None,
    protection: tuple[str, str] | None = None,
) -> None:
    """Set the findings sheet before all others and open the workbook on it; raises ``Unmarkable``.

    ``beside`` says in both languages why the office's own file is not marked; ``grounds`` tell of the cells that are;
    ``lost`` are formulas that a figure was typed over, ``protection`` is what is said of protected sheets.
    """
    head = [*_head(dossier, looks := _looks(styles), beside, protection)]
    sheet = _sheet(dossier, looks, head, linked=set(parts.sheets), lost=lost or {}, grounds=grounds)
    part = parts.free_name("xl/worksheets/sheet_thads{}.xml")
    parts.members[part] = sheet
    parts.declare(part, _TYPE)
    relation = parts.relate(parts.workbook, "worksheet", part)
    _register(parts, relation, _free_sheet_name(parts), dossier.submission["submission_id"])


def _register(parts: Parts, relation: str, name: str, submission_id: str) -> None:
    """Enter the new sheet as the first, the names of others one further, and open the workbook on it."""
    xml = parts.members[parts.workbook]
    opening = re.search(rb"<sheets\b[^<>]*>", xml)
    ids = [int(number) for number in re.findall(rb'\bsheetId="(\d+)"', xml)]
    if opening is None:
        raise strange(parts.workbook)
    entry = (
        f'<sheet xmlns:r="{RELATIONS}" name={attribute(name)} sheetId="{max(ids, default=0) + 1}" r:id="{relation}"/>'
    )
    xml = xml[: opening.end()] + entry.encode() + xml[opening.end() :]
    xml = re.sub(rb'(\blocalSheetId=")(\d+)', lambda m: m[1] + str(int(m[2]) + 1).encode(), xml)
    xml = re.sub(rb'\s(?:activeTab|firstSheet)="\d+"', b"", xml)
    named = f'<definedName name="{NAME}" hidden="1">"{submission_id}"</definedName>'.encode()
    if b"</definedNames>" in xml:
        xml = xml.replace(b"</definedNames>", named + b"</definedNames>", 1)
    else:
        at = before(xml, _AFTER_NAMES, parts.workbook)
        xml = xml[:at] + b"<definedNames>" + named + b"</definedNames>" + xml[at:]
    parts.members[parts.workbook] = xml
    for part in parts.sheets.values():
        # Two sheets chosen at once would be written into together.
        if part in parts.members:
            parts.members[part] = re.sub(rb'\stabSelected="(?:1|true)"', b"", parts.members[part])


def _free_sheet_name(parts: Parts) -> str:
    taken = {name.casefold() for name in parts.sheets}
    name, number = words.SHEET, 2
    while name.casefold() in taken:
        name, number = f"{words.SHEET} ({number})", number + 1
    return name[:LONGEST_SHEET_NAME]


def _sheet(
    dossier: Dossier,
    looks: _Looks,
    head: list[tuple[str, int]],
    *,
    linked: set[str],
    lost: Mapping[tuple[str, str], LostFormula],
    grounds: Sequence[Ground],
) -> bytes:
    sheet = _Sheet()
    last = "ABCDEFG"[len(words.COLUMNS) - 1]
    width = sum(width for _, width in words.COLUMNS)
    for told, style in head:
        number = len(sheet.rows) + 1
        sheet.rows.append(_row(number, [(told, style)], _height(told, width)))
        sheet.merged.append(f"A{number}:{last}{number}")
    _legend(sheet, looks)
    number = len(sheet.rows) + 1
    sheet.rows.append(_row(number, [(title, looks.head) for title, _ in words.COLUMNS], 44))
    header = number
    for line in _lines(dossier, linked, lost):
        number = len(sheet.rows) + 1
        plain = [looks.cell] * len(words.COLUMNS)
        plain[1], plain[6] = looks.severity[line.severity], looks.english_cell
        plain[3] = looks.link if line.place else looks.cell
        height = max(
            *(_height(told, width) for told, (_, width) in zip(line.told[:6], words.COLUMNS[:6], strict=True)),
            _height(line.told[6], words.COLUMNS[6][1] * _SMALLER),
        )
        sheet.rows.append(_row(number, list(zip(line.told, plain, strict=True)), height))
        if line.place:
            address, shown = attribute(line.place), attribute(line.told[3])
            sheet.links.append(f'<hyperlink ref="D{number}" location={address} display={shown}/>')
    more = len(dossier.findings) - MOST_FINDINGS
    for count, sentences in ((more, words.MORE), (dossier.silenced, words.SILENCED)):
        if count > 0:
            number = len(sheet.rows) + 1
            told = " ".join(sentence.format(count=count) for sentence in sentences)
            sheet.rows.append(_row(number, [(told, looks.text)], _height(told, width)))
            sheet.merged.append(f"A{number}:{last}{number}")
    return _xml(_with_grounds(sheet.rows, grounds), sheet, header)


def _head(
    dossier: Dossier, looks: _Looks, beside: tuple[str, str] | None, protection: tuple[str, str] | None
) -> Iterator[tuple[str, int]]:
    said = dossier.submission
    verdict = words.VERDICT.get(Verdict(dossier.verdict), words.VERDICT[Verdict.ACCEPTED])
    yield words.TITLE, looks.title
    yield sign(said["submission_id"]), looks.english
    yield words.whose(dossier), looks.text
    if said["is_simulated"]:
        yield words.SIMULATED, looks.verdict
    yield verdict[0], looks.verdict
    yield verdict[1], looks.english
    how = words.HOW_TO
    if beside:
        why = (
            [sentence.format(why=reason) for sentence, reason in zip(words.WHY_BESIDE, beside, strict=True)]
            if all(beside)
            else []
        )
        if why:
            yield why[0], looks.text
            yield why[1], looks.english
        how = (
            words.HOW_TO_BESIDE[0].format(file=said["file_name"]),
            words.HOW_TO_BESIDE[1].format(file=said["file_name"]),
        )
    yield how[0], looks.text
    yield how[1], looks.english
    if protection:
        yield protection[0], looks.text
        yield protection[1], looks.english


def _legend(sheet: _Sheet, looks: _Looks) -> None:
    number = len(sheet.rows) + 1
    shown = [("", 0), *((f"{vi}\n{en}", looks.severity[level]) for level, (vi, en) in words.SEVERITY.items())]
    shown.append((f"{words.IN_THE_SUM[0]} · {words.IN_THE_SUM[1]}", looks.in_the_sum))
    sheet.rows.append(_row(number, shown, 28))


def _lines(dossier: Dossier, linked: set[str], lost: Mapping[tuple[str, str], LostFormula]) -> Iterator[_Line]:
    """Yield a line per finding, as far as they are listed."""
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
            # The story of a rule says the same as a hypothesis where there is one.
            if number > first:
                likely, english = words.SAME_CAUSE[0].format(number=first), words.SAME_CAUSE[1].format(number=first)
            elif words.is_explained(cause.hypotheses):
                likely, english = words.guesses(cause.hypotheses, vi=True), words.guesses(cause.hypotheses, vi=False)
            elif finding["story_vi"]:
                likely, english = f"{finding['story_vi']}.", f"{finding['story_en']}."
            else:
                likely = english = ""
            typed_over = lost.get((cell["sheet"], cell["address"])) if cell and cell["role"] == "found" else None
            formula = words.formula(typed_over) if typed_over else ("", "")
            told = [
                str(number),
                f"{vi} ({on_fail[0]})\n{en}",
                sheet or "",
                cell["address"] if cell else "",
                "\n".join(part for part in (finding["sentence_vi"], formula[0]) if part),
                likely,
                "\n".join(part for part in (finding["sentence_en"], formula[1], english and f"→ {english}") if part),
            ]
            is_linked = cell is not None and cell["sheet"] in linked
            yield _Line(told, severity, _location(cell["sheet"], cell["address"]) if cell and is_linked else None)


def _location(sheet: str, address: str) -> str:
    """Return a reference to a cell; a quote within a sheet's name is written twice."""
    quoted = sheet.replace("'", "''")
    return f"'{quoted}'!{address}"


def _with_grounds(rows: list[str], grounds: Sequence[Ground]) -> list[str]:
    """Write what the marked cells were before into hidden columns, a line a cell."""
    rows = list(rows)
    for place, ground in enumerate(grounds):
        told = (*ground[:3], UNLOCKED if ground.is_unlocked else "")
        cells = "".join(_cell(f"{letter}{place + 1}", value, 0) for letter, value in zip(GROUNDS, told, strict=True))
        if place < len(rows):
            rows[place] = rows[place].removesuffix("</row>") + cells + "</row>"
        else:
            rows.append(f'<row r="{place + 1}">{cells}</row>')
    return rows


def _row(number: int, cells: list[tuple[str, int]], height: float) -> str:
    written = "".join(
        _cell(f"{letter}{number}", value, style) for letter, (value, style) in zip("ABCDEFG", cells, strict=False)
    )
    return f'<row r="{number}" ht="{height}" customHeight="1">{written}</row>'


def _cell(address: str, value: str, style: int) -> str:
    # A string of the cell's own: whatever it begins with, it is never a formula.
    return f'<c r="{address}" s="{style}" t="inlineStr"><is><t xml:space="preserve">{text(value)}</t></is></c>'


def _height(told: str, width: float) -> float:
    """Return the height of a row in points in which the text has room."""
    lines = sum(1 + int(len(line) / (width * _LETTERS_A_LINE)) for line in told.split("\n"))
    return min(409.0, 4 + 13.5 * lines)


def _looks(styles: Styles) -> _Looks:
    grey = "FF595959"
    return _Looks(
        title=styles.written(bold=True, size=14),
        text=styles.written(),
        english=styles.written(italic=True, size=9, colour=grey),
        verdict=styles.written(bold=True, size=11),
        head=styles.written(bold=True, ground="FFD9D9D9", boxed=True, centred=True),
        cell=styles.written(boxed=True),
        english_cell=styles.written(boxed=True, size=9, colour=grey),
        link=styles.written(boxed=True, link=True, bold=True),
        severity={level: styles.written(boxed=True, bold=True, ground=colour) for level, colour in COLOURS.items()},
        in_the_sum=styles.written(boxed=True, ground=IN_THE_SUM),
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
