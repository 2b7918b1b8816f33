"""An office's workbook with its failing cells coloured and commented, and the findings on a sheet before all others."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from pipeline.cells.workbook import findings_sheets
from pipeline.marked import words
from pipeline.marked.cells import restyled, style_at
from pipeline.marked.comments import comment
from pipeline.marked.dossier import Dossier, Mark, marks
from pipeline.marked.findings_sheet import add_findings_sheet
from pipeline.marked.parts import Parts
from pipeline.marked.styles import COLOURS, IN_THE_SUM, Styles
from pipeline.marked.unmarked import take_marks_away

#: Comments on one sheet; cells beyond it are coloured, and their findings listed.
MOST_COMMENTS = 200


def marked_workbook(path: Path, dossier: Dossier) -> bytes:
    """Return the workbook at ``path`` with the dossier told in it; raises ``Unmarkable``.

    Formats, formulas and their values, widths, merged cells, pictures, charts, macros, hidden sheets and the office's own
    comments stay as they are. The same workbook and dossier give the same bytes.
    """
    parts = Parts.of(path)
    styles = Styles(parts)
    if dossier.submission["in_answer_to"]:
        take_marks_away(parts, styles, findings_sheets(path))
    by_sheet: dict[str, dict[str, Mark]] = {}
    for (sheet, address), mark in marks(dossier).items():
        if sheet in parts.sheets:
            by_sheet.setdefault(sheet, {})[address] = mark
    grounds = []
    for number, (sheet, part) in enumerate(parts.sheets.items(), start=1):
        shown = by_sheet.get(sheet, {})
        if not shown or part not in parts.members:
            continue
        xml = parts.members[part]
        grounds += [(sheet, address, styles.fill_of(style_at(xml, address))) for address in shown]
        wishes: dict[str, Callable[[int], int]] = {
            address: partial(styles.shaded, colour=_colour(mark)) for address, mark in shown.items()
        }
        parts.members[part] = restyled(xml, wishes, part)
        spoken = [(address, mark) for address, mark in shown.items() if mark.severity or mark.hypotheses]
        comment(parts, part, number, {address: words.comment(mark) for address, mark in spoken[:MOST_COMMENTS]})
    add_findings_sheet(parts, styles, dossier, grounds=grounds)
    return parts.packed()


def _colour(mark: Mark) -> str:
    return COLOURS[mark.severity] if mark.severity else IN_THE_SUM
