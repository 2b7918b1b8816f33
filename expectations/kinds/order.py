"""Order: a part never exceeds its whole in the same row."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any, ClassVar, Literal

from expectations.constraints import Place, SignedCells, Values, has_value
from expectations.explanation import FailedComparison, Voice
from expectations.formulas import absence, equation
from expectations.participants import Participant, summands
from expectations.rule import Rule
from expectations.sql import UNBOUNDED, all_printed, and_none_printed, signed_sum, slack
from expectations.terms import Code, Terms
from pipeline.forms import Form


class Order(Rule):
    """The sum of ``lesser`` never exceeds the sum of ``greater``."""

    kind: Literal["order"]
    lesser: Terms
    greater: Terms
    absent: tuple[Code, ...] = ()

    titles: ClassVar[dict[str, tuple[str, str]]] = {"order": ("Lớn bé", "Order")}
    limits_part: ClassVar[bool] = True
    uses_printed_units: ClassVar[bool] = True

    def selects(self, form: str) -> Iterable[str]:
        """Compare the sums in every row that prints all of their columns."""
        both = (*self.lesser, *self.greater)
        yield f"""
            select submission_id, row_code, '{self.lesser[0].column}' as column_code,
                   {signed_sum(self.lesser)} as found, {signed_sum(self.greater)} as expected,
                   -{UNBOUNDED} as low, {signed_sum(self.greater)} + {slack(both)} as high,
                   null::varchar as verdict
            from form_{form}
            where {all_printed(both)} {and_none_printed(self.absent)}
        """

    def cells(self, form: Form, row: str, column: str) -> list[Participant]:
        """Return the terms of both sums."""
        return [*summands(self.lesser, form, row, role="found"), *summands(self.greater, form, row)]

    def explanation(self, failure: FailedComparison, voice: Voice) -> str:
        """Write both sums out."""
        lesser, greater = (" + ".join(voice.cell(failure, cell) for cell in cells) for cells in failure.sides)
        return f"{voice.place(failure)}: {lesser} > {greater}; {voice.difference(failure)}."

    def formulas(self) -> Iterator[str]:
        """Yield the inequality."""
        yield equation(self.lesser, "≤", self.greater)
        yield from absence(self.absent)

    def weights(self, cells: list[dict[str, Any]]) -> Iterator[list[Decimal]]:
        """Yield signs and factors by side: one column may stand on both."""
        sides = {"found": self.lesser, "term": self.greater}
        weight = {(role, term.column): term.sign * term.factor for role, terms in sides.items() for term in terms}
        yield [Decimal(weight.get((cell["role"], cell["column_code"]), 0)) for cell in cells]

    def part_and_whole(self, place: Place, values: Values) -> tuple[SignedCells, SignedCells] | None:
        """Return both sums in the row of a cell that takes part in one, unless a column in ``absent`` is printed."""
        if place.column not in {term.column for term in (*self.lesser, *self.greater)}:
            return None
        if any(has_value(place._replace(column=column), values) for column in self.absent):
            return None
        part, whole = (
            {place._replace(column=term.column): term.sign * term.factor for term in terms}
            for terms in (self.lesser, self.greater)
        )
        return part, whole
