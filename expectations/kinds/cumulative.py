"""Cumulative: what a year adds up never falls from month to month."""

from collections.abc import Iterable, Iterator
from typing import ClassVar, Literal

from pydantic import Field

from expectations.explanation import FailedComparison, Voice
from expectations.formulas import code_list as codes
from expectations.participants import Participant, cell_with_partner
from expectations.rule import PREVIOUS, Rule
from expectations.sql import UNBOUNDED, code_list
from expectations.terms import Code
from pipeline.forms import Form


class Cumulative(Rule):
    """Within the statistical year ``columns`` never fall from one report to the next, or never rise."""

    kind: Literal["cumulative"]
    columns: tuple[Code, ...] = Field(min_length=1)
    never: Literal["falls", "rises"] = "falls"

    titles: ClassVar[dict[str, tuple[str, str]]] = {"cumulative": ("Lũy kế trong năm", "Cumulative")}

    @property
    def partner_relation(self) -> str:
        """The report before."""
        return PREVIOUS

    def partner_columns(self, form: str) -> tuple[str, ...]:
        """Return the columns that are compared."""
        return self.columns

    @property
    def never_falls(self) -> bool:
        """Whether a month adds to the figures; figures that never rise are used up."""
        return self.never == "falls"

    def selects(self, form: str) -> Iterable[str]:
        """Compare every figure with the one of the report before."""
        slack = "rounding + before_rounding"
        low, high = (f"before - ({slack})", UNBOUNDED) if self.never_falls else (f"-{UNBOUNDED}", f"before + {slack}")
        yield f"""
            select submission_id, row_code, column_code, value as found, before as expected, {low} as low, {high} as high,
                   null::varchar as verdict, beside
            from paired
            where relation = '{PREVIOUS}' and form = '{form}' and column_code in ({code_list(self.columns)})
        """

    def cells(self, form: Form, row: str, column: str) -> list[Participant]:
        """Return the cell in this report and the one before."""
        return cell_with_partner(form, row, column)

    def explanation(self, failure: FailedComparison, voice: Voice) -> str:
        """Name the cell, and the figure of the report before."""
        (cell,), (previous_cell,) = failure.sides
        return (
            f"{voice.place(failure)}: {voice.cell(failure, cell)}, {voice.say('nhưng', 'but')} {voice.report(previous_cell)}: "
            f"{voice.cell(failure, previous_cell)}; {voice.difference(failure)}."
        )

    def formulas(self) -> Iterator[str]:
        """Yield the inequality of the two reports."""
        sign = "≥" if self.never_falls else "≤"
        yield f"In every row: this report {sign} the report before it in the statistical year, for {codes(self.columns)}"
