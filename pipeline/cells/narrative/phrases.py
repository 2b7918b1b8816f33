"""The declared phrases of narrative reports (``pipeline/forms/narrative.yaml``), ready to be found in a text."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import yaml

from pipeline.cells.narrative.words import Word, keys, words
from pipeline.forms.declaration import FOLDER

# Kinds whose phrases stand for nothing but themselves; of one phrase in two kinds the first counts.
_PLAIN = ("blockers", "neutral", "spoilers", "last_year", "comparisons", "base_words", "links", "hedges", "fillers")
_LONGEST_HEDGE = 20  # characters
_OPTION = re.compile(r"\(([^()]*)\)")


@dataclass(frozen=True)
class Say:
    """What a phrase stands for: a measure that topic and unit resolve, or indicators by unit of measure."""

    measure: str | None = None
    indicators: dict[str, str] = field(default_factory=dict)
    unit: str | None = None
    yields: bool = False
    subset: bool = False


@dataclass(frozen=True)
class Found:
    """A phrase found in a text: its kind, what it stands for and how many words it takes."""

    kind: str
    value: Any
    length: int


class Lexicon:
    """Phrases of several kinds, found by their words; the longest wins, then the kind declared first."""

    def __init__(self) -> None:
        self._by_first: dict[str, list[tuple[tuple[str, ...], str, Any]]] = {}

    def add(self, kind: str, phrases: Sequence[str], value: Any = None) -> None:
        """Add phrases that stand for ``value``."""
        for phrase in phrases:
            for spelled in spellings(phrase):
                entries = self._by_first.setdefault(spelled[0], [])
                entries.append((spelled, kind, value))
                entries.sort(key=lambda entry: -len(entry[0]))

    def find(self, words: Sequence[Word], at: int) -> Found | None:
        """Return the longest phrase that begins with word ``at``."""
        for spelled, kind, value in self._by_first.get(words[at].key, ()):
            end = at + len(spelled)
            if end <= len(words) and all(words[at + n].key == key for n, key in enumerate(spelled)):
                return Found(kind, value, len(spelled))
        return None

    def find_before(self, words: Sequence[Word], at: int, longest: int = 4) -> Any:
        """Return what the phrase that ends right before word ``at`` stands for, else None."""
        for length in range(min(longest, at), 0, -1):
            found = self.find(words, at - length)
            if found and found.length == length:
                return found.value
        return None


@dataclass(frozen=True)
class Narrative:
    """Everything declared for narrative reports."""

    entry: dict[str, Any]
    phrases: Lexicon
    units: Lexicon
    money: dict[str, str]
    ignored_after: Lexicon
    ignored_before: Lexicon
    periods: Lexicon
    not_period: Lexicon

    def reason(self, code: str, language: str, **details: str) -> str:
        """Return why a number was not understood, in one language."""
        return self.entry["reasons"][code][language].format(**details)


def spellings(phrase: str) -> Iterator[tuple[str, ...]]:
    """Yield all ways to say a phrase, as keys: ``(a|b) c`` is "c", "a c" and "b c"."""
    pieces = _OPTION.split(phrase)
    choices = [["", *piece.split("|")] if odd % 2 else [piece] for odd, piece in enumerate(pieces)]
    for chosen in product(*choices):
        if spelled := keys(" ".join(chosen)):
            yield spelled


@cache
def narrative(folder: Path = FOLDER) -> Narrative:
    """Return the declaration, read once per process."""
    entry = yaml.safe_load((folder / "narrative.yaml").read_text(encoding="utf-8"))
    return Narrative(
        entry=entry,
        phrases=_phrases(entry),
        units=_lexicon("unit", {**entry["units"], "": entry["not_units"]}),
        money={key: unit for unit, spelled in entry["money"].items() for word in spelled for key in keys(word)},
        ignored_after=_lexicon("ignored", entry["ignored"]["after"]),
        ignored_before=_lexicon("ignored", entry["ignored"]["before"]),
        periods=_lexicon("period", entry["period"]),
        not_period=_lexicon("not_period", {"other": entry["not_period"]}),
    )


def is_hedged(raw: str) -> bool:
    """Tell whether a figure is printed as approximate: "hơn 267.000 tỷ đồng"."""
    first = list(words(raw[:_LONGEST_HEDGE]))
    return bool(first) and _hedges().find(first, 0) is not None


@cache
def _hedges() -> Lexicon:
    return _lexicon("hedges", {"": narrative().entry["hedges"]})


def _phrases(entry: dict[str, Any]) -> Lexicon:
    phrases = Lexicon()
    for spec in entry["measures"]:
        phrases.add("measure", spec["say"], Say(**{name: value for name, value in spec.items() if name != "say"}))
    for phrase, measure in entry["after_last_year"].items():
        phrases.add("moved", [phrase], Say(measure))
    for topic, spec in entry["topics"].items():
        phrases.add("topic", spec.get("say", ()), topic)
    for lead, said in entry["leads"].items():
        phrases.add("lead", said, lead)
    for basis, said in entry["basis"].items():
        phrases.add("basis", said, basis)
    for level, said in entry["whole"].items():
        phrases.add("whole", said, level)
    for label, said in entry["ignored"]["between"].items():
        phrases.add("no_figure", said, label)
    for kind in _PLAIN:
        phrases.add(kind, entry[kind])
    return phrases


def _lexicon(kind: str, entries: dict[str, list[str]]) -> Lexicon:
    lexicon = Lexicon()
    for value, said in entries.items():
        lexicon.add(kind, said, value)
    return lexicon
