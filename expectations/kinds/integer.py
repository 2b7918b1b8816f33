"""Integer: figures are whole and not below a minimum."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import ClassVar, Literal

from expectations.constraints import Comparison, Constraint, WholeNumber
from expectations.explanation import FailedComparison, Voice
from expectations.formulas import figure
from expectations.participants import Participant
from expectations.rule import Rule
from expectations.sql import UNBOUNDED
from expectations.terms import CHANGE
from pipeline.forms import Form


class Integer(Rule):
    """Every figure is at least ``minimum`` and, where ``whole``, a whole number."""

    kind: Literal["integer"]
    whole: bool = True
    minimum: Decimal = Decimal(0)

    titles: ClassVar[dict[str, tuple[str, str]]] = {"integer": ("Số nguyên", "Whole numbers")}

    def selects(self, form: str) -> Iterable[str]:
        """Compare every figure that is neither a rate nor a change with the nearest allowed one."""
        nearest = f"greatest({'round(value)' if self.whole else 'value'}, {self.minimum})"
        low, high = (nearest, nearest) if self.whole else (self.minimum, UNBOUNDED)
        yield f"""
            select submission_id, row_code, column_code, value as found, {nearest} as expected,
                   {low} as low, {high} as high, null::varchar as verdict
            from cell
            where form = '{form}' and value is not null and unit not in ('percent', 'point')
              and not ends_with(column_code, '{CHANGE}')
        """

    def cells(self, form: Form, row: str, column: str) -> list[Participant]:
        """Return the one cell that is checked."""
        return [Participant("found", 1, form.code, row, column)]

    def explanation(self, failure: FailedComparison, voice: Voice) -> str:
        """Name the cell: its figure shows what is wrong."""
        cell = failure.cells[0] if failure.cells else None
        text = voice.cell(failure, cell) if cell else voice.amount(failure.to_printed_unit(failure.found))
        return f"{voice.place(failure)}: {text}."

    def formulas(self) -> Iterator[str]:
        """Yield the bound."""
        yield f"Every figure ≥ {figure(self.minimum)}{', without fraction' if self.whole else ''}"

    def constraint(self, comparison: Comparison) -> Constraint:
        """Return what the cell may show."""
        if comparison.places:
            return comparison.constraint(WholeNumber, minimum=self.minimum, is_whole=self.whole)
        return super().constraint(comparison)
