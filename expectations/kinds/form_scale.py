"""Form scale: the amounts of a whole form are not written in another unit."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import ClassVar, Literal

from pydantic import Field

from expectations.constraints import Comparison, Constraint, Scale
from expectations.explanation import FailedComparison, Voice
from expectations.formulas import code_list, figure
from expectations.participants import Participant
from expectations.rule import Rule
from expectations.terms import Code
from pipeline.forms import Form


class FormScale(Rule):
    """Not every one of ``measures`` is worth more than ``ceiling`` a case (đồng), nor every one less than ``floor``.

    One of them may be odd; all of them on one side mean that the whole form is off by a power of ten. Above the ceiling
    that is said only where every figure of the form is a multiple of ``multiple`` (đồng): figures of many places are
    large, but nobody multiplied them.
    """

    kind: Literal["form_scale"]
    cases: Code
    measures: tuple[Code, ...] = Field(min_length=2)
    row: Code
    floor: Decimal
    ceiling: Decimal
    multiple: Decimal
    minimum_cases: int = 1

    titles: ClassVar[dict[str, tuple[str, str]]] = {"form_scale": ("Đơn vị tính của cả biểu", "Scale of a whole form")}
    detects_unit_slip: ClassVar[bool] = True

    def selects(self, form: str) -> Iterable[str]:
        """Compare the least worth of a case with the ceiling and the greatest with the floor."""
        condition_by_measure = {
            measure: f"cases.{measure} >= {self.minimum_cases} and money.{measure} > 0" for measure in self.measures
        }
        # Least and greatest skip nulls: a measure that is not printed, or rests on too few cases.
        worth = ", ".join(
            f"case when {condition} then money.{measure}::double / cases.{measure} end"
            for measure, condition in condition_by_measure.items()
        )
        count = " + ".join(f"(coalesce({condition}, false))::int" for condition in condition_by_measure.values())
        yield f"""
            with worth as (
                select money.submission_id, money.row_code, least({worth}) as least_worth, greatest({worth}) as greatest_worth
                from form_{form} as money
                join form_{self.cases} as cases using (submission_id, row_code)
                where row_code = '{self.row}' and {count} >= 2
            ),
            multiplied as (
                select submission_id, bool_and(value % {self.multiple} = 0) as is_multiplied
                from cell
                where form = '{form}' and value is not null and unit not in ('percent', 'point')
                group by submission_id
            ),
            nearest as (
                select *, case when least_worth > {self.ceiling} and is_multiplied then least_worth
                               when greatest_worth < {self.floor} then greatest_worth
                               else least(greatest(least_worth, {self.floor}), {self.ceiling}) end as found
                from worth
                join multiplied using (submission_id)
            )
            select submission_id, row_code, '' as column_code, found,
                   least(greatest(found, {self.floor}), {self.ceiling}) as expected,
                   {self.floor} as low, {self.ceiling} as high, null::varchar as verdict
            from nearest
        """

    def cells(self, form: Form, row: str, column: str) -> list[Participant]:
        """Return money and cases of every measure."""
        return [
            *(Participant("found", 1, form.code, row, measure) for measure in self.measures),
            *(Participant("term", 1, self.cases, row, measure) for measure in self.measures),
        ]

    def explanation(self, failure: FailedComparison, voice: Voice) -> str:
        """State for every measure what a case is worth."""
        money_cells, case_cells = failure.sides
        cases = {cell["column_code"]: cell["value"] for cell in case_cells}
        worth = {
            cell["column_code"]: (cell["value"] / cases[cell["column_code"]], cell)
            for cell in money_cells
            if cell["value"] and (cases.get(cell["column_code"]) or 0) >= self.minimum_cases
        }
        measure_texts = "; ".join(
            f"{voice.label(failure, cell)} {voice.amount(round(amount))} đồng ({voice.say('ô', 'cell')} {cell['address']})"
            for amount, cell in worth.values()
        )
        return (
            f"{voice.place(failure)}: {voice.say('bình quân một việc', 'a case is worth')} {measure_texts}; "
            f"{voice.say('khoảng hợp lý', 'plausible')} {voice.amount(failure.low)} - {voice.amount(failure.high)} đồng."
        )

    def advice(self, voice: Voice) -> str:
        """Say that the report is held back: its figures would move every total."""
        return voice.say(
            "Báo cáo được giữ lại, số liệu chưa vào tổng hợp nào: hãy ghi lại biểu theo đúng đơn vị tính và nộp báo cáo "
            "bổ sung, hoặc xác nhận bằng văn bản nếu số liệu đúng.",
            "The report is held back and its figures are in no total: write the form in its unit of measure and send "
            "a supplementary report, or confirm the figures in writing if they are right.",
        )

    def formulas(self) -> Iterator[str]:
        """Yield the bounds, and where they hold."""
        per_case = f"money of form {self.forms[0]} / cases of form {self.cases}"
        yield f"Not all {per_case} > {figure(self.ceiling)}, and not all < {figure(self.floor)} (đồng a case)"
        yield (
            f"For {code_list(self.measures)} together, two or more of them; row `{self.row}`; "
            f"where there are {self.minimum_cases} or more cases"
        )

    def constraint(self, comparison: Comparison) -> Constraint:
        """Return the bounds over every pair of money and cases that is there."""
        by_form = {(place.form == self.cases, place.column): place for place in comparison.places}
        pairs = tuple(
            (by_form[False, measure], by_form[True, measure])
            for measure in self.measures
            if (False, measure) in by_form and (True, measure) in by_form
        )
        return comparison.constraint(
            Scale, pairs=pairs, low=self.floor, high=self.ceiling, minimum_cases=self.minimum_cases
        )
