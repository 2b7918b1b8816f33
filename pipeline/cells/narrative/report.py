"""Makes a submission of a narrative report: its unit and period, its cells, and what was not understood.

The address of a cell is its span of characters in the decoded text, half-open: ``c1234-1250`` is ``text[1234:1250]``,
and that is the cell's ``raw``. The figures are of origin ``published``: such reports are printed for readers, leave
most cells of the forms out, and carry no signature, so nothing is returned for what they do not say.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import date
from pathlib import PurePosixPath
from typing import NamedTuple

import polars as pl

from pipeline import tables
from pipeline.calendar.periods import Period
from pipeline.cells.gate import Claim, Quote, admit
from pipeline.cells.narrative.marks import Sentence, Span, TextMark, sentences, unwrap
from pipeline.cells.narrative.meaning import Meaning, NarrativeCell, Puzzle
from pipeline.cells.narrative.phrases import Narrative, narrative
from pipeline.cells.narrative.places import Places
from pipeline.cells.narrative.words import words
from pipeline.cells.numerals import NotANumber
from pipeline.cells.reading import ReadingResult, unreadable_row
from pipeline.forms import Forms
from pipeline.registry.units import UnitRegistry
from pipeline.text.spelling import fold
from pipeline.vocabulary import CellState, Origin

MOST_CHARACTERS = 200_000  # seventy pages; no report is a third as long
MOST_REMARKS = 500  # of one code
CONTEXT_CHARACTERS = 30  # characters of the text quoted on each side

#: Reasons for not reading a number about which its author is asked; any other is only noted.
_QUESTION_CODES = {
    "ambiguous_number": "ambiguous_number",
    "number_too_long": "not_a_number",
    "too_large": "not_a_number",
}


class Note(NamedTuple):
    """A number that became no cell: the code of its remark and the reason in both languages."""

    code: str
    mark: TextMark
    vi: str
    en: str


def read_narrative(text: str, receipt: dict, forms: Forms, registry: UnitRegistry) -> ReadingResult:
    """Read one report; a text in which no agency and no figure of ours is found is an unreadable submission."""
    declaration = narrative(forms.folder)
    excerpt = text[:MOST_CHARACTERS]
    tokens = unwrap(list(words(excerpt)))
    period, period_mark = _period(sentences(tokens, excerpt, declaration, lambda *_: 0), declaration)
    places = Places(declaration, registry, _last_day(period_mark) or receipt["received_at"].date())
    text_sentences = list(sentences(tokens, excerpt, declaration, places.name_length))
    marks = [mark for sentence in text_sentences for mark in sentence.marks]
    unit, unit_mark = places.reporting_unit([mark for mark in marks if mark.kind == "place"])
    if unit is None:
        unit_mark = next((mark for mark in marks if mark.kind == "whole" and mark.value == "nation"), None)
        unit = registry.units[registry.nation] if unit_mark else None
    results = Meaning(declaration, forms, unit, period, places.find_unit).read(text_sentences)
    cells, notes = _settle(results, excerpt, declaration)
    if not cells and (unit is None or not notes):
        sentence = declaration.entry["remarks"]["no_figures"]
        row = unreadable_row(receipt, "no_figures", sentence["vi"], sentence["en"])
        empty = ReadingResult.empty()
        return ReadingResult(pl.DataFrame([row], schema=tables.SUBMISSIONS), empty.cells, empty.remarks)
    notes += [Note("ignored", mark, mark.value, mark.value) for mark in marks if mark.kind == "ignored"]
    remarks = _remarks(notes, excerpt, declaration)
    if len(text) > MOST_CHARACTERS:
        remarks.append(_too_much(f"c{MOST_CHARACTERS}-{len(text)}", declaration))
    # A text that says so is as little a real report as a workbook that does.
    is_simulated = any(fold(notice) in fold(text) for notice in forms.header["simulated"].values())
    claim = Claim(
        sheet=receipt["file_name"],
        place="text",
        origin=Origin.PUBLISHED,
        # Files of one name come from many offices: the name alone would make each a version of the other.
        series=PurePosixPath(receipt["file_name"]).stem,
        is_name_shared=True,
        period=(period.start, period.end) if period else (None, None),
        period_quotes=(_quote(period_mark, excerpt),) if period_mark else (),
        unit=_quote(unit_mark, excerpt) if unit_mark else None,
        recognised=unit.key if unit else None,
        forms=frozenset(cell.form for cell in cells if cell.form) or frozenset({"figures"} if notes else ()),
        is_simulated=is_simulated,
    )
    submission, header_remarks = admit(claim, receipt, forms, registry)
    row = submission.row()
    remarks += header_remarks
    place = {"submission_id": row["submission_id"], "sheet": receipt["file_name"]}
    return ReadingResult(
        pl.DataFrame([row], schema=tables.SUBMISSIONS),
        pl.DataFrame(
            [_row(cell, excerpt) | place | {"period_id": row["period_id"]} for cell in cells], schema=tables.CELLS
        ),
        pl.DataFrame([remark | place for remark in remarks], schema=tables.REMARKS),
    )


def address(mark: TextMark) -> str:
    """Return the address of a span of characters, half-open: ``c1234-1250``."""
    return f"c{mark.start}-{mark.end}"


def _period(text_sentences: Iterable[Sentence], declaration: Narrative) -> tuple[Period | None, TextMark | None]:
    """Return the first period that is not merely compared with, and its mark; "13 tháng" is no period."""
    comparisons = set(declaration.entry["comparisons"])
    for sentence in text_sentences:
        previous: TextMark | None = None
        for mark in sentence.marks:
            is_compared = previous is not None and (previous.key in comparisons or previous.kind == "last_year")
            if mark.kind == "period" and isinstance(mark.value, Span) and mark.value.year and not is_compared:
                return Period(mark.value.year, mark.value.months or 12), mark
            if mark.kind == "no_period" and not is_compared:
                return None, mark
            previous = mark
    return None, None


def _last_day(period_mark: TextMark | None) -> date | None:
    """Return the last day of the period as written; where there is no such period, that of its year."""
    span = period_mark.value if period_mark else None
    return Period(span.year, span.months or 12).end if span and span.year else None


def _quote(mark: TextMark, text: str) -> Quote:
    return Quote(text[mark.start : mark.end], address(mark))


def _row(cell: NarrativeCell, text: str) -> dict:
    return {
        "form": cell.form,
        "row_code": cell.row,
        "column_code": cell.column,
        "unit": cell.unit,
        "value": cell.value,
        "rounding": cell.rounding,
        "state": str(CellState.NUMBER),
        "raw": text[cell.mark.start : cell.mark.end],
        "address": address(cell.mark),
    }


def _settle(
    results: list[NarrativeCell | Puzzle], text: str, declaration: Narrative
) -> tuple[list[NarrativeCell], list[Note]]:
    """Return one cell per place, and notes on the rest; where values contradict each other, none is taken."""
    cells_by_place: dict[tuple[str, str, str], list[NarrativeCell]] = {}
    notes, cells = [], []
    for result in results:
        if isinstance(result, NarrativeCell):
            cells_by_place.setdefault((result.form, result.row, result.column), []).append(result)
        else:
            notes.append(_note_on(result, declaration))
    for occurrences in cells_by_place.values():
        finest = min(occurrences, key=lambda cell: cell.rounding)
        least, greatest = (extreme(occurrences, key=lambda cell: cell.value) for extreme in (min, max))
        if max(cell.value - cell.rounding for cell in occurrences) > min(
            cell.value + cell.rounding for cell in occurrences
        ):
            for cell in occurrences:
                other = (least if cell.value != least.value else greatest).mark
                details = {"other": f"«{text[other.start : other.end]}», {address(other)}"}
                notes.append(_note_on(Puzzle(cell.mark, "contradiction", details), declaration))
            continue
        cells.append(finest)
        finest_address = address(finest.mark)
        notes += [
            Note("repeated", cell.mark, finest_address, finest_address) for cell in occurrences if cell is not finest
        ]
    return sorted(cells, key=lambda cell: cell.mark.start), notes


def _note_on(puzzle: Puzzle, declaration: Narrative) -> Note:
    numeral = puzzle.mark.value
    if puzzle.reason == "number" and isinstance(numeral, NotANumber):
        return Note(_QUESTION_CODES.get(numeral.reason, "not_understood"), puzzle.mark, numeral.vi, numeral.en)
    code = _QUESTION_CODES.get(puzzle.reason, "not_understood")
    vi, en = (declaration.reason(puzzle.reason, language, **puzzle.details) for language in ("vi", "en"))
    return Note(code, puzzle.mark, vi, en)


def _remarks(notes: list[Note], text: str, declaration: Narrative) -> list[dict]:
    """Return the first remarks of each code, in the order of the text; a last one says where the list breaks off."""
    remarks, counts = [], Counter[str]()
    for note in sorted(notes, key=lambda note: note.mark.start):
        counts[note.code] += 1
        if counts[note.code] <= MOST_REMARKS:
            remarks.append(_remark(note, text, declaration))
        elif counts[note.code] == MOST_REMARKS + 1 and note.code != "ignored":
            remarks.append(_too_much(address(note.mark), declaration))
    return remarks


def _remark(note: Note, text: str, declaration: Narrative) -> dict:
    start, end = note.mark.start, note.mark.end
    context = " ".join(text[max(0, start - CONTEXT_CHARACTERS) : end + CONTEXT_CHARACTERS].split())
    details = {"address": address(note.mark), "raw": text[start:end], "around": context}
    sentence = declaration.entry["remarks"][note.code]
    return {
        "code": note.code,
        "address": details["address"],
        "raw": details["raw"],
        "detail_vi": sentence["vi"].format(**details, reason=note.vi),
        "detail_en": sentence["en"].format(**details, reason=note.en),
    }


def _too_much(location: str, declaration: Narrative) -> dict:
    sentence = declaration.entry["remarks"]["too_much"]
    vi, en = (sentence[language].format(address=location) for language in ("vi", "en"))
    return {"code": "not_understood", "address": location, "detail_vi": vi, "detail_en": en}
