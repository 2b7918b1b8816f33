"""What stands around a figure: the phrases and words met on the way back from it, and right behind it."""

from dataclasses import dataclass
from typing import Any

from pipeline.cells.narrative.marks import Mark
from pipeline.cells.narrative.phrases import Say

# What may stand between a figure and its phrase.
_BOUNDARIES = {"(", ",", ";", ":"}
_LEADING_ON = {"fillers", "hedges", "lead", "period"}
_PASSED = {"fillers", "base_words", "place", "whole", "period", "topic", "spoilers", "last_year"}


@dataclass
class Way:
    """What was met on the way back from a figure."""

    say: Say | None = None
    reaches_figure: bool = False
    lead: str | None = None
    is_linked: bool = False
    is_fresh: bool = False  # only fillers stand between the figure and a comma, a bracket or the figure before
    is_next: bool = False  # nothing but punctuation stands between the two figures
    basis: str | None = None
    base: str | None = None
    hedge: Mark | None = None
    compared: Mark | None = None


@dataclass
class Tail:
    """What stands right behind a figure."""

    say: Say | None = None
    basis: str | None = None
    base: str | None = None
    is_target: bool = False
    compared: Mark | None = None
    is_odd: bool = False  # a word that may change the sense
    is_odd_comparison: bool = False  # compared with something else than last year or a base
    is_last: bool = True  # a sign or nothing follows
    used: int = 0  # marks that belong to this figure


class Surroundings:
    """Reads what belongs to a figure before and behind it, in the words of a language (``narrative.yaml``)."""

    def __init__(self, entry: dict[str, Any]) -> None:
        self.comparisons = set(entry["comparisons"])
        self.base_words = set(entry["base_words"])
        self.hedges = set(entry["hedges"])
        self.spoilers = set(entry["spoilers"])

    def back(self, marks: list[Mark], at: int, after: int, has_figure: bool) -> Way:
        """Walk back from a figure; marks before ``after`` belong to the figure before."""
        way, n, commas, is_spoiled = Way(is_next=True), at - 1, False, False
        if n >= after and (marks[n].kind == "hedges" or marks[n].key in self.hedges):
            way.hedge, n = marks[n], n - 1
        while n >= after:
            mark = marks[n]
            if mark.kind == "sign":
                way.is_fresh = way.is_fresh or (not is_spoiled and mark.key in _BOUNDARIES)
                if mark.key == ")" and (opened := _opening(marks, n, after)) is not None:
                    n = opened
                elif mark.key in (",", ";"):
                    commas = True
            elif mark.kind == "basis":
                way.basis = way.basis or mark.value
            elif mark.kind == "lead":
                if way.lead:
                    return way
                way.lead = mark.value
            elif mark.kind == "compare":
                way.compared = mark
            elif mark.kind == "links":
                way.is_linked = True
            elif mark.kind == "measure":
                if _is_spoiled(marks, n, after, self.spoilers):
                    return way
                based = self._base_word(marks, n, after)
                if based is not None and _has_measure(marks[after:based]):
                    way.base, n = mark.value.measure, based
                elif commas and way.lead is None:
                    return way
                else:
                    way.say = mark.value
                    return way
            elif mark.kind not in _PASSED:
                way.is_next = False
                return way
            if mark.kind not in ("sign", "links", "basis"):
                way.is_next = False
            is_spoiled = is_spoiled or mark.kind == "spoilers" or mark.key in self.spoilers
            n -= 1
        way.reaches_figure = has_figure
        way.is_fresh = way.is_fresh or not is_spoiled
        return way

    def tail(self, marks: list[Mark], at: int) -> Tail:
        """Read what stands right behind a figure and belongs to it."""
        tail, n = Tail(), at + 1
        if n < len(marks) and marks[n].kind == "basis":
            tail.basis, n = marks[n].value, n + 1
        if n < len(marks) and marks[n].kind in ("compare", "last_year"):
            tail.compared, n = marks[n], n + 1
        elif n < len(marks) and marks[n].key in self.base_words | self.comparisons:
            beyond = n + 1
            while beyond < len(marks) and marks[beyond].kind == "fillers":
                beyond += 1
            if beyond < len(marks) and marks[beyond].kind == "measure" and not _leads_on(marks, beyond):
                say = marks[beyond].value
                tail.is_target, tail.base = say.measure == "target", say.measure or "?"
                n = beyond + 1
            else:
                tail.is_odd_comparison = marks[n].key in self.comparisons
        elif n < len(marks) and marks[n].kind == "measure" and not _leads_on(marks, n):
            say = marks[n].value
            tail.say, tail.is_target, n = say, say.measure == "target", n + 1
        elif n < len(marks) and marks[n].kind in ("word", "neutral", "blockers"):
            tail.is_odd = True
        tail.is_last = at + 1 >= len(marks) or marks[at + 1].kind in ("sign", "compare")
        tail.used = n - at - 1
        return tail

    def _base_word(self, marks: list[Mark], at: int, after: int) -> int | None:
        """Return where "trên" stands before the measure at ``at``: it is then the base of a ratio."""
        n = at - 1
        while n >= after and marks[n].kind == "fillers" and marks[n].key not in self.base_words:
            n -= 1
        is_base = n >= after and (marks[n].key in self.base_words or marks[n].key == "/")
        return n if is_base else None


def _has_measure(marks: list[Mark]) -> bool:
    """Tell whether a ratio's own phrase stands before its base."""
    return any(mark.kind == "measure" for mark in marks)


def _opening(marks: list[Mark], at: int, after: int) -> int | None:
    return next((n for n in range(at - 1, max(after, at - 40) - 1, -1) if marks[n].key == "("), None)


def _is_spoiled(marks: list[Mark], at: int, after: int, spoilers: set[str]) -> bool:
    return at > after and (marks[at - 1].kind == "spoilers" or marks[at - 1].key in spoilers)


def _leads_on(marks: list[Mark], at: int) -> bool:
    """Tell whether the phrase at ``at`` is that of the figure behind it."""
    n = at + 1
    while n < len(marks) and (marks[n].kind in _LEADING_ON or marks[n].key in (":", "=", "-")):
        n += 1
    return n < len(marks) and marks[n].kind == "figure"
