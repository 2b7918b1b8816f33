"""Cuts a text into words, numbers and signs that know where they stand, in time linear in its length."""

import re
from collections.abc import Iterator
from enum import Enum
from functools import lru_cache
from typing import NamedTuple

from pipeline.text.spelling import fold

# Marks follow their letter where the text is decomposed (NFD).
_MARKS = "\u0300-\u036f"
_TOKEN = re.compile(
    r"(?P<skip>[^\S\n]+|[\u00ad\u200b-\u200f\u2060\ufeff]+)"
    r"|(?P<number>[1-9]\d{0,2}(?:[ \u00a0\u202f]\d{3})+(?:,\d+)?(?![\d.,]*\d)|\d+(?:[.,]\d+)*)"
    rf"|(?P<word>(?:[^\W\d_][{_MARKS}]*)+)"
    r"|(?P<line>\n)"
    r"|(?P<sign>.)",
)


class Kind(Enum):
    """What a token is."""

    WORD = "word"
    NUMBER = "number"
    SIGN = "sign"
    LINE = "line"  # a line end


class Word(NamedTuple):
    """A word, number or sign: its key to compare by, and its half-open span in the text."""

    kind: Kind
    key: str
    start: int
    end: int
    is_capital: bool = False


_KINDS = {kind.value: kind for kind in Kind}
_LONGEST_WORD = 40  # whatever is longer is no word of a phrase


def words(text: str) -> Iterator[Word]:
    """Yield the words of a text, in order, without spaces."""
    for match in _TOKEN.finditer(text):
        group = match.lastgroup or "skip"
        if group == "skip":
            continue
        kind, (start, end) = _KINDS[group], match.span()
        if kind is Kind.WORD:
            spelling = match[0]
            yield Word(kind, _key(spelling) if end - start <= _LONGEST_WORD else "", start, end, spelling[0].isupper())
        elif kind is Kind.NUMBER:
            yield Word(kind, "", start, end)
        else:
            yield Word(kind, match[0], start, end)


def keys(phrase: str) -> tuple[str, ...]:
    """Return the keys of the words of a declared phrase; numbers keep their digits."""
    return tuple(word.key or phrase[word.start : word.end] for word in words(phrase))


@lru_cache(maxsize=20_000)
def _key(spelling: str) -> str:
    key = fold(spelling)
    return "tỷ" if key == "tỉ" else key
