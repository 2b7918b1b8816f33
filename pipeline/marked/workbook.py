"""An office's workbook with its failing cells coloured and commented, and the findings on a sheet before all others."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from pipeline.cells.workbook import findings_sheets
from pipeline.marked import words
from pipeline.marked.cells import holds_formula, protection_of, restyle, style_at
from pipeline.marked.comments import add_comments
from pipeline.marked.dossier import CellMark, Dossier, marks
from pipeline.marked.findings_sheet import OriginalFill, add_findings_sheet
from pipeline.marked.lost_formulas import lost_formulas
from pipeline.marked.parts import Parts
from pipeline.marked.styles import COLOURS, IN_THE_SUM, Styles
from pipeline.marked.unmarking import remove_marks

#: Comments on one sheet; cells beyond it are coloured, and their findings listed.
MOST_COMMENTS = 200


def mark_workbook(path: Path, dossier: Dossier) -> bytes:
    """Return the workbook at ``path`` marked with the dossier; raises ``Unmarkable``.

    Formats, formulas and their values, widths, merged cells, pictures, charts, macros, hidden sheets, protection and the
    office's own comments stay as they are; only cells to mend are unlocked. The same workbook and dossier give the same bytes.
    """
    parts = Parts.open(path)
    styles = Styles(parts)
    if dossier.submission["in_answer_to"]:
        remove_marks(parts, styles, findings_sheets(path))
    marks_by_sheet: dict[str, dict[str, CellMark]] = {}
    for (sheet, address), mark in marks(dossier).items():
        if sheet in parts.sheets:
            marks_by_sheet.setdefault(sheet, {})[address] = mark
    formulas = lost_formulas(dossier)
    original_fills: list[OriginalFill] = []
    for number, (sheet, part) in enumerate(parts.sheets.items(), start=1):
        sheet_marks = marks_by_sheet.get(sheet, {})
        if not sheet_marks or part not in parts.members:
            continue
        xml = parts.members[part]
        style_changes: dict[str, Callable[[int], int]] = {}
        for address, mark in sheet_marks.items():
            style = style_at(xml, address)
            has_formula = holds_formula(xml, address)
            is_unlocked = styles.is_locked(style) and (mark.is_to_mend or not has_formula)
            original_fills.append(OriginalFill(sheet, address, styles.fill_of(style), is_unlocked))
            style_changes[address] = partial(_mark_style, styles, _colour(mark), is_unlocked)
            if has_formula:
                formulas.pop((sheet, address), None)
        parts.members[part] = restyle(xml, style_changes, part)
        commented_marks = [(address, mark) for address, mark in sheet_marks.items() if mark.severity or mark.hypotheses]
        comments = {
            address: words.comment_text(mark, formulas.get((sheet, address)))
            for address, mark in commented_marks[:MOST_COMMENTS]
        }
        add_comments(parts, part, number, comments)
    add_findings_sheet(
        parts,
        styles,
        dossier,
        original_fills=original_fills,
        formulas=formulas,
        protection=_protection(parts, set(marks_by_sheet)),
    )
    return parts.pack()


def _mark_style(styles: Styles, colour: str, is_unlocked: bool, style: int) -> int:
    shaded = styles.shade(style, colour)
    return styles.unlock(shaded) if is_unlocked else shaded


def _protection(parts: Parts, sheets: set[str]) -> tuple[str, str] | None:
    """Return the note on the protection of the marked sheets."""
    protections = {
        name: protection_of(parts.members.get(part, b"")) for name, part in parts.sheets.items() if name in sheets
    }
    return words.protection(
        [name for name, protection in protections.items() if protection and protection.has_password],
        any(protection is not None for protection in protections.values()),
    )


def _colour(mark: CellMark) -> str:
    return COLOURS[mark.severity] if mark.severity else IN_THE_SUM
