"""What stands around a figure: the phrases and words met on the way back from it, and right behind it."""

from dataclasses import dataclass
from typing import Any

from pipeline.cells.narrative.marks import TextMark
from pipeline.cells.narrative.phrases import PhraseMeaning

# What may stand between a figure and its phrase.
_BOUNDARIES = {"(", ",", ";", ":"}
_LEADING_KINDS = {"fillers", "hedges", "lead", "period"}
_SKIPPED_KINDS = {"fillers", "base_words", "place", "whole", "period", "topic", "spoilers", "last_year"}


@dataclass
class Way:
    """What was met on the way back from a figure."""

    meaning: PhraseMeaning | None = None
    reaches_figure: bool = False
    lead: str | None = None
    is_linked: bool = False
    is_fresh: bool = False  # only fillers stand between the figure and a comma, a bracket or the figure before
    is_next: bool = False  # nothing but punctuation stands between the two figures
    basis: str | None = None
    base: str | None = None
    hedge: TextMark | None = None
    comparison: TextMark | None = None


@dataclass
class Tail:
    """What stands right behind a figure."""

    meaning: PhraseMeaning | None = None
    basis: str | None = None
    base: str | None = None
    is_target: bool = False
    comparison: TextMark | None = None
    is_odd: bool = False  # a word that may change the sense
    is_odd_comparison: bool = False  # compared with something other than last year or a base
    is_last: bool = True  # a sign or nothing follows
    length: int = 0  # marks that belong to this figure


class Surroundings:
    """Reads what belongs to a figure before and behind it, in the words of a language (``narrative.yaml``)."""

    def __init__(self, entry: dict[str, Any]) -> None:
        self.comparisons = set(entry["comparisons"])
        self.base_words = set(entry["base_words"])
        self.hedges = set(entry["hedges"])
        self.spoilers = set(entry["spoilers"])

    def read_back(self, marks: list[TextMark], index: int, start: int, has_figure: bool) -> Way:
        """Walk back from a figure; marks before ``start`` belong to the previous figure."""
        way, n, commas, is_spoiled = Way(is_next=True), index - 1, False, False
        if n >= start and (marks[n].kind == "hedges" or marks[n].key in self.hedges):
            way.hedge, n = marks[n], n - 1
        while n >= start:
            mark = marks[n]
            if mark.kind == "sign":
                way.is_fresh = way.is_fresh or (not is_spoiled and mark.key in _BOUNDARIES)
                if mark.key == ")" and (opening := _opening_bracket(marks, n, start)) is not None:
                    n = opening
                elif mark.key in (",", ";"):
                    commas = True
            elif mark.kind == "basis":
                way.basis = way.basis or mark.value
            elif mark.kind == "lead":
                if way.lead:
                    return way
                way.lead = mark.value
            elif mark.kind == "compare":
                way.comparison = mark
            elif mark.kind == "links":
                way.is_linked = True
            elif mark.kind == "measure":
                if _is_spoiled(marks, n, start, self.spoilers):
                    return way
                base_position = self._base_word(marks, n, start)
                if base_position is not None and _has_measure(marks[start:base_position]):
                    way.base, n = mark.value.measure, base_position
                elif commas and way.lead is None:
                    return way
                else:
                    way.meaning = mark.value
                    return way
            elif mark.kind not in _SKIPPED_KINDS:
                way.is_next = False
                return way
            if mark.kind not in ("sign", "links", "basis"):
                way.is_next = False
            is_spoiled = is_spoiled or mark.kind == "spoilers" or mark.key in self.spoilers
            n -= 1
        way.reaches_figure = has_figure
        way.is_fresh = way.is_fresh or not is_spoiled
        return way

    def read_tail(self, marks: list[TextMark], index: int) -> Tail:
        """Read what stands right behind a figure and belongs to it."""
        read_tail, n = Tail(), index + 1
        if n < len(marks) and marks[n].kind == "basis":
            read_tail.basis, n = marks[n].value, n + 1
        if n < len(marks) and marks[n].kind in ("compare", "last_year"):
            read_tail.comparison, n = marks[n], n + 1
        elif n < len(marks) and marks[n].key in self.base_words | self.comparisons:
            measure_position = n + 1
            while measure_position < len(marks) and marks[measure_position].kind == "fillers":
                measure_position += 1
            if (
                measure_position < len(marks)
                and marks[measure_position].kind == "measure"
                and not _leads_on(marks, measure_position)
            ):
                meaning = marks[measure_position].value
                read_tail.is_target, read_tail.base = meaning.measure == "target", meaning.measure or "?"
                n = measure_position + 1
            else:
                read_tail.is_odd_comparison = marks[n].key in self.comparisons
        elif n < len(marks) and marks[n].kind == "measure" and not _leads_on(marks, n):
            meaning = marks[n].value
            read_tail.meaning, read_tail.is_target, n = meaning, meaning.measure == "target", n + 1
        elif n < len(marks) and marks[n].kind in ("word", "neutral", "blockers"):
            read_tail.is_odd = True
        read_tail.is_last = index + 1 >= len(marks) or marks[index + 1].kind in ("sign", "compare")
        read_tail.length = n - index - 1
        return read_tail

    def _base_word(self, marks: list[TextMark], index: int, start: int) -> int | None:
        """Return where "trên" stands before the measure at ``index``: it is then the base of a ratio."""
        n = index - 1
        while n >= start and marks[n].kind == "fillers" and marks[n].key not in self.base_words:
            n -= 1
        is_base = n >= start and (marks[n].key in self.base_words or marks[n].key == "/")
        return n if is_base else None


def _has_measure(marks: list[TextMark]) -> bool:
    """Tell whether a ratio's own phrase stands before its base."""
    return any(mark.kind == "measure" for mark in marks)


def _opening_bracket(marks: list[TextMark], index: int, start: int) -> int | None:
    return next((n for n in range(index - 1, max(start, index - 40) - 1, -1) if marks[n].key == "("), None)


def _is_spoiled(marks: list[TextMark], index: int, start: int, spoilers: set[str]) -> bool:
    return index > start and (marks[index - 1].kind == "spoilers" or marks[index - 1].key in spoilers)


def _leads_on(marks: list[TextMark], index: int) -> bool:
    """Tell whether the phrase at ``index`` belongs to the figure behind it."""
    n = index + 1
    while n < len(marks) and (marks[n].kind in _LEADING_KINDS or marks[n].key in (":", "=", "-")):
        n += 1
    return n < len(marks) and marks[n].kind == "figure"
