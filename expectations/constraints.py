"""What must hold between the cells of a return, as constraints that can be asked: would this close if that cell were so?

A constraint is a comparison of the judging database read backwards. Sums carry signed cells and the interval in which
their sum may lie, ratios a numerator and a base; what is neither can only be held or not.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

if TYPE_CHECKING:
    from expectations.rule import Rule

HUNDRED = Decimal(100)
HALF_CENT = Decimal("0.005")
CENT = Decimal("0.01")  # to which the forms round a rate


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
#: Cells with the weights that they have in a sum.
Signed = Mapping[Place, Decimal]


@dataclass(frozen=True, eq=False)
class Constraint:
    """One comparison. ``finding_id`` is null where it holds."""

    rule: "Rule"
    form: str
    row: str
    column: str
    finding_id: str | None
    places: tuple[Place, ...]

    @property
    def is_contradiction(self) -> bool:
        """Tell whether it holds a report against another document on the same agency and period."""
        return self.rule.compares_documents

    def holds(self, values: Values) -> bool:
        """Tell whether it holds for these figures."""
        return self.finding_id is None

    def closing(self, place: Place, values: Values) -> Iterator[Decimal]:
        """Yield the figures that ``place`` would have to show for this to hold, the others staying as they are."""
        return iter(())


@dataclass(frozen=True, eq=False)
class Sum(Constraint):
    """The signed sum of cells lies in ``[low, high]``."""

    signed: Signed = field(default_factory=dict)
    low: Decimal = Decimal(0)
    high: Decimal = Decimal(0)

    def residual(self, values: Values) -> Decimal:
        """Return the signed sum: zero where an equality holds."""
        return total(self.signed, values)

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
    numerator: Signed = field(default_factory=dict)
    base: Signed = field(default_factory=dict)
    below: Decimal = Decimal(0)
    above: Decimal = Decimal(0)

    def computed(self, values: Values) -> Decimal | None:
        """Return the percentage worked out, null without a base."""
        top, base = (total(side, values) for side in (self.numerator, self.base))
        return HUNDRED * top / base if base > 0 else None

    def holds(self, values: Values, lost: Decimal = Decimal(0)) -> bool:
        """Tell whether it holds for these figures; each amount may have ``lost`` so much by rounding."""
        computed = self.computed(values)
        if computed is None or self.printed is None:
            return True
        # A hypothesis gives a rate of two places, as the forms round it, whatever was printed.
        # By how much amounts that lost their last digits move it.
        spread = (HUNDRED + computed) * lost * len(self.base) / total(self.base, values)
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
            wanted = values[self.printed] * total(self.base, values) / HUNDRED
            yield _whole(values[place] + (wanted - total(self.numerator, values)) / self.numerator[place])
        elif place in self.base and place not in self.numerator and values[self.printed]:
            wanted = HUNDRED * total(self.numerator, values) / values[self.printed]
            yield _whole(values[place] + (wanted - total(self.base, values)) / self.base[place])


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
        return is_there(self.places[0], values)


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


def total(side: Signed, values: Values) -> Decimal:
    """Return the signed sum of cells."""
    return sum((sign * values[place] for place, sign in side.items()), Decimal(0))


def is_there(place: Place, values: Values) -> bool:
    """Tell whether a cell shows a figure."""
    try:
        return values[place] is not None
    except KeyError:
        return False


def _whole(value: Decimal) -> Decimal:
    return value.to_integral_value()


AnyConstraint = TypeVar("AnyConstraint", bound=Constraint)


@dataclass(frozen=True)
class Comparison:
    """A comparison of the judging database with its cells, to be read backwards by the rule that made it.

    ``row`` has the columns of the table ``comparison`` and finding_id; ``submission_id`` is the return under suspicion.
    """

    rule: "Rule"
    row: Mapping[str, Any]
    cells: list[dict[str, Any]]
    submission_id: str

    @cached_property
    def places(self) -> tuple[Place, ...]:
        """Where its cells stand."""
        return tuple(
            Place(cell["submission_id"], cell["form"], cell["row_code"], cell["column_code"]) for cell in self.cells
        )

    def constraint(self, kind: type[AnyConstraint], **details: Any) -> AnyConstraint:
        """Return it as a constraint of ``kind``; ``details`` are what only that kind has."""
        row = self.row
        return kind(
            self.rule, row["form"], row["row_code"], row["column_code"], row["finding_id"], self.places, **details
        )

    def sum(self, weights: Iterable[list[Decimal]]) -> Constraint:
        """Return it as a sum of its cells, which have one of these ``weights``.

        It is taken for one only where the cells add up to what it found and expected; so a kind of rule that is no sum,
        or does not say what it is, never yields a wrong figure.
        """
        row = self.row
        for each in weights:
            signed = self._signed(each)
            if signed is not None:
                low, high = row["low"] - row["expected"], row["high"] - row["expected"]
                return self.constraint(Sum, signed=signed, low=low, high=high)
        own = [
            (place, cell["value"])
            for place, cell in zip(self.places, self.cells, strict=True)
            if place.submission_id == self.submission_id and cell["role"] == "found"
        ]
        if len(own) == 1 and own[0][1] == row["found"]:
            return self.constraint(Sum, signed={own[0][0]: Decimal(1)}, low=row["low"], high=row["high"])
        return self.constraint(Constraint)

    def _signed(self, weights: list[Decimal]) -> Signed | None:
        """Return the sum that is found less expected; nothing where these weights give other figures."""
        sides: dict[str, Decimal] = {"found": Decimal(0), "term": Decimal(0)}
        for cell, weight in zip(self.cells, weights, strict=True):
            sides[cell["role"]] += weight * cell["value"]
        for found, term in (("found", "term"), ("term", "found")):
            if sides[found] == self.row["found"] and sides[term] == self.row["expected"]:
                signed: dict[Place, Decimal] = {}
                for place, cell, weight in zip(self.places, self.cells, weights, strict=True):
                    signed[place] = signed.get(place, Decimal(0)) + (weight if cell["role"] == found else -weight)
                return signed
        return None
