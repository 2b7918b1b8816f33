"""What must hold between the cells of a return, as constraints that can be asked: would this close if that cell were so?

A constraint is a comparison of the judging database read backwards. Sums carry signed cells and the interval in which
their sum may lie, ratios a numerator and a base; what is neither can only be held or not.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple

from expectations.rules import (
    AnyRule,
    Balance,
    CrossForm,
    FormScale,
    Growth,
    Integer,
    MoneyPerCase,
    Order,
    PrintedRatio,
)

HUNDRED = Decimal(100)
HALF_CENT = Decimal("0.005")
CENT = Decimal("0.01")  # to which the forms round a rate
UNBOUNDED = Decimal(10) ** 19  # comparisons write 1e20 where there is no bound


class Place(NamedTuple):
    """A cell of some return."""

    submission_id: str
    form: str
    row: str
    column: str


@dataclass(frozen=True)
class Cell:
    """A figure that takes part in a constraint, in base units, with where it stands."""

    place: Place
    value: Decimal | None  # null where it shows none
    unit: str | None
    sheet: str | None
    address: str | None
    raw: str | None


Values = Mapping[Place, Decimal]


@dataclass(frozen=True, eq=False)
class Constraint:
    """One comparison. ``finding_id`` is null where it holds."""

    rule: AnyRule
    form: str
    row: str
    column: str
    finding_id: str | None
    places: tuple[Place, ...]

    @property
    def is_contradiction(self) -> bool:
        """Tell whether it holds a report against another document on the same agency and period."""
        return isinstance(self.rule, CrossForm) and self.rule.partner == "workbook"

    def holds(self, values: Values) -> bool:
        """Tell whether it holds for these figures."""
        return self.finding_id is None

    def closing(self, place: Place, values: Values) -> Iterator[Decimal]:
        """Yield the figures that ``place`` would have to show for this to hold, the others staying as they are."""
        return iter(())


@dataclass(frozen=True, eq=False)
class Sum(Constraint):
    """The signed sum of cells lies in ``[low, high]``."""

    signed: Mapping[Place, Decimal] = field(default_factory=dict)
    low: Decimal = Decimal(0)
    high: Decimal = Decimal(0)

    def residual(self, values: Values) -> Decimal:
        """Return the signed sum: zero where an equality holds."""
        return sum((sign * values[place] for place, sign in self.signed.items()), Decimal(0))

    def holds(self, values: Values) -> bool:
        """Tell whether it holds for these figures."""
        return self.low <= self.residual(values) <= self.high

    def excess(self, values: Values) -> Decimal:
        """Return how far the sum lies outside of its interval."""
        residual = self.residual(values)
        return max(self.low - residual, residual - self.high, Decimal(0))

    def closing(self, place: Place, values: Values) -> Iterator[Decimal]:
        """Yield the figures of ``place`` that close it."""
        if sign := self.signed.get(place):
            wanted = min(max(Decimal(0), self.low), self.high)
            yield values[place] + (wanted - self.residual(values)) / sign


@dataclass(frozen=True, eq=False)
class Ratio(Constraint):
    """A printed percentage agrees with numerator by base."""

    printed: Place | None = None
    numerator: Mapping[Place, Decimal] = field(default_factory=dict)
    base: Mapping[Place, Decimal] = field(default_factory=dict)
    below: Decimal = Decimal(0)
    above: Decimal = Decimal(0)

    def computed(self, values: Values) -> Decimal | None:
        """Return the percentage worked out, null without a base."""
        top, base = (_total(side, values) for side in (self.numerator, self.base))
        return HUNDRED * top / base if base > 0 else None

    def holds(self, values: Values, lost: Decimal = Decimal(0)) -> bool:
        """Tell whether it holds for these figures; each amount may have ``lost`` so much by rounding."""
        computed = self.computed(values)
        if computed is None or self.printed is None:
            return True
        # A hypothesis gives a rate of two places, as the forms round it, whatever was printed.
        # By how much amounts that lost their last digits move it.
        spread = (HUNDRED + computed) * lost * len(self.base) / _total(self.base, values)
        below, above = (max(side, HALF_CENT) + spread for side in (self.below, self.above))
        return computed - below <= values[self.printed] <= computed + above

    def closing(self, place: Place, values: Values) -> Iterator[Decimal]:
        """Yield the figures of ``place`` that close it."""
        computed = self.computed(values)
        if computed is None or self.printed is None:
            return
        if place == self.printed:
            yield computed.quantize(CENT, ROUND_HALF_UP)
        elif place in self.numerator and place not in self.base:
            wanted = values[self.printed] * _total(self.base, values) / HUNDRED
            yield _whole(values[place] + (wanted - _total(self.numerator, values)) / self.numerator[place])
        elif place in self.base and place not in self.numerator and values[self.printed]:
            wanted = HUNDRED * _total(self.numerator, values) / values[self.printed]
            yield _whole(values[place] + (wanted - _total(self.base, values)) / self.base[place])


@dataclass(frozen=True, eq=False)
class Worth(Constraint):
    """Money per case lies in ``[low, high]``."""

    money: Place | None = None
    cases: Place | None = None
    low: Decimal = Decimal(0)
    high: Decimal = Decimal(0)

    def holds(self, values: Values) -> bool:
        """Tell whether it holds for these figures."""
        assert self.money is not None
        assert self.cases is not None
        cases = values[self.cases]
        return cases <= 0 or self.low <= values[self.money] / cases <= self.high

    def closing(self, place: Place, values: Values) -> Iterator[Decimal]:
        """Yield the figures of ``place`` that close it."""
        if place == self.money:
            yield from (values[place] * 1000, values[place] / 1000)


@dataclass(frozen=True, eq=False)
class Scale(Constraint):
    """Not all of ``pairs`` (money, cases) are worth more than ``high`` a case, nor all less than ``low``."""

    pairs: tuple[tuple[Place, Place], ...] = ()
    low: Decimal = Decimal(0)
    high: Decimal = Decimal(0)
    minimum_cases: int = 1

    def worth(self, values: Values) -> list[Decimal]:
        """Return the money per case of every pair that rests on enough cases."""
        return [
            values[money] / values[cases]
            for money, cases in self.pairs
            if values[cases] >= self.minimum_cases and values[money] > 0
        ]

    def holds(self, values: Values) -> bool:
        """Tell whether it holds for these figures."""
        worth = self.worth(values)
        return len(worth) < 2 or not (min(worth) > self.high or max(worth) < self.low)


@dataclass(frozen=True, eq=False)
class Whole(Constraint):
    """A figure is at least ``minimum`` and, where ``is_whole``, a whole number."""

    minimum: Decimal = Decimal(0)
    is_whole: bool = True

    def holds(self, values: Values) -> bool:
        """Tell whether it holds for these figures."""
        value = values[self.places[0]]
        return value >= self.minimum and (not self.is_whole or value == value.to_integral_value())

    def closing(self, place: Place, values: Values) -> Iterator[Decimal]:
        """Yield the figures of ``place`` that close it."""
        value = values[place]
        if value < self.minimum:
            yield -value


@dataclass(frozen=True, eq=False)
class Blank(Constraint):
    """A cell shows a figure: one that could not be read, or was never calculated, shows none."""

    def holds(self, values: Values) -> bool:
        """Tell whether there is a figure."""
        try:
            return values[self.places[0]] is not None
        except KeyError:
            return False


@dataclass(frozen=True, eq=False)
class Uncalculated(Blank):
    """A formula was not calculated: it shows no value, or an old one.

    ``worked_out`` is what it gives for the figures that stand there, where the reader could tell. Nobody need type
    anything: only calculating anew closes it.
    """

    worked_out: Decimal | None = None

    def holds(self, values: Values) -> bool:
        """Tell that figures do not close it."""
        return False


def constraint(rule: AnyRule, row: dict, cells: list[dict], own: str) -> Constraint:
    """Return a comparison (columns as the table ``comparison``, with finding_id) and its cells as a constraint.

    A comparison is taken for a sum only where its cells add up to what it found and expected; so a kind of rule that is
    no sum, or is not known here, never yields a wrong figure.
    """
    places = [Place(cell["submission_id"], cell["form"], cell["row_code"], cell["column_code"]) for cell in cells]
    common: dict[str, Any] = {
        "rule": rule,
        "form": row["form"],
        "row": row["row_code"],
        "column": row["column_code"],
        "finding_id": row["finding_id"],
        "places": tuple(places),
    }
    if isinstance(rule, Integer) and places:
        return Whole(**common, minimum=rule.minimum, is_whole=rule.whole)
    if isinstance(rule, MoneyPerCase) and len(places) == 2:
        money, cases = sorted(places, key=lambda place: place.form == rule.cases)
        return Worth(**common, money=money, cases=cases, low=rule.floor, high=rule.ceiling)
    if isinstance(rule, FormScale):
        by_form = {(place.form == rule.cases, place.column): place for place in places}
        pairs = tuple(
            (by_form[False, measure], by_form[True, measure])
            for measure in rule.measures
            if (False, measure) in by_form and (True, measure) in by_form
        )
        return Scale(**common, pairs=pairs, low=rule.floor, high=rule.ceiling, minimum_cases=rule.minimum_cases)
    if isinstance(rule, PrintedRatio):
        return _ratio(rule, row, dict(zip(places, cells, strict=True)), common)
    if isinstance(rule, Growth):
        asked = rule.ratio(rule.measure(row["column_code"]))
        return _ratio(asked, row, dict(zip(places, cells, strict=True)), common)
    for weights in _weights(rule, cells):
        sides: dict[str, Decimal] = {"found": Decimal(0), "term": Decimal(0)}
        for cell, weight in zip(cells, weights, strict=True):
            sides[cell["role"]] += weight * cell["value"]
        for found, term in (("found", "term"), ("term", "found")):
            if sides[found] == row["found"] and sides[term] == row["expected"]:
                signed: dict[Place, Decimal] = {}
                for place, cell, weight in zip(places, cells, weights, strict=True):
                    signed[place] = signed.get(place, Decimal(0)) + (weight if cell["role"] == found else -weight)
                return Sum(
                    **common, signed=signed, low=row["low"] - row["expected"], high=row["high"] - row["expected"]
                )
    mine = [(p, c) for p, c in zip(places, cells, strict=True) if p.submission_id == own and c["role"] == "found"]
    if len(mine) == 1 and mine[0][1]["value"] == row["found"]:
        return Sum(**common, signed={mine[0][0]: Decimal(1)}, low=row["low"], high=row["high"])
    return Constraint(**common)


def _weights(rule: AnyRule, cells: list[dict]) -> Iterator[list[Decimal]]:
    """Yield the weights that the cells may have: of a balance with alternatives, those of each sum."""
    if isinstance(rule, Balance):
        for terms in rule.sums:
            weight = {term.column: term.sign * term.factor for term in terms}
            yield [
                Decimal(1) if cell["role"] == "found" else Decimal(weight.get(cell["column_code"], 0)) for cell in cells
            ]
    elif isinstance(rule, Order):
        sides = {"found": rule.lesser, "term": rule.greater}
        factor = {(role, term.column): term.sign * term.factor for role, terms in sides.items() for term in terms}
        yield [Decimal(factor.get((cell["role"], cell["column_code"]), 0)) for cell in cells]
    else:
        yield [Decimal(cell["sign"]) for cell in cells]


def _ratio(rule: PrintedRatio, row: dict, cells: dict[Place, dict], common: dict[str, Any]) -> Constraint:
    by_column = {place.column: place for place in cells}
    printed = by_column.get(rule.column)
    top = {by_column[t.column]: t.sign * t.factor for t in rule.numerator if t.column in by_column}
    for terms in rule.denominators:
        if all(term.column in by_column or term.is_optional for term in terms):
            base = {by_column[t.column]: t.sign * t.factor for t in terms if t.column in by_column}
            if printed and top and base:
                below, above = row["expected"] - row["low"], row["high"] - row["expected"]
                return Ratio(**common, printed=printed, numerator=top, base=base, below=below, above=above)
    return Constraint(**common)


def _total(side: Mapping[Place, Decimal], values: Values) -> Decimal:
    return sum((sign * values[place] for place, sign in side.items()), Decimal(0))


def _whole(value: Decimal) -> Decimal:
    return value.to_integral_value()
