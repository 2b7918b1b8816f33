"""Says which figure of a text is what: by the phrase that stands next to it, or by the figure that it refers back to.

From a figure one walks back over ``fillers``. A phrase for a measure found that way names the figure. A lead ("tăng",
"chiếm") or a link ("tương ứng") makes it a change, ratio or companion of that phrase, or of the figure before. Any
other word on the way, and the figure is not understood.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from pipeline.calendar.periods import Period
from pipeline.cells.figure import LARGEST, ZEROS_BEHIND_HEDGE, rounding_of, trailing_zeros
from pipeline.cells.narrative.marks import Quantity, Sentence, Span, TextMark
from pipeline.cells.narrative.phrases import Narrative, PhraseMeaning
from pipeline.cells.narrative.surroundings import Surroundings, Tail, Way
from pipeline.cells.numerals import NotANumber
from pipeline.forms import Forms
from pipeline.registry.units import Unit

AMOUNT, RATIO, CHANGE = "amount", "ratio", "change"
RESULTS = "results"
BASES = ("case", "vnd")
_OPENING_MARKS = 3  # a topic within the first so many words is the paragraph's


@dataclass(frozen=True, slots=True)
class NarrativeCell:
    """A figure that was understood: its place in a form, its value and rounding in base units."""

    mark: TextMark
    form: str
    row: str
    column: str
    unit: str
    value: Decimal
    rounding: Decimal


@dataclass(frozen=True, slots=True)
class Puzzle:
    """A number that was not understood, with the code of the reason and its details."""

    mark: TextMark
    reason: str
    details: dict[str, str] = field(default_factory=dict)


class UnclearFigure(Exception):
    """A figure cannot be understood; carries the code of the reason and its details."""

    def __init__(self, reason: str, **details: str) -> None:
        super().__init__(reason)
        self.reason, self.details = reason, details


@dataclass(frozen=True, slots=True)
class Antecedent:
    """What the previous figure measures, for figures that refer back to it."""

    meaning: PhraseMeaning
    kind: str  # AMOUNT, RATIO or CHANGE
    topic: str
    basis: str | None
    base: str  # base unit of the figure


@dataclass
class Context:
    """What headings and the paragraph's opening say about the figures below them."""

    topic: str = RESULTS
    basis: str | None = None
    doubt: bool = False
    aside: UnclearFigure | None = None  # of another unit, period or part of the report


class Meaning:
    """Understands the figures of one report."""

    def __init__(
        self,
        declaration: Narrative,
        forms: Forms,
        unit: Unit | None,
        period: Period | None,
        find_unit: Callable[[str], Unit | None],
    ) -> None:
        self.declaration, self.forms, self.unit, self.period, self.find_unit = (
            declaration,
            forms,
            unit,
            period,
            find_unit,
        )
        self.surroundings = Surroundings(declaration.entry)
        self.named_ratios = {entry["measure"]: entry for entry in declaration.entry["ratios"]}

    def read(self, sentences: Sequence[Sentence]) -> list[NarrativeCell | Puzzle]:
        """Return what every figure is, in the order of the text."""
        results: list[NarrativeCell | Puzzle] = []
        heading, paragraph = Context(), Context()
        for sentence in sentences:
            marks = self._join_periods(sentence.marks)
            if sentence.opens_paragraph:
                paragraph = Context(heading.topic, heading.basis, aside=heading.aside)
            topic_position, topic = next(
                ((n, mark.value) for n, mark in enumerate(marks) if mark.kind == "topic"), (0, None)
            )
            aside = self._aside(marks)
            if aside is None and not any(mark.kind in ("period", "place", "whole") for mark in marks):
                aside = paragraph.aside
            paragraph.aside = self._aside(_marks_before_figures(marks)) or (paragraph.aside if aside else None)
            opening = next((mark for mark in marks if mark.kind not in ("sign", "ignored")), None)
            basis = opening.value if opening and opening.kind == "basis" else None
            if sentence.is_heading:
                heading = paragraph = Context(topic or RESULTS, basis or _only_basis(marks), aside=self._aside(marks))
                continue
            if topic and sentence.opens_paragraph and topic_position < _OPENING_MARKS:
                paragraph.topic = topic
            elif any(mark.kind == "whole" for mark in marks) and paragraph.topic != RESULTS:
                paragraph.doubt = True
            if basis:
                paragraph.basis = basis
            doubt = paragraph.doubt and not topic
            context = Context(topic or paragraph.topic, paragraph.basis, doubt, aside)
            results += self._sentence(marks, context)
            if topic and topic != paragraph.topic:
                paragraph.doubt = True
        return results

    def _sentence(self, marks: list[TextMark], context: Context) -> list[NarrativeCell | Puzzle]:
        results: list[NarrativeCell | Puzzle] = []
        previous, start, antecedent = -1, 0, None
        for index, mark in enumerate(marks):
            if mark.kind != "figure":
                continue
            tail = self.surroundings.read_tail(marks, index)
            try:
                cell, antecedent = self._figure(marks, index, start, previous, tail, antecedent, context)
                results.append(cell)
            except UnclearFigure as unclear:
                antecedent = None
                results.append(Puzzle(mark, unclear.reason, unclear.details))
            previous, start = index, index + 1 + tail.length
        return results

    def _figure(
        self,
        marks: list[TextMark],
        index: int,
        start: int,
        previous: int,
        tail: Tail,
        antecedent: Antecedent | None,
        context: Context,
    ) -> tuple[NarrativeCell, Antecedent]:
        quantity = marks[index].value
        if isinstance(quantity, NotANumber):
            raise UnclearFigure("number", numeral=quantity.reason)
        if isinstance(quantity, str):
            raise UnclearFigure(quantity)
        way = self.surroundings.read_back(marks, index, start, previous >= 0)
        if context.aside:
            raise context.aside
        if 0 <= previous == index - 2 and marks[index - 1].key in self.declaration.entry["ranges"]:
            raise UnclearFigure("no_phrase")
        base = self.forms.units[quantity.unit].base if quantity.unit else ""
        if base in ("percent", "point"):
            return self._rate(marks[index], quantity, base, way, tail, antecedent, context)
        return self._amount(marks[index], quantity, base, way, tail, antecedent, context)

    def _amount(
        self,
        mark: TextMark,
        quantity: Quantity,
        base: str,
        way: Way,
        tail: Tail,
        antecedent: Antecedent | None,
        context: Context,
    ) -> tuple[NarrativeCell, Antecedent]:
        meaning, kind, topic = way.meaning, AMOUNT, context.topic
        if tail.is_odd or (quantity.unit is None and not tail.is_last):
            raise UnclearFigure("odd_tail")
        if way.lead in ("over", "under") or (way.lead == "share" and not meaning):
            raise UnclearFigure("no_phrase")
        if meaning and tail.meaning and tail.meaning != meaning:
            if not meaning.yields:
                raise UnclearFigure("two_phrases")
            meaning = tail.meaning
        if way.lead in ("rise", "fall"):
            self._check_comparison(way.comparison, tail)
            kind = CHANGE
            if meaning is None:
                if not (antecedent and way.reaches_figure and antecedent.kind == AMOUNT and antecedent.base == base):
                    raise UnclearFigure("no_antecedent")
                meaning, topic = antecedent.meaning, antecedent.topic
        elif meaning is None and tail.meaning and way.is_fresh:
            meaning = tail.meaning
        elif meaning is None:
            is_companion = way.reaches_figure and way.is_linked
            if not (antecedent and is_companion and antecedent.kind == AMOUNT and antecedent.base != base):
                raise UnclearFigure("no_phrase")
            meaning, topic = antecedent.meaning, antecedent.topic
        unit = quantity.unit or meaning.unit or ("case" if context.basis == "case" and meaning.measure else None)
        if unit is None:
            raise UnclearFigure("no_unit")
        base = self.forms.units[unit].base
        column = self._change(meaning, "change", base) if kind == CHANGE else None
        sign = -1 if way.lead == "fall" else 1
        cell = self._place(mark, quantity, unit, base, meaning, column, topic, sign, context, way.hedge)
        return cell, Antecedent(meaning, kind, topic, base if base in BASES else None, base)

    def _rate(
        self,
        mark: TextMark,
        quantity: Quantity,
        base: str,
        way: Way,
        tail: Tail,
        antecedent: Antecedent | None,
        context: Context,
    ) -> tuple[NarrativeCell, Antecedent]:
        meaning = way.meaning
        if meaning is None and antecedent and way.reaches_figure:
            is_companion = way.is_linked or way.is_next
            if way.lead or (is_companion and antecedent.kind == RATIO and (way.basis or tail.basis)):
                meaning = antecedent.meaning
        refers_back = meaning is not way.meaning
        if meaning is None or meaning.measure is None:
            raise UnclearFigure("no_antecedent" if way.lead else "no_phrase")
        topic = antecedent.topic if antecedent and refers_back else context.topic
        basis = tail.basis or way.basis or (antecedent.basis if antecedent else None) or context.basis
        unit, sign, kind, subject = "percent", 1, RATIO, meaning
        if way.lead in ("over", "under"):
            if not tail.is_target:
                raise UnclearFigure("odd_comparison")
            column, unit, kind = self._target_gap(meaning), "point", CHANGE
            sign = 1 if way.lead == "over" else -1
        elif way.lead in ("rise", "fall"):
            self._check_comparison(way.comparison, tail)
            is_of_rate = self.forms.measures[meaning.measure].kind == "ratio"
            if base == "point" and not is_of_rate:
                raise UnclearFigure("no_antecedent")
            column, unit = (
                self._change(meaning, "change" if is_of_rate else "growth"),
                "point" if is_of_rate else "percent",
            )
            sign, kind = (-1 if way.lead == "fall" else 1), CHANGE
        else:
            if base == "point" or tail.is_target or tail.comparison or tail.is_odd or tail.is_odd_comparison:
                raise UnclearFigure("odd_base")
            column = self._ratio(
                meaning, way.base or tail.base or (tail.meaning.measure if tail.meaning else None), topic
            )
            subject = PhraseMeaning(column)
        if basis is None:
            raise UnclearFigure("no_basis")
        cell = self._place(mark, quantity, unit, basis, subject, column, topic, sign, context, way.hedge)
        return cell, Antecedent(subject, kind, topic, basis, base)

    def _ratio(self, meaning: PhraseMeaning, base: str | None, topic: str) -> str:
        """Return the measure of a ratio from its numerator and its stated base."""
        if meaning.measure == "target":
            return "target"
        entry = self.named_ratios.get(meaning.measure or "")
        if entry:
            if base not in (None, entry["to"]):
                raise UnclearFigure("odd_base")
            return entry["measure"]
        ratios = [
            ratio
            for ratio in self.declaration.entry["ratios"]
            if ratio["of"] == meaning.measure and (ratio["to"] == base or (base is None and ratio.get("silent")))
        ]
        if len(ratios) != 1 or (ratios[0].get("subset") and topic == RESULTS):
            raise UnclearFigure("odd_base")
        return ratios[0]["measure"]

    def _change(self, meaning: PhraseMeaning, suffix: str, base: str = "") -> str:
        """Return the measure that is the change, or the growth, of what a phrase names."""
        indicator = self._indicator(meaning, base)
        column = f"{indicator['measure'] if indicator else meaning.measure}_{suffix}"
        if column not in self.forms.measures:
            raise UnclearFigure("unasked")
        return column

    def _target_gap(self, meaning: PhraseMeaning) -> str:
        measure = self.declaration.entry["changes"].get(meaning.measure or "", {}).get("over")
        if measure is None:
            raise UnclearFigure("unasked")
        return measure

    def _indicator(self, meaning: PhraseMeaning, base: str) -> dict[str, str] | None:
        """Return the catalogue's entry of the indicator that a phrase names for a base unit."""
        return self.forms.published["indicators"].get((meaning.indicators or {}).get(base, ""))

    def _check_comparison(self, comparison: TextMark | None, tail: Tail) -> None:
        """Refuse a change that is not on the same period of last year."""
        for mark in (comparison, tail.comparison):
            if mark is not None and not self._is_last_year(mark.value):
                raise UnclearFigure("odd_comparison")
        if tail.is_target or tail.base or tail.is_odd_comparison:
            raise UnclearFigure("odd_comparison")

    def _is_last_year(self, span: Span | None) -> bool:
        if span is None or span.year is None:
            return True
        if self.period is None:
            return False
        return span.year == self.period.year - 1 and span.months in (None, self.period.months)

    def _place(
        self,
        mark: TextMark,
        quantity: Quantity,
        unit: str,
        base: str,
        meaning: PhraseMeaning,
        column: str | None,
        topic: str,
        sign: int,
        context: Context,
        hedge: TextMark | None,
    ) -> NarrativeCell:
        """Return the cell of a figure: by indicator, or by topic and basis as the published catalogue maps them."""
        if meaning.indicators:
            indicator = self._indicator(meaning, base)
            if indicator is None:
                raise UnclearFigure("unasked")
            form, row, column = indicator["form"], indicator["row"], column or indicator["measure"]
        else:
            prefix = self.declaration.entry["topics"][topic].get(base)
            if prefix is None or (meaning.subset and topic == RESULTS):
                raise UnclearFigure("unasked")
            if context.doubt:
                raise UnclearFigure("unclear_topic")
            entry = self.forms.published["prefixes"][prefix]
            form, row, column = entry["form"], entry["row"], column or meaning.measure
        measure = self.forms.units[unit]
        if abs(quantity.value) >= LARGEST:
            raise UnclearFigure("too_large")
        zeros, _ = trailing_zeros(quantity.value, quantity.step)
        if hedge and not measure.is_rounded and quantity.step == measure.factor and zeros < ZEROS_BEHIND_HEDGE:
            raise UnclearFigure("approximate", word=hedge.key)
        rounding = rounding_of(
            quantity.value, quantity.step, measure, is_whole=quantity.is_whole, is_hedged=hedge is not None
        )
        if hedge:
            mark = replace(mark, start=hedge.start)
        return NarrativeCell(mark, form, row, str(column), unit, sign * quantity.value, rounding)

    def _join_periods(self, marks: list[TextMark]) -> list[TextMark]:
        """Join a period with what compares by it ("so với cùng kỳ năm 2021") or moves from it ("chuyển sang")."""
        results: list[TextMark] = []
        index = 0
        while index < len(marks):
            mark = marks[index]
            is_comparing = mark.key in self.surroundings.comparisons and mark.kind in (
                "comparisons",
                "lead",
                "base_words",
                "hedges",
            )
            end, span = _read_period(marks, index + 1 if is_comparing else index)
            follows = marks[end] if not is_comparing and span and end < len(marks) else None
            transfer = follows if follows and follows.kind == "moved" else None
            if is_comparing and span:
                results.append(TextMark("compare", mark.start, marks[end - 1].end, mark.key, span))
            elif transfer and (mark.kind == "last_year" or (self._is_last_year(span) and span and span.year)):
                end += 1
                results.append(TextMark("measure", mark.start, transfer.end, transfer.key, transfer.value))
            elif mark.kind == "last_year":
                results.append(TextMark("last_year", mark.start, marks[end - 1].end, mark.key, span))
            else:
                results.append(mark)
                end = index + 1
            index = end
        return results

    def _aside(self, marks: list[TextMark]) -> UnclearFigure | None:
        """Tell whether a sentence speaks of a part, another unit or another period than the report's."""
        for n, mark in enumerate(marks):
            if mark.kind == "blockers":
                return UnclearFigure("part", word=mark.key)
            if mark.kind == "ignored" and mark.value == "month" and not self._is_until(marks, n):
                return UnclearFigure("one_month")
            if mark.kind == "whole" and self.unit and mark.value != self.unit.level:
                return UnclearFigure("other_unit", word=mark.key)
            if mark.kind == "place" and not self._is_ours(mark.key):
                return UnclearFigure("other_unit", word=mark.key)
            if mark.kind == "period" and not self._is_this_period(mark.value):
                return UnclearFigure("other_period", word=mark.key)
            if mark.kind == "last_year" and not (n and marks[n - 1].kind == "figure"):
                return UnclearFigure("other_period", word=mark.key)
        return None

    def _is_until(self, marks: list[TextMark], index: int) -> bool:
        """Tell whether the month at ``index`` is an end ("đến tháng 9") or part of a date ("ngày 30 tháng 9")."""
        earlier = marks[index - 2] if index >= 2 else None
        return earlier is not None and (earlier.kind == "ignored" or earlier.key in self.declaration.entry["until"])

    def _is_ours(self, place: str) -> bool:
        unit = self.find_unit(place)
        return bool(self.unit and unit and unit.key in (self.unit.key, self.unit.parent))

    def _is_this_period(self, span: Span) -> bool:
        if self.period is None:
            return True
        return span.year in (None, self.period.year) and span.months in (None, self.period.months)


def _marks_before_figures(marks: list[TextMark]) -> list[TextMark]:
    return marks[: next((n for n, mark in enumerate(marks) if mark.kind == "figure"), len(marks))]


def _only_basis(marks: list[TextMark]) -> str | None:
    bases = {mark.value for mark in marks if mark.kind == "basis"}
    return bases.pop() if len(bases) == 1 else None


def _read_period(marks: list[TextMark], index: int) -> tuple[int, Span | None]:
    """Return where the period that begins at ``index`` ends, and the period: "cùng kỳ", "cùng kỳ năm 2021", "năm 2021"."""
    end, span = index, None
    if end < len(marks) and marks[end].kind == "last_year":
        end, span = end + 1, Span(None, None)
    if end < len(marks) and marks[end].kind == "period":
        return end + 1, marks[end].value
    return end, span
