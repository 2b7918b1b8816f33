"""An office's workbook with its failing cells coloured and commented, and the findings on a sheet before all others."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from pipeline.cells.workbook import findings_sheets
from pipeline.marked import words
from pipeline.marked.cells import holds_formula, protection_of, restyled, style_at
from pipeline.marked.comments import comment
from pipeline.marked.dossier import Dossier, Mark, marks
from pipeline.marked.findings_sheet import Ground, add_findings_sheet
from pipeline.marked.lost_formulas import lost_formulas
from pipeline.marked.parts import Parts
from pipeline.marked.styles import COLOURS, IN_THE_SUM, Styles
from pipeline.marked.unmarked import take_marks_away

#: Comments on one sheet; cells beyond it are coloured, and their findings listed.
MOST_COMMENTS = 200


def marked_workbook(path: Path, dossier: Dossier) -> bytes:
    """Return the workbook at ``path`` with the dossier told in it; raises ``Unmarkable``.

    Formats, formulas and their values, widths, merged cells, pictures, charts, macros, hidden sheets, protection and the
    office's own comments stay as they are; only cells to mend are unlocked. The same workbook and dossier give the same bytes.
    """
    parts = Parts.of(path)
    styles = Styles(parts)
    if dossier.submission["in_answer_to"]:
        take_marks_away(parts, styles, findings_sheets(path))
    by_sheet: dict[str, dict[str, Mark]] = {}
    for (sheet, address), mark in marks(dossier).items():
        if sheet in parts.sheets:
            by_sheet.setdefault(sheet, {})[address] = mark
    lost = lost_formulas(dossier)
    grounds: list[Ground] = []
    for number, (sheet, part) in enumerate(parts.sheets.items(), start=1):
        shown = by_sheet.get(sheet, {})
        if not shown or part not in parts.members:
            continue
        xml = parts.members[part]
        wishes: dict[str, Callable[[int], int]] = {}
        for address, mark in shown.items():
            style = style_at(xml, address)
            has_formula = holds_formula(xml, address)
            is_unlocked = styles.is_locked(style) and (mark.is_to_mend or not has_formula)
            grounds.append(Ground(sheet, address, styles.fill_of(style), is_unlocked))
            wishes[address] = partial(_marked, styles, _colour(mark), is_unlocked)
            if has_formula:
                lost.pop((sheet, address), None)
        parts.members[part] = restyled(xml, wishes, part)
        spoken = [(address, mark) for address, mark in shown.items() if mark.severity or mark.hypotheses]
        comments = {
            address: words.comment(mark, lost.get((sheet, address))) for address, mark in spoken[:MOST_COMMENTS]
        }
        comment(parts, part, number, comments)
    add_findings_sheet(parts, styles, dossier, grounds=grounds, lost=lost, protection=_protection(parts, set(by_sheet)))
    return parts.packed()


def _marked(styles: Styles, colour: str, is_unlocked: bool, style: int) -> int:
    shaded = styles.shaded(style, colour)
    return styles.unlocked(shaded) if is_unlocked else shaded


def _protection(parts: Parts, sheets: set[str]) -> tuple[str, str] | None:
    """Return what is said of the protection of the sheets that are marked."""
    tags = {name: protection_of(parts.members.get(part, b"")) for name, part in parts.sheets.items() if name in sheets}
    return words.protection(
        [name for name, tag in tags.items() if tag and tag.has_password], any(tag is not None for tag in tags.values())
    )


def _colour(mark: Mark) -> str:
    return COLOURS[mark.severity] if mark.severity else IN_THE_SUM
