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

# Kinds whose phrases stand for nothing but themselves; where a phrase is in two kinds, the first counts.
_PLAIN = ("blockers", "neutral", "spoilers", "last_year", "comparisons", "base_words", "links", "hedges", "fillers")
_LONGEST_HEDGE = 20  # characters
_OPTION = re.compile(r"\(([^()]*)\)")


@dataclass(frozen=True)
class PhraseMeaning:
    """What a phrase stands for: a measure that topic and unit resolve, or indicators by unit of measure."""

    measure: str | None = None
    indicators: dict[str, str] = field(default_factory=dict)
    unit: str | None = None
    yields: bool = False
    subset: bool = False


@dataclass(frozen=True)
class PhraseMatch:
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
            for spelling in spellings(phrase):
                entries = self._by_first.setdefault(spelling[0], [])
                entries.append((spelling, kind, value))
                entries.sort(key=lambda entry: -len(entry[0]))

    def find(self, words: Sequence[Word], index: int) -> PhraseMatch | None:
        """Return the longest phrase that begins with the word at ``index``."""
        for spelling, kind, value in self._by_first.get(words[index].key, ()):
            end = index + len(spelling)
            if end <= len(words) and all(words[index + n].key == key for n, key in enumerate(spelling)):
                return PhraseMatch(kind, value, len(spelling))
        return None

    def find_before(self, words: Sequence[Word], index: int, longest: int = 4) -> Any:
        """Return what the phrase that ends right before the word at ``index`` stands for, else None."""
        for length in range(min(longest, index), 0, -1):
            match = self.find(words, index - length)
            if match and match.length == length:
                return match.value
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
    """Yield all variants of a phrase, as keys: ``(a|b) c`` is "c", "a c" and "b c"."""
    pieces = _OPTION.split(phrase)
    choices = [["", *piece.split("|")] if number % 2 else [piece] for number, piece in enumerate(pieces)]
    for choice in product(*choices):
        if spelling := keys(" ".join(choice)):
            yield spelling


@cache
def narrative(folder: Path = FOLDER) -> Narrative:
    """Return the declaration, read once per process."""
    entry = yaml.safe_load((folder / "narrative.yaml").read_text(encoding="utf-8"))
    return Narrative(
        entry=entry,
        phrases=_phrases(entry),
        units=_lexicon("unit", {**entry["units"], "": entry["not_units"]}),
        money={key: unit for unit, spelling in entry["money"].items() for word in spelling for key in keys(word)},
        ignored_after=_lexicon("ignored", entry["ignored"]["after"]),
        ignored_before=_lexicon("ignored", entry["ignored"]["before"]),
        periods=_lexicon("period", entry["period"]),
        not_period=_lexicon("not_period", {"other": entry["not_period"]}),
    )


def is_hedged(raw: str) -> bool:
    """Tell whether a figure is printed as approximate: "hơn 267.000 tỷ đồng"."""
    opening_words = list(words(raw[:_LONGEST_HEDGE]))
    return bool(opening_words) and _hedges().find(opening_words, 0) is not None


@cache
def _hedges() -> Lexicon:
    return _lexicon("hedges", {"": narrative().entry["hedges"]})


def _phrases(entry: dict[str, Any]) -> Lexicon:
    phrases = Lexicon()
    for spec in entry["measures"]:
        phrases.add(
            "measure", spec["say"], PhraseMeaning(**{name: value for name, value in spec.items() if name != "say"})
        )
    for phrase, measure in entry["after_last_year"].items():
        phrases.add("moved", [phrase], PhraseMeaning(measure))
    for topic, spec in entry["topics"].items():
        phrases.add("topic", spec.get("say", ()), topic)
    for lead, phrases_said in entry["leads"].items():
        phrases.add("lead", phrases_said, lead)
    for basis, phrases_said in entry["basis"].items():
        phrases.add("basis", phrases_said, basis)
    for level, phrases_said in entry["whole"].items():
        phrases.add("whole", phrases_said, level)
    for label, phrases_said in entry["ignored"]["between"].items():
        phrases.add("no_figure", phrases_said, label)
    for kind in _PLAIN:
        phrases.add(kind, entry[kind])
    return phrases


def _lexicon(kind: str, entries: dict[str, list[str]]) -> Lexicon:
    lexicon = Lexicon()
    for value, phrases in entries.items():
        lexicon.add(kind, phrases, value)
    return lexicon
