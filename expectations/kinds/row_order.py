"""Order of rows: a row that is part of another never exceeds it."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import ClassVar, Literal

from expectations.constraints import Place, SignedCells, Values
from expectations.explanation import FailedComparison, Voice
from expectations.participants import Participant
from expectations.rule import Rule
from expectations.sql import UNBOUNDED
from expectations.terms import CHANGE, Code
from pipeline.forms import Form, forms


class RowOrder(Rule):
    """A figure of row ``lesser`` never exceeds the one of row ``greater`` in the same column."""

    kind: Literal["row_order"]
    lesser: Code
    greater: Code

    titles: ClassVar[dict[str, tuple[str, str]]] = {"row_order": ("Lớn bé giữa các dòng", "Order of rows")}
    limits_part: ClassVar[bool] = True
    uses_printed_units: ClassVar[bool] = True

    def selects(self, form: str) -> Iterable[str]:
        """Compare the rows in every column but those of changes, which may go either way."""
        yield f"""
            select part.submission_id, part.row_code, part.column_code,
                   part.value as found, whole.value as expected,
                   -{UNBOUNDED} as low, whole.value + part.rounding + whole.rounding as high, null::varchar as verdict
            from cell as part
            join cell as whole on whole.submission_id = part.submission_id and whole.form = part.form
                              and whole.column_code = part.column_code and whole.row_code = '{self.greater}'
            where part.form = '{form}' and part.row_code = '{self.lesser}'
              and part.value is not null and whole.value is not null and not ends_with(part.column_code, '{CHANGE}')
        """

    def cells(self, form: Form, row: str, column: str) -> list[Participant]:
        """Return the cell of each row."""
        return [
            Participant("found", 1, form.code, self.lesser, column),
            Participant("term", 1, form.code, self.greater, column),
        ]

    def explanation(self, failure: FailedComparison, voice: Voice) -> str:
        """Name both cells by their rows."""
        lesser, greater = (
            ", ".join(voice.cell(failure, cell, by_row=True) for cell in cells) for cells in failure.sides
        )
        return f"{voice.place(failure)}: {lesser} > {greater}; {voice.difference(failure)}."

    def formulas(self) -> Iterator[str]:
        """Yield the inequality of the rows, with their labels on the first form."""
        rows = forms().current[self.forms[0]].row
        lesser, greater = rows[self.lesser], rows[self.greater]
        yield f"In every column: row `{self.lesser}` ≤ row `{self.greater}`: *{lesser.vi}* ≤ *{greater.vi}*"

    def part_and_whole(self, place: Place, values: Values) -> tuple[SignedCells, SignedCells] | None:
        """Return the cells of both rows in the column of a cell of one."""
        if place.row not in (self.lesser, self.greater):
            return None
        return {place._replace(row=self.lesser): Decimal(1)}, {place._replace(row=self.greater): Decimal(1)}
