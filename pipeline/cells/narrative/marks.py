"""Finds in a text what a reader would underline: figures, phrases, periods, units; and cuts it into sentences."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from pipeline.cells.narrative.phrases import Narrative
from pipeline.cells.narrative.words import Kind, Word
from pipeline.cells.numerals import NotANumber, Numeral, parse_amount, parse_numeral, refuse_as_too_long

#: Returns how many words, from a position on, name a unit of the registry.
NameLength = Callable[[Sequence[Word], int], int]

NO_MONTHS = 0  # of a period that does not exist
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
    """A statistical year and, if given, its months; ``year`` is None in "6 tháng đầu năm" alone.

    ``months`` are ``NO_MONTHS`` where no year has so many: "13 tháng năm 2022".
    """

    year: int | None
    months: int | None


@dataclass(slots=True)
class TextMark:
    """Something found in the text at the half-open span ``start`` to ``end``.

    ``kind`` is that of the phrase, or figure, ignored, period, no_period, place, sign, word; ``key`` its words.
    """

    kind: str
    start: int
    end: int
    key: str = ""
    value: Any = None


@dataclass(slots=True)
class Sentence:
    """The marks of one sentence and what the text around it says they are about."""

    marks: list[TextMark] = field(default_factory=list)
    opens_paragraph: bool = False
    is_heading: bool = False


def sentences(words: Sequence[Word], text: str, declaration: Narrative, name_length: NameLength) -> Iterator[Sentence]:
    """Yield the sentences of an unwrapped text."""
    current, is_new_paragraph = Sentence(opens_paragraph=True), True
    paragraph: list[Sentence] = []
    for mark in _marks(words, text, declaration, name_length):
        if mark.kind != "end":
            current.marks.append(mark)
            continue
        if current.marks:
            paragraph.append(current)
        is_new_paragraph = mark.value == "paragraph"
        current = Sentence(opens_paragraph=is_new_paragraph)
        if is_new_paragraph:
            yield from _mark_headings(paragraph)
            paragraph = []
    if current.marks:
        paragraph.append(current)
    yield from _mark_headings(paragraph)


def unwrap(words: Sequence[Word]) -> list[Word]:
    """Return the words without the ends of lines that were merely wrapped."""
    return [word for index, word in enumerate(words) if word.kind is not Kind.LINE or _ends_paragraph(words, index)]


def _mark_headings(paragraph: list[Sentence]) -> list[Sentence]:
    """Mark the sentences of a short paragraph without figures as a heading."""
    is_heading = sum(len(sentence.marks) for sentence in paragraph) <= _HEADING_WORDS and not any(
        mark.kind == "figure" for sentence in paragraph for mark in sentence.marks
    )
    for sentence in paragraph:
        sentence.is_heading = is_heading
    return paragraph


def _marks(words: Sequence[Word], text: str, declaration: Narrative, name_length: NameLength) -> Iterator[TextMark]:
    index, count = 0, len(words)
    starts_line = True
    while index < count:
        word = words[index]
        length = 1
        if word.kind is Kind.LINE:
            yield TextMark("end", word.start, word.end, value="paragraph")
            starts_line = True
        elif (period := _period(words, index, text, declaration)) is not None:
            length, span = period
            yield _mark("no_period" if span.months == NO_MONTHS else "period", words, index, length, text, span)
        elif word.kind is Kind.NUMBER:
            length, mark = _number(words, index, text, declaration, starts_line)
            yield mark
        elif word.kind is Kind.SIGN and word.key in _END_SIGNS:
            if not _is_abbreviation(words, index, declaration):
                yield TextMark("end", word.start, word.end, value="sentence")
        elif (length := name_length(words, index)) > 0:
            yield _mark("place", words, index, length, text)
        elif match := declaration.phrases.find(words, index):
            length = match.length
            yield _mark(match.kind, words, index, length, text, match.value)
        else:
            length = 1
            kind = "sign" if word.kind is Kind.SIGN else "word"
            yield TextMark(kind, word.start, word.end, word.key)
        if word.kind is not Kind.LINE and not (word.kind is Kind.SIGN and starts_line):
            starts_line = False
        index += length


def _mark(kind: str, words: Sequence[Word], index: int, length: int, text: str, value: Any = None) -> TextMark:
    tokens = words[index : index + length]
    key = " ".join(word.key or text[word.start : word.end] for word in tokens)
    return TextMark(kind, tokens[0].start, tokens[-1].end, key, value)


def _ends_paragraph(words: Sequence[Word], index: int) -> bool:
    """Tell whether a line end ends its paragraph: a wrapped line goes on in lower case or with a number."""
    following = words[index + 1] if index + 1 < len(words) else None
    if following is None or following.kind in (Kind.LINE, Kind.SIGN) or following.is_capital:
        return True
    previous = words[index - 1] if index else None
    if previous is None or previous.kind is Kind.LINE or previous.key in {*_END_SIGNS, ";", ":"}:
        return True
    word_after_next = words[index + 2] if index + 2 < len(words) else None
    return following.kind is Kind.NUMBER and word_after_next is not None and word_after_next.key in (".", ")")


def _is_abbreviation(words: Sequence[Word], index: int, declaration: Narrative) -> bool:
    previous = words[index - 1] if index else None
    return bool(previous and previous.end == words[index].start and previous.key in declaration.entry["abbreviations"])


def _period(words: Sequence[Word], index: int, text: str, declaration: Narrative) -> tuple[int, Span] | None:
    """Read "năm 2022", "9 tháng đầu năm 2024" at a word; return its length in words."""
    if words[index].kind is Kind.NUMBER:
        phrase = declaration.periods.find(words, index + 1) if index + 1 < len(words) else None
        if phrase is None or phrase.value != "months":
            return None
        months = text[words[index].start : words[index].end] if words[index].end - words[index].start <= 2 else ""
        year = _year(words, index + 1 + phrase.length, text)
        length = 1 + phrase.length + (year is not None)
        if re.fullmatch(r"0?[1-9]|1[0-2]", months):
            return length, Span(year, int(months))
        # "13 tháng đầu năm" means to be a period; "18 tháng" alone is a length of time.
        return (length, Span(year, NO_MONTHS)) if year or phrase.length > 1 else None
    if (month_length := _impossible_month(words, index, text, declaration)) is not None:
        return month_length, Span(_year(words, index + month_length - 1, text), NO_MONTHS)
    if (other := declaration.not_period.find(words, index)) and _year(words, index + other.length, text):
        return None
    phrase = declaration.periods.find(words, index)
    if phrase is None or phrase.value != "year":
        return None
    year = _year(words, index + phrase.length, text)
    return (phrase.length + 1, Span(year, None)) if year else None


def _impossible_month(words: Sequence[Word], index: int, text: str, declaration: Narrative) -> int | None:
    """Return the length of "tháng 14 năm 2022" or "tháng 0/2022" at a word: a month that does not exist, with its year."""
    if words[index].key not in declaration.entry["ignored"]["after"]["month"] or index + 1 >= len(words):
        return None
    number = text[words[index + 1].start : words[index + 1].end] if words[index + 1].kind is Kind.NUMBER else ""
    if not number.isdecimal() or len(number) > 3 or re.fullmatch(r"0?[1-9]|1[0-2]", number):
        return None
    year_position = index + 2
    while year_position < len(words) and words[year_position].key in ("/", "-", "năm") and year_position < index + 4:
        year_position += 1
    return year_position + 1 - index if year_position > index + 2 and _year(words, year_position, text) else None


def _year(words: Sequence[Word], index: int, text: str) -> int | None:
    if index >= len(words) or words[index].kind is not Kind.NUMBER or words[index].end - words[index].start != 4:
        return None
    digits = text[words[index].start : words[index].end]
    is_joined = (
        index + 1 < len(words) and words[index + 1].key in ("/", "-") and words[index + 1].start == words[index].end
    )
    return (
        int(digits) if digits.isascii() and digits.isdigit() and 1990 <= int(digits) <= 2100 and not is_joined else None
    )


def _number(
    words: Sequence[Word], index: int, text: str, declaration: Narrative, starts_line: bool
) -> tuple[int, TextMark]:
    """Read the number at a word as a figure, or as something that a declared pattern says is none."""
    word = words[index]
    following = words[index + 1] if index + 1 < len(words) else None
    if starts_line and following and following.key in (".", ")") and following.start == word.end:
        return 2, TextMark("ignored", word.start, word.end, value="list_number")
    unit_length, unit = _unit(words, index + 1, declaration)
    is_glued, label = _classify_run(words, index, text, bool(unit_length))
    if not unit_length:
        label = declaration.ignored_after.find_before(words, index) or label
    if label is None and following and (unit is None or unit == ""):
        phrase = declaration.ignored_before.find(words, index + 1)
        label = phrase.value if phrase else None
    if label is not None:
        return 1, TextMark("ignored", word.start, word.end, value=label)
    if is_glued:
        return 1, TextMark("figure", word.start, word.end, value="glued")
    return _figure(words, index, text, declaration)


def _classify_run(words: Sequence[Word], index: int, text: str, has_unit: bool) -> tuple[bool, str | None]:
    """Classify what is written together with a number without a space: a date, a code, or something not understood."""
    first = last = index
    while first > 0 and index - first < _LONGEST_RUN and _joins(words[first - 1], words[first], words[first - 1]):
        first -= 1
    while (
        last + 1 < len(words) and last - index < _LONGEST_RUN and _joins(words[last], words[last + 1], words[last + 1])
    ):
        last += 1
    while first < index and words[first].kind is Kind.SIGN:
        first += 1
    while last > index and words[last].kind is Kind.SIGN:
        last -= 1
    unit_position = next((n for n in range(index - 1, first - 1, -1) if words[n].kind is Kind.WORD), None)
    # "12.056 việc/1.165 tỷ đồng" and "352việc" are figures; "06/2019/TT-BTP", "Covid-19" and "a3-6891" are codes.
    if unit_position is not None and words[unit_position].key in _UNIT_WORDS and words[unit_position + 1].key == "/":
        first = unit_position + 2
    run = words[first : last + 1]
    if len(run) == 1:
        is_signed = index > 0 and words[index - 1].key in ("-", "–", "+") and words[index - 1].end == words[index].start
        return is_signed, None
    run_text = text[run[0].start : run[-1].end] if run[-1].end - run[0].start <= LONGEST_NUMERAL else ""
    if re.fullmatch(r"(\d{1,2}[/-]){1,2}(19|20)\d\d|(19|20)\d\d([/-](19|20)\d\d)+", run_text):
        return False, "date"
    if re.fullmatch(r"([0-2]?\d|3[01])[/-](0?\d|1[0-2])", run_text) and not has_unit:
        return False, "date"
    if has_unit and words[first].kind is Kind.NUMBER and first == index:
        return False, None
    if any(word.kind is Kind.WORD for word in run):
        return False, "code"
    return True, None


def _joins(left: Word, right: Word, word: Word) -> bool:
    if left.end != right.start:
        return False
    return word.kind in (Kind.WORD, Kind.NUMBER) or (word.kind is Kind.SIGN and word.key in _JOINTS)


def _unit(words: Sequence[Word], index: int, declaration: Narrative) -> tuple[int, str | None]:
    """Return length and code of the unit of measure that stands at a word; money is "money"."""
    if index >= len(words):
        return 0, None
    if words[index].key in declaration.money and not (
        words[index].key == "đồng" and _is_other_word(words, index, declaration)
    ):
        return 1, "money"
    match = declaration.units.find(words, index)
    return (match.length, match.value) if match and match.value else (0, "" if match else None)


def _is_other_word(words: Sequence[Word], index: int, declaration: Narrative) -> bool:
    return index + 1 < len(words) and words[index + 1].key in declaration.entry["not_money"]


def _figure(words: Sequence[Word], index: int, text: str, declaration: Narrative) -> tuple[int, TextMark]:
    """Read a figure with its unit of measure; the value is a Quantity, or why it cannot be read."""
    length, unit = _unit(words, index + 1, declaration)
    end = index + 1 + length
    if unit == "money":
        end, unit = _amount(words, index, declaration)
    spelling = text[words[index].start : words[end - 1].end]
    mark = TextMark("figure", words[index].start, words[end - 1].end)
    if len(spelling) > LONGEST_NUMERAL:
        mark.end = min(mark.end, mark.start + LONGEST_NUMERAL)
        spelling = f"{spelling[:LONGEST_NUMERAL]}…"
        numeral: Numeral | NotANumber | str = refuse_as_too_long(spelling)
    else:
        numeral = _numeral(words[index:end], text, unit, declaration)
    if isinstance(numeral, NotANumber) and numeral.reason == "number_too_long" and unit is None:
        numeral = replace(numeral, reason="not_a_number")  # an account or a code, of which nobody need be asked
    mark.value = numeral if isinstance(numeral, NotANumber | str) else _quantity(numeral, unit, spelling)
    return end - index, mark


def _amount(words: Sequence[Word], index: int, declaration: Narrative) -> tuple[int, str | None]:
    """Return where an amount such as "500 tỷ 283 triệu đồng" ends, and its finest unit; "20 nghìn việc" is a count."""
    end, finest = index + 1, None
    while end < len(words) and words[end].key in declaration.money:
        finest = declaration.money[words[end].key]
        end += 1
        if finest == "vnd":
            return end, _finest(words, index, end, declaration)
        following = words[end : end + 2]
        if len(following) == 2 and following[0].kind is Kind.NUMBER and following[1].key in declaration.money:
            end += 1
    length, unit = _unit(words, end, declaration)
    if length and unit not in (None, "", "money"):
        return end + length, unit
    # "20 nghìn" alone may be a count; billions and millions are money.
    return end, None if finest == "thousand_vnd" and end == index + 2 else finest


def _finest(words: Sequence[Word], index: int, end: int, declaration: Narrative) -> str:
    units = [declaration.money[word.key] for word in words[index:end] if word.key in declaration.money]
    return units[-2] if len(units) > 1 else units[-1]


def _numeral(words: Sequence[Word], text: str, unit: str | None, declaration: Narrative) -> Numeral | NotANumber | str:
    number = text[words[0].start : words[0].end]
    magnitudes = [word for word in words[1:] if word.key in declaration.money]
    if not magnitudes:
        return parse_numeral(f"{number}%" if unit == "percent" else number)
    if unit is None:
        return "no_unit"
    last = words.index(magnitudes[-1]) + 1
    return parse_amount(" ".join(word.key or text[word.start : word.end] for word in words[:last]))


def _quantity(numeral: Numeral, unit: str | None, spelling: str) -> Quantity | str:
    if numeral.value is None:
        return "no_phrase"
    return Quantity(numeral.value, unit, Decimal(1).scaleb(-(numeral.places or 0)), "," not in spelling)
