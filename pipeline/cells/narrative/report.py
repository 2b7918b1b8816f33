"""Makes a submission of a narrative report: whose it is, for which period, its cells and what was not understood.

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
from pipeline.cells.narrative.marks import Mark, Sentence, Span, sentences, unwrapped
from pipeline.cells.narrative.meaning import Cell, Meaning, Puzzle
from pipeline.cells.narrative.phrases import Narrative, narrative
from pipeline.cells.narrative.places import Places
from pipeline.cells.narrative.words import words
from pipeline.cells.numerals import NotANumber
from pipeline.cells.reading import Reading, unreadable
from pipeline.forms import Forms
from pipeline.registry.units import UnitRegistry
from pipeline.text.spelling import fold
from pipeline.vocabulary import CellState, Origin

MOST_CHARACTERS = 200_000  # seventy pages; no report is a third as long
MOST_REMARKS = 500  # of one code
AROUND = 30  # characters of the text quoted on each side

#: Reasons why a number is not read of which its author is asked; of all others it is noted.
_ASKED = {"ambiguous_number": "ambiguous_number", "number_too_long": "not_a_number", "too_large": "not_a_number"}


class Note(NamedTuple):
    """A number that became no cell: the code of its remark and the reason in both languages."""

    code: str
    mark: Mark
    vi: str
    en: str


def read_narrative(text: str, receipt: dict, forms: Forms, registry: UnitRegistry) -> Reading:
    """Read one report; a text in which no agency and no figure of ours is found is an unreadable submission."""
    told = narrative(forms.folder)
    read = text[:MOST_CHARACTERS]
    tokens = unwrapped(list(words(read)))
    period, period_mark = _period(sentences(tokens, read, told, lambda *_: 0), told)
    places = Places(told, registry, _last_day(period_mark) or receipt["received_at"].date())
    found = list(sentences(tokens, read, told, places.length_at))
    everything = [mark for sentence in found for mark in sentence.marks]
    unit, unit_mark = places.reporting([mark for mark in everything if mark.kind == "place"])
    if unit is None:
        unit_mark = next((mark for mark in everything if mark.kind == "whole" and mark.value == "nation"), None)
        unit = registry.units[registry.nation] if unit_mark else None
    results = Meaning(told, forms, unit, period, places.unit_at).read(found)
    cells, notes = _settled(results, read, told)
    if not cells and (unit is None or not notes):
        sentence = told.entry["remarks"]["no_figures"]
        row = unreadable(receipt, "no_figures", sentence["vi"], sentence["en"])
        nothing = Reading.nothing()
        return Reading(pl.DataFrame([row], schema=tables.SUBMISSIONS), nothing.cells, nothing.remarks)
    notes += [Note("ignored", mark, mark.value, mark.value) for mark in everything if mark.kind == "ignored"]
    remarks = _remarks(notes, read, told)
    if len(text) > MOST_CHARACTERS:
        remarks.append(_too_much(f"c{MOST_CHARACTERS}-{len(text)}", told))
    # A text that says so is as little a real report as a workbook that does.
    is_simulated = any(fold(said) in fold(text) for said in forms.header["simulated"].values())
    claim = Claim(
        sheet=receipt["file_name"],
        place="text",
        origin=Origin.PUBLISHED,
        # Files of one name come from many offices: the name alone would make each a version of the other.
        series=PurePosixPath(receipt["file_name"]).stem,
        is_name_shared=True,
        period=(period.start, period.end) if period else (None, None),
        period_quotes=(_quote(period_mark, read),) if period_mark else (),
        unit=_quote(unit_mark, read) if unit_mark else None,
        recognised=unit.key if unit else None,
        forms=frozenset(cell.form for cell in cells if cell.form) or frozenset({"figures"} if notes else ()),
        is_simulated=is_simulated,
    )
    submission, of_header = admit(claim, receipt, forms, registry)
    row = submission.row()
    remarks += of_header
    place = {"submission_id": row["submission_id"], "sheet": receipt["file_name"]}
    return Reading(
        pl.DataFrame([row], schema=tables.SUBMISSIONS),
        pl.DataFrame(
            [_row(cell, read) | place | {"period_id": row["period_id"]} for cell in cells], schema=tables.CELLS
        ),
        pl.DataFrame([remark | place for remark in remarks], schema=tables.REMARKS),
    )


def address(mark: Mark) -> str:
    """Return the address of a span of characters, half-open: ``c1234-1250``."""
    return f"c{mark.start}-{mark.end}"


def _period(found: Iterable[Sentence], told: Narrative) -> tuple[Period | None, Mark | None]:
    """Return the first period that is named other than to compare with it, and where; no period is "13 tháng"."""
    comparisons = set(told.entry["comparisons"])
    for sentence in found:
        before: Mark | None = None
        for mark in sentence.marks:
            is_compared = before is not None and (before.key in comparisons or before.kind == "last_year")
            if mark.kind == "period" and isinstance(mark.value, Span) and mark.value.year and not is_compared:
                return Period(mark.value.year, mark.value.months or 12), mark
            if mark.kind == "no_period" and not is_compared:
                return None, mark
            before = mark
    return None, None


def _last_day(period_mark: Mark | None) -> date | None:
    """Return the last day of the period that is written, by its year where there is no such period."""
    span = period_mark.value if period_mark else None
    return Period(span.year, span.months or 12).end if span and span.year else None


def _quote(mark: Mark, text: str) -> Quote:
    return Quote(text[mark.start : mark.end], address(mark))


def _row(cell: Cell, text: str) -> dict:
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


def _settled(results: list[Cell | Puzzle], text: str, told: Narrative) -> tuple[list[Cell], list[Note]]:
    """Return one cell per place and notes on the rest; values that contradict each other are none of them taken."""
    of_place: dict[tuple[str, str, str], list[Cell]] = {}
    notes, cells = [], []
    for result in results:
        if isinstance(result, Cell):
            of_place.setdefault((result.form, result.row, result.column), []).append(result)
        else:
            notes.append(_puzzled(result, told))
    for printed in of_place.values():
        finest = min(printed, key=lambda cell: cell.rounding)
        least, greatest = (extreme(printed, key=lambda cell: cell.value) for extreme in (min, max))
        if max(cell.value - cell.rounding for cell in printed) > min(cell.value + cell.rounding for cell in printed):
            for cell in printed:
                other = (least if cell.value != least.value else greatest).mark
                said = {"other": f"«{text[other.start : other.end]}», {address(other)}"}
                notes.append(_puzzled(Puzzle(cell.mark, "contradiction", said), told))
            continue
        cells.append(finest)
        at = address(finest.mark)
        notes += [Note("repeated", cell.mark, at, at) for cell in printed if cell is not finest]
    return sorted(cells, key=lambda cell: cell.mark.start), notes


def _puzzled(puzzle: Puzzle, told: Narrative) -> Note:
    numeral = puzzle.mark.value
    if puzzle.reason == "number" and isinstance(numeral, NotANumber):
        return Note(_ASKED.get(numeral.reason, "not_understood"), puzzle.mark, numeral.vi, numeral.en)
    code = _ASKED.get(puzzle.reason, "not_understood")
    vi, en = (told.reason(puzzle.reason, language, **puzzle.details) for language in ("vi", "en"))
    return Note(code, puzzle.mark, vi, en)


def _remarks(notes: list[Note], text: str, told: Narrative) -> list[dict]:
    """Return the first remarks of each code, in the order of the text; a last one tells where the list breaks off."""
    kept, seen = [], Counter[str]()
    for note in sorted(notes, key=lambda note: note.mark.start):
        seen[note.code] += 1
        if seen[note.code] <= MOST_REMARKS:
            kept.append(_remark(note, text, told))
        elif seen[note.code] == MOST_REMARKS + 1 and note.code != "ignored":
            kept.append(_too_much(address(note.mark), told))
    return kept


def _remark(note: Note, text: str, told: Narrative) -> dict:
    start, end = note.mark.start, note.mark.end
    around = " ".join(text[max(0, start - AROUND) : end + AROUND].split())
    said = {"address": address(note.mark), "raw": text[start:end], "around": around}
    sentence = told.entry["remarks"][note.code]
    return {
        "code": note.code,
        "address": said["address"],
        "raw": said["raw"],
        "detail_vi": sentence["vi"].format(**said, reason=note.vi),
        "detail_en": sentence["en"].format(**said, reason=note.en),
    }


def _too_much(at: str, told: Narrative) -> dict:
    sentence = told.entry["remarks"]["too_much"]
    vi, en = (sentence[language].format(address=at) for language in ("vi", "en"))
    return {"code": "not_understood", "address": at, "detail_vi": vi, "detail_en": en}
