"""Balance: a printed total is the sum of other columns."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any, ClassVar, Literal

from expectations.explanation import FailedComparison, Voice
from expectations.formulas import TARGETS, absence, coded_sum, equation, figure
from expectations.participants import Participant, summands
from expectations.rule import Rule
from expectations.sql import all_printed, and_none_printed, reach, signed_sum, slack
from expectations.terms import Code, Term, Terms
from pipeline.forms import Form
from pipeline.text.amount import MINUS


class Balance(Rule):
    """``total`` equals the sum of ``terms``; of several ``alternatives`` the closest counts.

    ``in_order`` names sums by rank: the first rank of which any is known counts. Where none is, what fits one of
    ``fitting`` passes, and what fits none is not compared.
    """

    kind: Literal["balance"]
    total: Code
    terms: Terms = ()
    alternatives: tuple[Terms, ...] = ()
    in_order: tuple[tuple[Terms, ...], ...] = ()
    fitting: tuple[Terms, ...] = ()
    absent: tuple[Code, ...] = ()
    tolerance: Decimal = Decimal(0)

    titles: ClassVar[dict[str, tuple[str, str]]] = {"balance": ("Cân đối", "Balance")}
    uses_printed_units: ClassVar[bool] = True

    @property
    def sums(self) -> tuple[tuple[Term, ...], ...]:
        """All sums that may make up the total."""
        return tuple(terms for rank in self.ranks for terms in rank)

    @property
    def ranks(self) -> tuple[tuple[tuple[Term, ...], ...], ...]:
        """The sums by rank: one of a later rank counts only where none of an earlier one is known."""
        if self.in_order:
            return (*self.in_order, *((self.fitting,) if self.fitting else ()))
        return (self.alternatives or (self.terms,),)

    def selects(self, form: str) -> Iterable[str]:
        """Compare the total with the closest sum of the first rank that is known."""
        sums = " union all ".join(
            f"""
            select {rank} as rank, submission_id, row_code, '{self.total}' as column_code,
                   {self.total} as found, {signed_sum(terms)} as expected,
                   {slack(terms)} + {self.total}__rounding + {self.tolerance} as slack,
                   {reach(terms, -1)} as below, {reach(terms, +1)} as above
            from form_{form}
            where {self.total} is not null and {all_printed(terms)} {and_none_printed(self.absent)}
            """
            for rank, alternatives in enumerate(self.ranks)
            for terms in alternatives
        )
        # ``fitting``, which binds only the rows that it fits, is the last rank.
        condition = f"rank < {len(self.in_order)} or found between low and high" if self.fitting else "true"
        yield f"""
            select submission_id, row_code, column_code, found, expected, low, high, null::varchar as verdict
            from (
                select *, expected - slack - below as low, expected + slack + above as high
                from ({sums})
                qualify row_number() over (
                    partition by submission_id, row_code order by rank, abs(found - expected), expected
                ) = 1
            )
            where {condition}
        """

    def cells(self, form: Form, row: str, column: str) -> list[Participant]:
        """Return the total, and the terms of every sum that it may be."""
        terms = dict.fromkeys(term for terms in self.sums for term in terms)
        return [Participant("found", 1, form.code, row, self.total), *summands(terms, form, row)]

    def explanation(self, failure: FailedComparison, voice: Voice) -> str:
        """Write the sum out, with the target that no cell prints."""
        found_cells, term_cells = failure.sides
        signs = {term.column: term.sign for terms in self.sums for term in terms}
        total = (
            voice.cell(failure, found_cells[0]) if found_cells else voice.amount(failure.to_printed_unit(failure.found))
        )
        calculation = " ".join(
            f"{_sign(signs[cell['column_code']], first=position == 0)}{voice.cell(failure, cell)}"
            for position, cell in enumerate(term_cells)
            if cell["column_code"] in signs
        )
        # A target that the report does not print stands in no cell.
        target = sum(signs[cell["column_code"]] * cell["value"] for cell in term_cells) - failure.expected
        if target and any(column in TARGETS for column in signs):
            calculation += f" − {voice.amount(target)} ({voice.say('chỉ tiêu', 'target')})"
        return (
            f"{voice.place(failure)}: {total}, {voice.say('nhưng', 'but')} {calculation} = "
            f"{voice.amount(failure.to_printed_unit(failure.expected))}; {voice.difference(failure)}."
        )

    def formulas(self) -> Iterator[str]:
        """Yield every sum, and which of several counts."""
        for terms in self.sums:
            yield equation((Term(1, self.total),), "=", terms)
        if self.alternatives:
            yield "Of these the one that comes closest counts"
        if self.in_order:
            ranks = "; else ".join(" or ".join(f"`{coded_sum(terms)}`" for terms in rank) for rank in self.in_order)
            yield f"The first that is known counts, of several the closest: {ranks}"
        if self.fitting:
            sums = ", ".join(f"`{coded_sum(terms)}`" for terms in self.fitting)
            yield f"What fits none of these is not judged: {sums}"
        yield f"Tolerance: {figure(self.tolerance)}"
        yield from absence(self.absent)

    def weights(self, cells: list[dict[str, Any]]) -> Iterator[list[Decimal]]:
        """Yield the weights of each sum: its result shows which of them was compared."""
        for terms in self.sums:
            weight = {term.column: term.sign * term.factor for term in terms}
            yield [
                Decimal(1) if cell["role"] == "found" else Decimal(weight.get(cell["column_code"], 0)) for cell in cells
            ]

    @property
    def total_column(self) -> str:
        """The total: where it is off by one or two of its terms, these may have been left out."""
        return self.total


def _sign(sign: int, *, first: bool) -> str:
    if first:
        return "" if sign > 0 else MINUS
    return "+ " if sign > 0 else f"{MINUS} "
