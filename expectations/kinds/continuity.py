"""Continuity: a year begins with what the last one carried over."""

from collections.abc import Iterable, Iterator
from typing import ClassVar, Literal

from expectations.explanation import FailedComparison, Voice
from expectations.formulas import coded_sum
from expectations.participants import Participant, summands
from expectations.rule import YEAR_END, Rule
from expectations.sql import UNBOUNDED, code_list
from expectations.terms import Term, Terms
from pipeline.forms import Form


class Continuity(Rule):
    """The sum of ``terms`` in the first report of a year continues that of ``before`` in last year's 12-month report."""

    kind: Literal["continuity"]
    terms: Terms
    before: Terms
    bound: Literal["at_most", "at_least"]

    titles: ClassVar[dict[str, tuple[str, str]]] = {"continuity": ("Nối tiếp giữa các năm", "Continuity")}

    @property
    def partner_relation(self) -> str:
        """Last year's 12-month report."""
        return YEAR_END

    def partner_columns(self, form: str) -> tuple[str, ...]:
        """Return the columns of both sums."""
        return tuple(term.column for term in (*self.terms, *self.before))

    def selects(self, form: str) -> Iterable[str]:
        """Compare the sums in every row that has all columns in both reports."""
        current_sum, previous_sum = _sum(self.terms, "value"), _sum(self.before, "before")
        slack = f"{_slack(self.terms, 'rounding')} + {_slack(self.before, 'before_rounding')}"
        low, high = (
            (f"-{UNBOUNDED}", f"({previous_sum}) + {slack}")
            if self.bound == "at_most"
            else (f"({previous_sum}) - ({slack})", UNBOUNDED)
        )
        columns = set(self.partner_columns(form))
        yield f"""
            select submission_id, row_code, '{self.terms[0].column}' as column_code, {current_sum} as found, {previous_sum} as expected,
                   {low} as low, {high} as high, null::varchar as verdict, beside
            from paired
            where relation = '{YEAR_END}' and form = '{form}' and column_code in ({code_list(sorted(columns))})
            group by submission_id, row_code, beside
            having count(*) = {len(columns)}
        """

    def cells(self, form: Form, row: str, column: str) -> list[Participant]:
        """Return the terms of both sums, each in its report."""
        current_cells = summands(self.terms, form, row, role="found")
        return [*current_cells, *summands(self.before, form, row, is_partner=True)]

    def explanation(self, failure: FailedComparison, voice: Voice) -> str:
        """Write out the sum of each report."""
        current_sum, previous_sum = (" + ".join(voice.cell(failure, cell) for cell in cells) for cells in failure.sides)
        year_end = voice.report(failure.sides[1][0])
        return f"{voice.place(failure)}: {current_sum}, {voice.say('nhưng', 'but')} {year_end}: {previous_sum}; {voice.difference(failure)}."

    def formulas(self) -> Iterator[str]:
        """Yield the inequality of the two reports."""
        sign = "≤" if self.bound == "at_most" else "≥"
        current_sum, previous_sum = coded_sum(self.terms), coded_sum(self.before)
        yield f"`{current_sum}` of the year's first report {sign} `{previous_sum}` of last year's 12-month report"


def _sum(terms: Iterable[Term], side: str) -> str:
    return " ".join(
        f"{'+' if term.sign > 0 else '-'} sum({side}) filter (column_code = '{term.column}')" for term in terms
    )


def _slack(terms: Iterable[Term], side: str) -> str:
    return " + ".join(f"sum({side}) filter (column_code = '{term.column}')" for term in terms)
