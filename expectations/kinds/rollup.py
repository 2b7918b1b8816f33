"""Roll-up: a total row is the sum of its rows, a province the sum of its offices."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import ClassVar, Literal

from expectations.explanation import FailedComparison, Voice
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
        yield self._office_select(form) if self.offices else self._row_select(form)

    def _row_select(self, form: str) -> str:
        complete = (
            "count(part.value) >= 1"
            if self.partial or self.open_lines
            else "count(part.value) = max(rollup_part.parts)"
        )
        # Of a partial sum, found is the sum of the parts, so that a finding reads "parts exceed total".
        found_value, expected_value = (
            ("sum(part.value)", "max(total.value)") if self.partial else ("max(total.value)", "sum(part.value)")
        )
        slack = "max(total.rounding) + sum(part.rounding)"
        return f"""
            select total.submission_id, total.row_code, total.column_code,
                   {found_value} as found, {expected_value} as expected,
                   {f"-{UNBOUNDED}" if self.partial else f"sum(part.value) - ({slack})"} as low, {expected_value} + {slack} as high,
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
    def _office_select(form: str) -> str:
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

    def explanation(self, failure: FailedComparison, voice: Voice) -> str:
        """Name the total, and its parts where they are few enough to list."""
        total_cells, part_cells = failure.sides
        total = (
            voice.cell(failure, total_cells[0]) if total_cells else voice.amount(failure.to_printed_unit(failure.found))
        )
        sum_text = voice.amount(failure.to_printed_unit(failure.expected))
        if self.offices:
            parts = voice.say(f"{len(part_cells)} báo cáo cộng lại", f"{len(part_cells)} returns together")
        elif len(part_cells) <= MOST_CELLS:
            parts = " + ".join(voice.cell(failure, cell, by_row=True) for cell in part_cells)
        else:
            parts = voice.say(
                f"{len(part_cells)} dòng cộng lại (ô {part_cells[0]['address']} … {part_cells[-1]['address']})",
                f"{len(part_cells)} rows together (cells {part_cells[0]['address']} ... {part_cells[-1]['address']})",
            )
        return (
            f"{voice.place(failure)}: {total}, {voice.say('nhưng', 'but')} {parts} = {sum_text}; "
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
