"""Finds in a text what a reader would underline: figures, phrases, periods, units; and cuts it into sentences."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from pipeline.cells.narrative.phrases import Narrative
from pipeline.cells.narrative.words import Kind, Word
from pipeline.cells.numerals import NotANumber, Numeral, parse_amount, parse_numeral, too_long

#: How many words from one on name a unit of the registry.
PlaceAt = Callable[[Sequence[Word], int], int]

NO_MONTHS = 0  # of a period that there is not
LONGEST_NUMERAL = 60  # characters; whatever is longer is no figure
_LONGEST_RUN = 6  # words written together
_HEADING_WORDS = 15
_END_SIGNS = {".", "!", "?", "…"}
_UNIT_WORDS = {"việc", "vụ", "đồng", "triệu", "tỷ"}
_JOINTS = {"-", "/", "_", "@", ":", "–", "."}


@dataclass(frozen=True, slots=True)
class Quantity:
    """A printed figure in base units, with the unit of measure that it was printed in (None: none is printed)."""

    value: Decimal
    unit: str | None
    step: Decimal  # one unit of the last printed place
    is_whole: bool  # no decimals are printed


@dataclass(frozen=True, slots=True)
class Span:
    """A statistical year and, where said, its months; ``year`` is None in "6 tháng đầu năm" alone.

    ``months`` are ``NO_MONTHS`` where there are not so many: "13 tháng năm 2022".
    """

    year: int | None
    months: int | None


@dataclass(slots=True)
class Mark:
    """Something found in the text at the half-open span ``start`` to ``end``.

    ``kind`` is that of the phrase, or figure, ignored, period, no_period, place, sign, word; ``key`` the words found.
    """

    kind: str
    start: int
    end: int
    key: str = ""
    value: Any = None


@dataclass(slots=True)
class Sentence:
    """The marks of one sentence and what the text around it says they are about."""

    marks: list[Mark] = field(default_factory=list)
    opens_paragraph: bool = False
    is_heading: bool = False


def sentences(words: Sequence[Word], text: str, told: Narrative, place_at: PlaceAt) -> Iterator[Sentence]:
    """Yield the sentences of an unwrapped text."""
    current, opens = Sentence(opens_paragraph=True), True
    paragraph: list[Sentence] = []
    for mark in _marks(words, text, told, place_at):
        if mark.kind != "end":
            current.marks.append(mark)
            continue
        if current.marks:
            paragraph.append(current)
        opens = mark.value == "paragraph"
        current = Sentence(opens_paragraph=opens)
        if opens:
            yield from _told_apart(paragraph)
            paragraph = []
    if current.marks:
        paragraph.append(current)
    yield from _told_apart(paragraph)


def unwrapped(words: Sequence[Word]) -> list[Word]:
    """Return the words without the ends of lines that were merely wrapped."""
    return [word for at, word in enumerate(words) if word.kind is not Kind.LINE or _ends_paragraph(words, at)]


def _told_apart(paragraph: list[Sentence]) -> list[Sentence]:
    """Mark the sentences of a short paragraph without figures as a heading."""
    is_heading = sum(len(one.marks) for one in paragraph) <= _HEADING_WORDS and not any(
        mark.kind == "figure" for one in paragraph for mark in one.marks
    )
    for one in paragraph:
        one.is_heading = is_heading
    return paragraph


def _marks(words: Sequence[Word], text: str, told: Narrative, place_at: PlaceAt) -> Iterator[Mark]:
    at, count = 0, len(words)
    starts_line = True
    while at < count:
        word = words[at]
        length = 1
        if word.kind is Kind.LINE:
            yield Mark("end", word.start, word.end, value="paragraph")
            starts_line = True
        elif (period := _period(words, at, text, told)) is not None:
            length, span = period
            yield _mark("no_period" if span.months == NO_MONTHS else "period", words, at, length, text, span)
        elif word.kind is Kind.NUMBER:
            length, mark = _number(words, at, text, told, starts_line)
            yield mark
        elif word.kind is Kind.SIGN and word.key in _END_SIGNS:
            if not _is_abbreviation(words, at, told):
                yield Mark("end", word.start, word.end, value="sentence")
        elif (length := place_at(words, at)) > 0:
            yield _mark("place", words, at, length, text)
        elif found := told.phrases.find(words, at):
            length = found.length
            yield _mark(found.kind, words, at, length, text, found.value)
        else:
            length = 1
            kind = "sign" if word.kind is Kind.SIGN else "word"
            yield Mark(kind, word.start, word.end, word.key)
        if word.kind is not Kind.LINE and not (word.kind is Kind.SIGN and starts_line):
            starts_line = False
        at += length


def _mark(kind: str, words: Sequence[Word], at: int, length: int, text: str, value: Any = None) -> Mark:
    taken = words[at : at + length]
    key = " ".join(word.key or text[word.start : word.end] for word in taken)
    return Mark(kind, taken[0].start, taken[-1].end, key, value)


def _ends_paragraph(words: Sequence[Word], at: int) -> bool:
    """Tell whether a line end ends its paragraph: a wrapped line goes on in lower case or with a number."""
    following = words[at + 1] if at + 1 < len(words) else None
    if following is None or following.kind in (Kind.LINE, Kind.SIGN) or following.is_capital:
        return True
    before = words[at - 1] if at else None
    if before is None or before.kind is Kind.LINE or before.key in {*_END_SIGNS, ";", ":"}:
        return True
    after = words[at + 2] if at + 2 < len(words) else None
    return following.kind is Kind.NUMBER and after is not None and after.key in (".", ")")


def _is_abbreviation(words: Sequence[Word], at: int, told: Narrative) -> bool:
    before = words[at - 1] if at else None
    return bool(before and before.end == words[at].start and before.key in told.entry["abbreviations"])


def _period(words: Sequence[Word], at: int, text: str, told: Narrative) -> tuple[int, Span] | None:
    """Read "năm 2022", "9 tháng đầu năm 2024" at a word; return its length in words."""
    if words[at].kind is Kind.NUMBER:
        said = told.periods.find(words, at + 1) if at + 1 < len(words) else None
        if said is None or said.value != "months":
            return None
        months = text[words[at].start : words[at].end] if words[at].end - words[at].start <= 2 else ""
        year = _year(words, at + 1 + said.length, text)
        length = 1 + said.length + (year is not None)
        if re.fullmatch(r"0?[1-9]|1[0-2]", months):
            return length, Span(year, int(months))
        # "13 tháng đầu năm" means to be a period; "18 tháng" alone is a length of time.
        return (length, Span(year, NO_MONTHS)) if year or said.length > 1 else None
    if (odd := _no_month(words, at, text, told)) is not None:
        return odd, Span(_year(words, at + odd - 1, text), NO_MONTHS)
    if (other := told.not_period.find(words, at)) and _year(words, at + other.length, text):
        return None
    said = told.periods.find(words, at)
    if said is None or said.value != "year":
        return None
    year = _year(words, at + said.length, text)
    return (said.length + 1, Span(year, None)) if year else None


def _no_month(words: Sequence[Word], at: int, text: str, told: Narrative) -> int | None:
    """Return the length of "tháng 14 năm 2022" or "tháng 0/2022" at a word: a month that there is not, of a year."""
    if words[at].key not in told.entry["ignored"]["after"]["month"] or at + 1 >= len(words):
        return None
    number = text[words[at + 1].start : words[at + 1].end] if words[at + 1].kind is Kind.NUMBER else ""
    if not number.isdecimal() or len(number) > 3 or re.fullmatch(r"0?[1-9]|1[0-2]", number):
        return None
    after = at + 2
    while after < len(words) and words[after].key in ("/", "-", "năm") and after < at + 4:
        after += 1
    return after + 1 - at if after > at + 2 and _year(words, after, text) else None


def _year(words: Sequence[Word], at: int, text: str) -> int | None:
    if at >= len(words) or words[at].kind is not Kind.NUMBER or words[at].end - words[at].start != 4:
        return None
    digits = text[words[at].start : words[at].end]
    joined = at + 1 < len(words) and words[at + 1].key in ("/", "-") and words[at + 1].start == words[at].end
    return int(digits) if digits.isascii() and digits.isdigit() and 1990 <= int(digits) <= 2100 and not joined else None


def _number(words: Sequence[Word], at: int, text: str, told: Narrative, starts_line: bool) -> tuple[int, Mark]:
    """Read the number at a word as a figure, or as what a declared pattern knows to be none."""
    word = words[at]
    following = words[at + 1] if at + 1 < len(words) else None
    if starts_line and following and following.key in (".", ")") and following.start == word.end:
        return 2, Mark("ignored", word.start, word.end, value="list_number")
    unit_length, unit = _unit(words, at + 1, told)
    is_glued, label = _joined(words, at, text, bool(unit_length))
    if not unit_length:
        label = told.ignored_after.find_before(words, at) or label
    if label is None and following and (unit is None or unit == ""):
        before = told.ignored_before.find(words, at + 1)
        label = before.value if before else None
    if label is not None:
        return 1, Mark("ignored", word.start, word.end, value=label)
    if is_glued:
        return 1, Mark("figure", word.start, word.end, value="glued")
    return _figure(words, at, text, told)


def _joined(words: Sequence[Word], at: int, text: str, has_unit: bool) -> tuple[bool, str | None]:
    """Look at what is written together with a number without a space: a date, a code, or something not understood."""
    first = last = at
    while first > 0 and at - first < _LONGEST_RUN and _joins(words[first - 1], words[first], words[first - 1]):
        first -= 1
    while last + 1 < len(words) and last - at < _LONGEST_RUN and _joins(words[last], words[last + 1], words[last + 1]):
        last += 1
    while first < at and words[first].kind is Kind.SIGN:
        first += 1
    while last > at and words[last].kind is Kind.SIGN:
        last -= 1
    before = next((n for n in range(at - 1, first - 1, -1) if words[n].kind is Kind.WORD), None)
    # "12.056 việc/1.165 tỷ đồng" and "352việc" are figures; "06/2019/TT-BTP", "Covid-19" and "a3-6891" are codes.
    if before is not None and words[before].key in _UNIT_WORDS and words[before + 1].key == "/":
        first = before + 2
    run = words[first : last + 1]
    if len(run) == 1:
        is_signed = at > 0 and words[at - 1].key in ("-", "–", "+") and words[at - 1].end == words[at].start
        return is_signed, None
    written = text[run[0].start : run[-1].end] if run[-1].end - run[0].start <= LONGEST_NUMERAL else ""
    if re.fullmatch(r"(\d{1,2}[/-]){1,2}(19|20)\d\d|(19|20)\d\d([/-](19|20)\d\d)+", written):
        return False, "date"
    if re.fullmatch(r"([0-2]?\d|3[01])[/-](0?\d|1[0-2])", written) and not has_unit:
        return False, "date"
    if has_unit and words[first].kind is Kind.NUMBER and first == at:
        return False, None
    if any(word.kind is Kind.WORD for word in run):
        return False, "code"
    return True, None


def _joins(left: Word, right: Word, word: Word) -> bool:
    if left.end != right.start:
        return False
    return word.kind in (Kind.WORD, Kind.NUMBER) or (word.kind is Kind.SIGN and word.key in _JOINTS)


def _unit(words: Sequence[Word], at: int, told: Narrative) -> tuple[int, str | None]:
    """Return length and code of the unit of measure that stands at a word; money is "money"."""
    if at >= len(words):
        return 0, None
    if words[at].key in told.money and not (words[at].key == "đồng" and _is_other_word(words, at, told)):
        return 1, "money"
    found = told.units.find(words, at)
    return (found.length, found.value) if found and found.value else (0, "" if found else None)


def _is_other_word(words: Sequence[Word], at: int, told: Narrative) -> bool:
    return at + 1 < len(words) and words[at + 1].key in told.entry["not_money"]


def _figure(words: Sequence[Word], at: int, text: str, told: Narrative) -> tuple[int, Mark]:
    """Read a figure with its unit of measure; the value is a Quantity, or why it cannot be read."""
    length, unit = _unit(words, at + 1, told)
    end = at + 1 + length
    if unit == "money":
        end, unit = _amount(words, at, told)
    spelled = text[words[at].start : words[end - 1].end]
    mark = Mark("figure", words[at].start, words[end - 1].end)
    if len(spelled) > LONGEST_NUMERAL:
        mark.end = min(mark.end, mark.start + LONGEST_NUMERAL)
        spelled = f"{spelled[:LONGEST_NUMERAL]}…"
        numeral: Numeral | NotANumber | str = too_long(spelled)
    else:
        numeral = _numeral(words[at:end], text, unit, told)
    if isinstance(numeral, NotANumber) and numeral.reason == "number_too_long" and unit is None:
        numeral = replace(numeral, reason="not_a_number")  # an account or a code, of which nobody need be asked
    mark.value = numeral if isinstance(numeral, NotANumber | str) else _quantity(numeral, unit, spelled)
    return end - at, mark


def _amount(words: Sequence[Word], at: int, told: Narrative) -> tuple[int, str | None]:
    """Return where an amount such as "500 tỷ 283 triệu đồng" ends, and its finest unit; "20 nghìn việc" is a count."""
    end, finest = at + 1, None
    while end < len(words) and words[end].key in told.money:
        finest = told.money[words[end].key]
        end += 1
        if finest == "vnd":
            return end, _finest(words, at, end, told)
        following = words[end : end + 2]
        if len(following) == 2 and following[0].kind is Kind.NUMBER and following[1].key in told.money:
            end += 1
    length, unit = _unit(words, end, told)
    if length and unit not in (None, "", "money"):
        return end + length, unit
    # "20 nghìn" alone may be a count; billions and millions are money.
    return end, None if finest == "thousand_vnd" and end == at + 2 else finest


def _finest(words: Sequence[Word], at: int, end: int, told: Narrative) -> str:
    units = [told.money[word.key] for word in words[at:end] if word.key in told.money]
    return units[-2] if len(units) > 1 else units[-1]


def _numeral(words: Sequence[Word], text: str, unit: str | None, told: Narrative) -> Numeral | NotANumber | str:
    number = text[words[0].start : words[0].end]
    magnitudes = [word for word in words[1:] if word.key in told.money]
    if not magnitudes:
        return parse_numeral(f"{number}%" if unit == "percent" else number)
    if unit is None:
        return "no_unit"
    last = words.index(magnitudes[-1]) + 1
    return parse_amount(" ".join(word.key or text[word.start : word.end] for word in words[:last]))


def _quantity(numeral: Numeral, unit: str | None, spelled: str) -> Quantity | str:
    if numeral.value is None:
        return "no_phrase"
    return Quantity(numeral.value, unit, Decimal(1).scaleb(-(numeral.places or 0)), "," not in spelled)
