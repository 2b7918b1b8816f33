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
from pipeline.cells.narrative.marks import Mark, Quantity, Sentence, Span
from pipeline.cells.narrative.phrases import Narrative, Say
from pipeline.cells.narrative.surroundings import Surroundings, Tail, Way
from pipeline.cells.numerals import NotANumber
from pipeline.forms import Forms
from pipeline.registry.units import Unit

AMOUNT, RATIO, CHANGE = "amount", "ratio", "change"
RESULTS = "results"
BASES = ("case", "vnd")
_OPENING_MARKS = 3  # a topic within the first so many words is the paragraph's


@dataclass(frozen=True, slots=True)
class Cell:
    """A figure that was understood: its place in a form, its value and rounding in base units."""

    mark: Mark
    form: str
    row: str
    column: str
    unit: str
    value: Decimal
    rounding: Decimal


@dataclass(frozen=True, slots=True)
class Puzzle:
    """A number that was not understood, with the code of the reason and its details."""

    mark: Mark
    reason: str
    details: dict[str, str] = field(default_factory=dict)


class Unclear(Exception):
    """A figure cannot be understood; carries the code of the reason and its details."""

    def __init__(self, reason: str, **details: str) -> None:
        super().__init__(reason)
        self.reason, self.details = reason, details


@dataclass(frozen=True, slots=True)
class Antecedent:
    """What the figure before was of, for those that refer back to it."""

    say: Say
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
    aside: Unclear | None = None  # of another unit, period or part of the report


class Meaning:
    """Understands the figures of one report."""

    def __init__(
        self,
        told: Narrative,
        forms: Forms,
        unit: Unit | None,
        period: Period | None,
        unit_at: Callable[[str], Unit | None],
    ) -> None:
        self.told, self.forms, self.unit, self.period, self.unit_at = told, forms, unit, period, unit_at
        self.around = Surroundings(told.entry)
        self.named_ratios = {entry["measure"]: entry for entry in told.entry["ratios"]}

    def read(self, sentences: Sequence[Sentence]) -> list[Cell | Puzzle]:
        """Return what every figure is, in the order of the text."""
        results: list[Cell | Puzzle] = []
        heading, paragraph = Context(), Context()
        for sentence in sentences:
            marks = self._joined(sentence.marks)
            if sentence.opens_paragraph:
                paragraph = Context(heading.topic, heading.basis, aside=heading.aside)
            at_topic, topic = next(((n, mark.value) for n, mark in enumerate(marks) if mark.kind == "topic"), (0, None))
            aside = self._aside(marks)
            if aside is None and not any(mark.kind in ("period", "place", "whole") for mark in marks):
                aside = paragraph.aside
            paragraph.aside = self._aside(_before_figures(marks)) or (paragraph.aside if aside else None)
            opening = next((mark for mark in marks if mark.kind not in ("sign", "ignored")), None)
            basis = opening.value if opening and opening.kind == "basis" else None
            if sentence.is_heading:
                heading = paragraph = Context(topic or RESULTS, basis or _only_basis(marks), aside=self._aside(marks))
                continue
            if topic and sentence.opens_paragraph and at_topic < _OPENING_MARKS:
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

    def _sentence(self, marks: list[Mark], context: Context) -> list[Cell | Puzzle]:
        results: list[Cell | Puzzle] = []
        previous, after, antecedent = -1, 0, None
        for at, mark in enumerate(marks):
            if mark.kind != "figure":
                continue
            tail = self.around.tail(marks, at)
            try:
                cell, antecedent = self._figure(marks, at, after, previous, tail, antecedent, context)
                results.append(cell)
            except Unclear as unclear:
                antecedent = None
                results.append(Puzzle(mark, unclear.reason, unclear.details))
            previous, after = at, at + 1 + tail.used
        return results

    def _figure(
        self,
        marks: list[Mark],
        at: int,
        after: int,
        previous: int,
        tail: Tail,
        antecedent: Antecedent | None,
        context: Context,
    ) -> tuple[Cell, Antecedent]:
        quantity = marks[at].value
        if isinstance(quantity, NotANumber):
            raise Unclear("number", numeral=quantity.reason)
        if isinstance(quantity, str):
            raise Unclear(quantity)
        way = self.around.back(marks, at, after, previous >= 0)
        if context.aside:
            raise context.aside
        if 0 <= previous == at - 2 and marks[at - 1].key in self.told.entry["ranges"]:
            raise Unclear("no_phrase")
        base = self.forms.units[quantity.unit].base if quantity.unit else ""
        if base in ("percent", "point"):
            return self._rate(marks[at], quantity, base, way, tail, antecedent, context)
        return self._amount(marks[at], quantity, base, way, tail, antecedent, context)

    def _amount(
        self,
        mark: Mark,
        quantity: Quantity,
        base: str,
        way: Way,
        tail: Tail,
        antecedent: Antecedent | None,
        context: Context,
    ) -> tuple[Cell, Antecedent]:
        say, kind, topic = way.say, AMOUNT, context.topic
        if tail.is_odd or (quantity.unit is None and not tail.is_last):
            raise Unclear("odd_tail")
        if way.lead in ("over", "under") or (way.lead == "share" and not say):
            raise Unclear("no_phrase")
        if say and tail.say and tail.say != say:
            if not say.yields:
                raise Unclear("two_phrases")
            say = tail.say
        if way.lead in ("rise", "fall"):
            self._check_comparison(way.compared, tail)
            kind = CHANGE
            if say is None:
                if not (antecedent and way.reaches_figure and antecedent.kind == AMOUNT and antecedent.base == base):
                    raise Unclear("no_antecedent")
                say, topic = antecedent.say, antecedent.topic
        elif say is None and tail.say and way.is_fresh:
            say = tail.say
        elif say is None:
            is_companion = way.reaches_figure and way.is_linked
            if not (antecedent and is_companion and antecedent.kind == AMOUNT and antecedent.base != base):
                raise Unclear("no_phrase")
            say, topic = antecedent.say, antecedent.topic
        unit = quantity.unit or say.unit or ("case" if context.basis == "case" and say.measure else None)
        if unit is None:
            raise Unclear("no_unit")
        base = self.forms.units[unit].base
        column = self._change(say, "change", base) if kind == CHANGE else None
        sign = -1 if way.lead == "fall" else 1
        cell = self._place(mark, quantity, unit, base, say, column, topic, sign, context, way.hedge)
        return cell, Antecedent(say, kind, topic, base if base in BASES else None, base)

    def _rate(
        self,
        mark: Mark,
        quantity: Quantity,
        base: str,
        way: Way,
        tail: Tail,
        antecedent: Antecedent | None,
        context: Context,
    ) -> tuple[Cell, Antecedent]:
        say = way.say
        if say is None and antecedent and way.reaches_figure:
            is_companion = way.is_linked or way.is_next
            if way.lead or (is_companion and antecedent.kind == RATIO and (way.basis or tail.basis)):
                say = antecedent.say
        refers_back = say is not way.say
        if say is None or say.measure is None:
            raise Unclear("no_antecedent" if way.lead else "no_phrase")
        topic = antecedent.topic if antecedent and refers_back else context.topic
        basis = tail.basis or way.basis or (antecedent.basis if antecedent else None) or context.basis
        unit, sign, kind, named = "percent", 1, RATIO, say
        if way.lead in ("over", "under"):
            if not tail.is_target:
                raise Unclear("odd_comparison")
            column, unit, kind = self._over(say), "point", CHANGE
            sign = 1 if way.lead == "over" else -1
        elif way.lead in ("rise", "fall"):
            self._check_comparison(way.compared, tail)
            is_of_rate = self.forms.measures[say.measure].kind == "ratio"
            if base == "point" and not is_of_rate:
                raise Unclear("no_antecedent")
            column, unit = self._change(say, "change" if is_of_rate else "growth"), "point" if is_of_rate else "percent"
            sign, kind = (-1 if way.lead == "fall" else 1), CHANGE
        else:
            if base == "point" or tail.is_target or tail.compared or tail.is_odd or tail.is_odd_comparison:
                raise Unclear("odd_base")
            column = self._ratio(say, way.base or tail.base or (tail.say.measure if tail.say else None), topic)
            named = Say(column)
        if basis is None:
            raise Unclear("no_basis")
        cell = self._place(mark, quantity, unit, basis, named, column, topic, sign, context, way.hedge)
        return cell, Antecedent(named, kind, topic, basis, base)

    def _ratio(self, say: Say, to: str | None, topic: str) -> str:
        """Return the measure of a ratio from what it is of and its stated base."""
        if say.measure == "target":
            return "target"
        entry = self.named_ratios.get(say.measure or "")
        if entry:
            if to not in (None, entry["to"]):
                raise Unclear("odd_base")
            return entry["measure"]
        fitting = [
            ratio
            for ratio in self.told.entry["ratios"]
            if ratio["of"] == say.measure and (ratio["to"] == to or (to is None and ratio.get("silent")))
        ]
        if len(fitting) != 1 or (fitting[0].get("subset") and topic == RESULTS):
            raise Unclear("odd_base")
        return fitting[0]["measure"]

    def _change(self, say: Say, what: str, base: str = "") -> str:
        """Return the measure that is the change, or the growth, of what a phrase names."""
        indicator = self._indicator(say, base)
        column = f"{indicator['measure'] if indicator else say.measure}_{what}"
        if column not in self.forms.measures:
            raise Unclear("unasked")
        return column

    def _over(self, say: Say) -> str:
        over = self.told.entry["changes"].get(say.measure or "", {}).get("over")
        if over is None:
            raise Unclear("unasked")
        return over

    def _indicator(self, say: Say, base: str) -> dict[str, str] | None:
        """Return the catalogue's entry of an indicator that a phrase names by unit of measure."""
        return self.forms.published["indicators"].get((say.indicators or {}).get(base, ""))

    def _check_comparison(self, before: Mark | None, tail: Tail) -> None:
        """Refuse a change on anything but the same period last year."""
        for compared in (before, tail.compared):
            if compared is not None and not self._is_last_year(compared.value):
                raise Unclear("odd_comparison")
        if tail.is_target or tail.base or tail.is_odd_comparison:
            raise Unclear("odd_comparison")

    def _is_last_year(self, span: Span | None) -> bool:
        if span is None or span.year is None:
            return True
        if self.period is None:
            return False
        return span.year == self.period.year - 1 and span.months in (None, self.period.months)

    def _place(
        self,
        mark: Mark,
        quantity: Quantity,
        unit: str,
        base: str,
        say: Say,
        column: str | None,
        topic: str,
        sign: int,
        context: Context,
        hedge: Mark | None,
    ) -> Cell:
        """Return the cell of a figure: by indicator, or by topic and basis as the published catalogue maps them."""
        if say.indicators:
            indicator = self._indicator(say, base)
            if indicator is None:
                raise Unclear("unasked")
            form, row, column = indicator["form"], indicator["row"], column or indicator["measure"]
        else:
            prefix = self.told.entry["topics"][topic].get(base)
            if prefix is None or (say.subset and topic == RESULTS):
                raise Unclear("unasked")
            if context.doubt:
                raise Unclear("unclear_topic")
            entry = self.forms.published["prefixes"][prefix]
            form, row, column = entry["form"], entry["row"], column or say.measure
        measure = self.forms.units[unit]
        if abs(quantity.value) >= LARGEST:
            raise Unclear("too_large")
        zeros, _ = trailing_zeros(quantity.value, quantity.step)
        if hedge and not measure.is_rounded and quantity.step == measure.factor and zeros < ZEROS_BEHIND_HEDGE:
            raise Unclear("approximate", word=hedge.key)
        rounding = rounding_of(
            quantity.value, quantity.step, measure, is_whole=quantity.is_whole, is_hedged=hedge is not None
        )
        if hedge:
            mark = replace(mark, start=hedge.start)
        return Cell(mark, form, row, str(column), unit, sign * quantity.value, rounding)

    def _joined(self, marks: list[Mark]) -> list[Mark]:
        """Join a period with what compares by it ("so với cùng kỳ năm 2021") or moves from it ("chuyển sang")."""
        joined: list[Mark] = []
        at = 0
        while at < len(marks):
            mark = marks[at]
            is_comparing = mark.key in self.around.comparisons and mark.kind in (
                "comparisons",
                "lead",
                "base_words",
                "hedges",
            )
            end, span = _period_after(marks, at + 1 if is_comparing else at)
            follows = marks[end] if not is_comparing and span and end < len(marks) else None
            moved = follows if follows and follows.kind == "moved" else None
            if is_comparing and span:
                joined.append(Mark("compare", mark.start, marks[end - 1].end, mark.key, span))
            elif moved and (mark.kind == "last_year" or (self._is_last_year(span) and span and span.year)):
                end += 1
                joined.append(Mark("measure", mark.start, moved.end, moved.key, moved.value))
            elif mark.kind == "last_year":
                joined.append(Mark("last_year", mark.start, marks[end - 1].end, mark.key, span))
            else:
                joined.append(mark)
                end = at + 1
            at = end
        return joined

    def _aside(self, marks: list[Mark]) -> Unclear | None:
        """Tell whether a sentence speaks of a part, another unit or another period than the report's."""
        for n, mark in enumerate(marks):
            if mark.kind == "blockers":
                return Unclear("part", word=mark.key)
            if mark.kind == "ignored" and mark.value == "month" and not self._is_until(marks, n):
                return Unclear("one_month")
            if mark.kind == "whole" and self.unit and mark.value != self.unit.level:
                return Unclear("other_unit", word=mark.key)
            if mark.kind == "place" and not self._is_ours(mark.key):
                return Unclear("other_unit", word=mark.key)
            if mark.kind == "period" and not self._is_this_period(mark.value):
                return Unclear("other_period", word=mark.key)
            if mark.kind == "last_year" and not (n and marks[n - 1].kind == "figure"):
                return Unclear("other_period", word=mark.key)
        return None

    def _is_until(self, marks: list[Mark], at: int) -> bool:
        """Tell whether the month at ``at`` is an end ("đến tháng 9") or part of a date ("ngày 30 tháng 9")."""
        before = marks[at - 2] if at >= 2 else None
        return before is not None and (before.kind == "ignored" or before.key in self.told.entry["until"])

    def _is_ours(self, place: str) -> bool:
        named = self.unit_at(place)
        return bool(self.unit and named and named.key in (self.unit.key, self.unit.parent))

    def _is_this_period(self, span: Span) -> bool:
        if self.period is None:
            return True
        return span.year in (None, self.period.year) and span.months in (None, self.period.months)


def _before_figures(marks: list[Mark]) -> list[Mark]:
    return marks[: next((n for n, mark in enumerate(marks) if mark.kind == "figure"), len(marks))]


def _only_basis(marks: list[Mark]) -> str | None:
    said = {mark.value for mark in marks if mark.kind == "basis"}
    return said.pop() if len(said) == 1 else None


def _period_after(marks: list[Mark], at: int) -> tuple[int, Span | None]:
    """Return where the period that begins at ``at`` ends, and the period: "cùng kỳ", "cùng kỳ năm 2021", "năm 2021"."""
    end, span = at, None
    if end < len(marks) and marks[end].kind == "last_year":
        end, span = end + 1, Span(None, None)
    if end < len(marks) and marks[end].kind == "period":
        return end + 1, marks[end].value
    return end, span
