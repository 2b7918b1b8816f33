"""What must hold between the cells of a return, as constraints that answer: would this close if that cell were different?

A constraint is a comparison of the judging database read backwards. Sums carry signed cells and the interval in which
their sum may lie, ratios a numerator and a base; any other constraint only says whether it holds.
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
#: Cells with their weights in a sum.
SignedCells = Mapping[Place, Decimal]


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
        """Tell whether it compares a report with another document on the same agency and period."""
        return self.rule.compares_documents

    def holds(self, values: Values) -> bool:
        """Tell whether it holds for these figures."""
        return self.finding_id is None

    def closing_values(self, place: Place, values: Values) -> Iterator[Decimal]:
        """Yield the figures at ``place`` with which this would hold, all other cells unchanged."""
        return iter(())


@dataclass(frozen=True, eq=False)
class Sum(Constraint):
    """The signed sum of cells lies in ``[low, high]``."""

    signed_cells: SignedCells = field(default_factory=dict)
    low: Decimal = Decimal(0)
    high: Decimal = Decimal(0)

    def residual(self, values: Values) -> Decimal:
        """Return the signed sum: zero where an equality holds."""
        return total(self.signed_cells, values)

    def holds(self, values: Values) -> bool:
        """Tell whether it holds for these figures."""
        return self.low <= self.residual(values) <= self.high

    def excess(self, values: Values) -> Decimal:
        """Return how far the sum lies outside its interval."""
        residual = self.residual(values)
        return max(self.low - residual, residual - self.high, Decimal(0))

    def closing_values(self, place: Place, values: Values) -> Iterator[Decimal]:
        """Yield the figures of ``place`` that close it."""
        if sign := self.signed_cells.get(place):
            target = min(max(Decimal(0), self.low), self.high)
            yield values[place] + (target - self.residual(values)) / sign


@dataclass(frozen=True, eq=False)
class Ratio(Constraint):
    """A printed percentage agrees with numerator divided by base."""

    printed_place: Place | None = None
    numerator: SignedCells = field(default_factory=dict)
    base: SignedCells = field(default_factory=dict)
    margin_below: Decimal = Decimal(0)
    margin_above: Decimal = Decimal(0)

    def compute_rate(self, values: Values) -> Decimal | None:
        """Return the computed percentage, null without a base."""
        top, base = (total(side, values) for side in (self.numerator, self.base))
        return HUNDRED * top / base if base > 0 else None

    def holds(self, values: Values, rounding_loss: Decimal = Decimal(0)) -> bool:
        """Tell whether it holds for these figures; each amount may have lost up to ``rounding_loss`` by rounding."""
        rate = self.compute_rate(values)
        if rate is None or self.printed_place is None:
            return True
        # A hypothesis gives a rate of two places, as the forms round it, whatever was printed.
        # Amounts that lost their last digits move it by this much.
        leeway = (HUNDRED + rate) * rounding_loss * len(self.base) / total(self.base, values)
        margin_below, margin_above = (
            max(margin, HALF_CENT) + leeway for margin in (self.margin_below, self.margin_above)
        )
        return rate - margin_below <= values[self.printed_place] <= rate + margin_above

    def closing_values(self, place: Place, values: Values) -> Iterator[Decimal]:
        """Yield the figures of ``place`` that close it."""
        rate = self.compute_rate(values)
        if rate is None or self.printed_place is None:
            return
        if place == self.printed_place:
            yield rate.quantize(CENT, ROUND_HALF_UP)
        elif place in self.numerator and place not in self.base:
            target = values[self.printed_place] * total(self.base, values) / HUNDRED
            yield _whole(values[place] + (target - total(self.numerator, values)) / self.numerator[place])
        elif place in self.base and place not in self.numerator and values[self.printed_place]:
            target = HUNDRED * total(self.numerator, values) / values[self.printed_place]
            yield _whole(values[place] + (target - total(self.base, values)) / self.base[place])


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

    def closing_values(self, place: Place, values: Values) -> Iterator[Decimal]:
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
        """Return the money per case of every pair with enough cases."""
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
class WholeNumber(Constraint):
    """A figure is at least ``minimum`` and, where ``is_whole``, a whole number."""

    minimum: Decimal = Decimal(0)
    is_whole: bool = True

    def holds(self, values: Values) -> bool:
        """Tell whether it holds for these figures."""
        value = values[self.places[0]]
        return value >= self.minimum and (not self.is_whole or value == value.to_integral_value())

    def closing_values(self, place: Place, values: Values) -> Iterator[Decimal]:
        """Yield the figures of ``place`` that close it."""
        value = values[place]
        if value < self.minimum:
            yield -value


@dataclass(frozen=True, eq=False)
class BlankCell(Constraint):
    """A cell must show a figure; one that could not be read, or was never calculated, shows none."""

    def holds(self, values: Values) -> bool:
        """Tell whether there is a figure."""
        return has_value(self.places[0], values)


@dataclass(frozen=True, eq=False)
class UncalculatedFormula(BlankCell):
    """A formula was not calculated: it shows no value, or an outdated one.

    ``calculated_value`` is what it gives for the figures that it reads, where the reader could tell. Nobody need type
    anything: only calculating anew closes it.
    """

    calculated_value: Decimal | None = None

    def holds(self, values: Values) -> bool:
        """Return False: no figure closes it."""
        return False


def total(signed_cells: SignedCells, values: Values) -> Decimal:
    """Return the signed sum of cells."""
    return sum((sign * values[place] for place, sign in signed_cells.items()), Decimal(0))


def has_value(place: Place, values: Values) -> bool:
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
        """Return it as a constraint of ``kind``; ``details`` are the fields that only that kind has."""
        row = self.row
        return kind(
            self.rule, row["form"], row["row_code"], row["column_code"], row["finding_id"], self.places, **details
        )

    def sum(self, weights: Iterable[list[Decimal]]) -> Constraint:
        """Return it as a sum of its cells, weighted by the first of ``weights`` that fits.

        It is taken for a sum only where the cells add up to what it found and expected; so a kind of rule that is no sum,
        or does not say what it is, never yields a wrong figure.
        """
        row = self.row
        for cell_weights in weights:
            signed_cells = self._signed_cells(cell_weights)
            if signed_cells is not None:
                low, high = row["low"] - row["expected"], row["high"] - row["expected"]
                return self.constraint(Sum, signed_cells=signed_cells, low=low, high=high)
        own_cells = [
            (place, cell["value"])
            for place, cell in zip(self.places, self.cells, strict=True)
            if place.submission_id == self.submission_id and cell["role"] == "found"
        ]
        if len(own_cells) == 1 and own_cells[0][1] == row["found"]:
            return self.constraint(Sum, signed_cells={own_cells[0][0]: Decimal(1)}, low=row["low"], high=row["high"])
        return self.constraint(Constraint)

    def _signed_cells(self, weights: list[Decimal]) -> SignedCells | None:
        """Return the cells of found less expected; None where these weights give other figures."""
        sides: dict[str, Decimal] = {"found": Decimal(0), "term": Decimal(0)}
        for cell, weight in zip(self.cells, weights, strict=True):
            sides[cell["role"]] += weight * cell["value"]
        for found_role, expected_role in (("found", "term"), ("term", "found")):
            if sides[found_role] == self.row["found"] and sides[expected_role] == self.row["expected"]:
                signed_cells: dict[Place, Decimal] = {}
                for place, cell, weight in zip(self.places, self.cells, weights, strict=True):
                    signed_cells[place] = signed_cells.get(place, Decimal(0)) + (
                        weight if cell["role"] == found_role else -weight
                    )
                return signed_cells
        return None
