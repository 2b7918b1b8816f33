"""Roll-up: a total row is the sum of its rows, a province the sum of its offices."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import ClassVar, Literal

from expectations.explanation import Failure, Voice
from expectations.formulas import code_list as codes
from expectations.formulas import figure
from expectations.participants import Participant
from expectations.rule import Rule
from expectations.sql import UNBOUNDED, code_list
from expectations.terms import CHANGE, Code
from pipeline.forms import Form
from pipeline.vocabulary import Scope

MOST_CELLS = 4  # a sum of more cells than this names only its total in the sentence; the finding lists all


class Rollup(Rule):
    """A printed total equals the sum of its rows along ``dimensions``, or of the offices below a province.

    ``partial``: some parts may be unprinted; then their sum may not exceed the total. ``open_lines``: the parts are
    lines to be used as needed; those left blank add nothing.
    """

    kind: Literal["rollup"]
    dimensions: tuple[Code, ...] = ()
    offices: bool = False
    partial: bool = False
    open_lines: bool = False

    titles: ClassVar[dict[str, tuple[str, str]]] = {"rollup": ("Cộng dồn", "Roll-up")}

    @property
    def compares_offices(self) -> bool:
        """Whether the parts are returns of other offices."""
        return self.offices

    def selects(self, form: str) -> Iterable[str]:
        """Compare totals with their parts within one return, or in those of the offices."""
        yield self._of_offices(form) if self.offices else self._of_rows(form)

    def _of_rows(self, form: str) -> str:
        complete = (
            "count(part.value) >= 1"
            if self.partial or self.open_lines
            else "count(part.value) = max(rollup_part.parts)"
        )
        # A partial sum is what stands below the total: found is the sum, so that a finding reads "parts exceed total".
        found, bound = (
            ("sum(part.value)", "max(total.value)") if self.partial else ("max(total.value)", "sum(part.value)")
        )
        slack = "max(total.rounding) + sum(part.rounding)"
        return f"""
            select total.submission_id, total.row_code, total.column_code,
                   {found} as found, {bound} as expected,
                   {f"-{UNBOUNDED}" if self.partial else f"sum(part.value) - ({slack})"} as low, {bound} + {slack} as high,
                   null::varchar as verdict
            from cell as total
            join submission on submission.submission_id = total.submission_id
            join rollup_part on rollup_part.form = total.form and rollup_part.regime = submission.regime
                            and rollup_part.total_row = total.row_code and rollup_part.dimension in ({code_list(self.dimensions)})
            join cell as part on part.submission_id = total.submission_id and part.form = total.form
                             and part.column_code = total.column_code and part.row_code = rollup_part.part_row
            where total.form = '{form}' and total.value is not null and total.unit not in ('percent', 'point')
              and not ends_with(total.column_code, '{CHANGE}')
            group by all
            having {complete}
        """

    @staticmethod
    def _of_offices(form: str) -> str:
        return f"""
            select total.submission_id, total.row_code, total.column_code,
                   max(total.value) as found, sum(part.value) as expected,
                   sum(part.value) as low, sum(part.value) as high, null::varchar as verdict
            from cell as total
            join office_part on office_part.submission_id = total.submission_id and office_part.form = total.form
            join cell as part on part.submission_id = office_part.part_submission_id and part.form = total.form
                             and part.row_code = total.row_code and part.column_code = total.column_code
            where total.form = '{form}' and total.value is not null and total.unit not in ('percent', 'point')
            group by all
            having count(part.value) = max(office_part.parts)
        """

    def cells(self, form: Form, row: str, column: str) -> list[Participant]:
        """Return the total and its rows along the dimensions."""
        parts = [
            Participant("term", 1, form.code, part, column)
            for rollup in form.rollups
            if rollup.total == row and rollup.dimension in self.dimensions
            for part in rollup.parts
        ]
        return [Participant("found", 1, form.code, row, column), *parts]

    def explanation(self, failure: Failure, voice: Voice) -> str:
        """Name the total, and its parts where they are few enough to be read."""
        found, cells = failure.sides
        total = voice.cell(failure, found[0]) if found else voice.amount(failure.printed(failure.found))
        summed = voice.amount(failure.printed(failure.expected))
        if self.offices:
            parts = voice.say(f"{len(cells)} báo cáo cộng lại", f"{len(cells)} returns together")
        elif len(cells) <= MOST_CELLS:
            parts = " + ".join(voice.cell(failure, cell, by_row=True) for cell in cells)
        else:
            parts = voice.say(
                f"{len(cells)} dòng cộng lại (ô {cells[0]['address']} … {cells[-1]['address']})",
                f"{len(cells)} rows together (cells {cells[0]['address']} ... {cells[-1]['address']})",
            )
        return (
            f"{voice.place(failure)}: {total}, {voice.say('nhưng', 'but')} {parts} = {summed}; "
            f"{voice.difference(failure)}."
        )

    def formulas(self) -> Iterator[str]:
        """Yield what adds up to what."""
        along = codes(self.dimensions)
        if self.offices and self.scopes == (Scope.NATION,):
            yield "In every row and column: the nation = each of its provinces, once all were accepted"
        elif self.offices:
            yield "In every row and column: the province = its own caseload + each of its offices, once all were accepted"
        elif self.partial:
            yield f"In every column: the sum of the printed rows ≤ their total row, along {along}"
        else:
            yield f"In every column: total row = sum of its rows, along {along}"
        yield f"Tolerance: {figure(Decimal(0))}"
