"""Duplicate: a form is not a copy of the one in the report before."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field

from expectations.explanation import FailedComparison, Voice
from expectations.formulas import code_list as codes
from expectations.participants import Participant, cell_with_partner
from expectations.rule import PREVIOUS, Rule
from expectations.sql import code_list
from expectations.terms import Code
from pipeline.forms import Form, Forms, UnitOfMeasure


class Duplicate(Rule):
    """The figures of ``columns`` are not all equal to those of the report before."""

    kind: Literal["duplicate"]
    columns: tuple[Code, ...] = Field(min_length=1)
    row: Code
    minimum: int  # figures other than zero that must coincide before it is called a copy

    titles: ClassVar[dict[str, tuple[str, str]]] = {"duplicate": ("Trùng kỳ trước", "Duplicate")}
    detects_copy: ClassVar[bool] = True

    @property
    def partner_relation(self) -> str:
        """The report before."""
        return PREVIOUS

    def partner_columns(self, form: str) -> tuple[str, ...]:
        """Return the columns that are compared."""
        return self.columns

    def selects(self, form: str) -> Iterable[str]:
        """Count how many figures coincide; one fewer than all of them is no copy."""
        yield f"""
            select submission_id, '{self.row}' as row_code, '{self.columns[0]}' as column_code,
                   count(*) filter (value = before) as found, count(*) - 1 as expected,
                   0 as low, count(*) - 1 as high, null::varchar as verdict, beside
            from paired
            where relation = '{PREVIOUS}' and form = '{form}' and column_code in ({code_list(self.columns)})
              and (value <> 0 or before <> 0)
            group by submission_id, beside
            having count(*) >= {self.minimum}
        """

    def cells(self, form: Form, row: str, column: str) -> list[Participant]:
        """Return one cell in this report and the one before: the sentence's example."""
        return cell_with_partner(form, row, column)

    def unit(self, cell: Mapping[str, Any] | None, declarations: Forms) -> UnitOfMeasure | None:
        """Return none: it counts figures, whatever their units."""
        return None

    def explanation(self, failure: FailedComparison, voice: Voice) -> str:
        """Say how many figures coincide, with an example."""
        current_cells, previous_cells = failure.sides
        count = voice.amount(failure.found)
        return (
            f"{voice.place(failure)}: {voice.say(f'cả {count} số liệu khác 0 trùng với', f'all {count} figures that are not 0 equal those of')} "
            f"{voice.report(previous_cells[0])}, {voice.say('ví dụ', 'e.g.')} {voice.cell(failure, current_cells[0])} = {voice.cell(failure, previous_cells[0])}."
        )

    def formulas(self) -> Iterator[str]:
        """Yield what must not coincide."""
        yield (
            f"Not all figures equal those of the report before, for {codes(self.columns)}; where {self.minimum} or more are "
            "not zero"
        )
