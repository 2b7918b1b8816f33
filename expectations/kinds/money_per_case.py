"""Money per case: what a case is worth on average is neither too little nor too much."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from decimal import Decimal
from typing import ClassVar, Literal

from expectations.constraints import Comparison, Constraint, Worth
from expectations.explanation import FailedComparison, Voice
from expectations.formulas import code_list as codes
from expectations.formulas import figure
from expectations.participants import Participant
from expectations.rule import Rule
from expectations.sql import code_list
from expectations.terms import Code
from pipeline.forms import Form


class MoneyPerCase(Rule):
    """Money per case lies between ``floor`` and ``ceiling`` (đồng): the best detector of unit slips."""

    kind: Literal["money_per_case"]
    cases: Code
    measures: tuple[Code, ...]
    rows: tuple[Code, ...]
    floor: Decimal
    ceiling: Decimal
    minimum_cases: int = 1

    titles: ClassVar[dict[str, tuple[str, str]]] = {"money_per_case": ("Tiền bình quân một việc", "Money per case")}
    detects_unit_slip: ClassVar[bool] = True

    def selects(self, form: str) -> Iterable[str]:
        """Divide the money of each measure by its cases, where there are enough of them to mean something."""
        for measure in self.measures:
            yield f"""
                select money.submission_id, money.row_code, '{measure}' as column_code,
                       money.{measure}::double / cases.{measure} as found,
                       least(greatest(money.{measure}::double / cases.{measure}, {self.floor}), {self.ceiling}) as expected,
                       {self.floor} as low, {self.ceiling} as high, null::varchar as verdict
                from form_{form} as money
                join form_{self.cases} as cases using (submission_id, row_code)
                where row_code in ({code_list(self.rows)}) and cases.{measure} >= {self.minimum_cases} and money.{measure} > 0
            """

    def cells(self, form: Form, row: str, column: str) -> list[Participant]:
        """Return the money and the cases."""
        return [Participant("found", 1, form.code, row, column), Participant("term", 1, self.cases, row, column)]

    def explanation(self, failure: FailedComparison, voice: Voice) -> str:
        """Divide the money by the cases, each with its unit."""
        cells = " / ".join(voice.cell(replace(failure, unit=None), cell) for cell in failure.cells)
        return (
            f"{voice.place(failure)}: {cells}: {voice.say('bình quân một việc', 'a case is worth')} "
            f"{voice.amount(failure.found)} đồng; {voice.say('khoảng hợp lý', 'plausible')} "
            f"{voice.amount(failure.low)} - {voice.amount(failure.high)} đồng."
        )

    def formulas(self) -> Iterator[str]:
        """Yield the bounds, and where they hold."""
        per_case = f"money of form {self.forms[0]} / cases of form {self.cases}"
        yield f"{figure(self.floor)} ≤ {per_case} ≤ {figure(self.ceiling)} (đồng a case)"
        yield (
            f"For {codes(self.measures)}; row {codes(self.rows)}; where there are {self.minimum_cases} or more cases"
        )

    def constraint(self, comparison: Comparison) -> Constraint:
        """Return what the money may be for the cases, where both are there."""
        if len(comparison.places) != 2:
            return super().constraint(comparison)
        money, cases = sorted(comparison.places, key=lambda place: place.form == self.cases)
        return comparison.constraint(Worth, money=money, cases=cases, low=self.floor, high=self.ceiling)
