"""Printed ratio: a percentage can come from the figures printed beside it."""

from collections.abc import Iterable, Iterator
from typing import ClassVar, Literal

from expectations.constraints import Comparison, Constraint, Place, Ratio, SignedCells
from expectations.explanation import FailedComparison, Voice
from expectations.formulas import coded_sum, label, labelled_sum
from expectations.participants import Participant, summands
from expectations.rule import Rule
from expectations.sql import HAIR, UNBOUNDED, all_printed, signed_sum, slack
from expectations.terms import Code, Term, Terms
from pipeline.forms import Form


class PrintedRatio(Rule):
    """A printed percentage can come from the printed figures, read as intervals.

    The first of ``denominators`` that is printed serves as base. ``truncation``: ``allow`` fails only what fits neither
    rounding nor truncation; ``forbid`` fails what fits by truncation alone.
    """

    kind: Literal["printed_ratio"]
    column: Code
    numerator: Terms
    denominators: tuple[Terms, ...]
    truncation: Literal["allow", "forbid"] = "allow"

    titles: ClassVar[dict[str, tuple[str, str]]] = {"printed_ratio": ("Tỷ lệ in sẵn", "Printed ratio")}

    def selects(self, form: str) -> Iterable[str]:
        """Compare the percentage with numerator divided by base in every row with a base above zero."""
        base = f"coalesce({', '.join(signed_sum(terms, exact=False) for terms in self.denominators)})"
        spread = ", ".join(f"case when {all_printed(terms)} then {slack(terms)} end" for terms in self.denominators)
        select = f"""
            select submission_id, row_code, '{self.column}' as column_code, {self.column} as found,
                   {self.column}__rounding as half, {signed_sum(self.numerator)} as top, {slack(self.numerator)} as slack,
                   {base} as base, coalesce({spread}) as spread
            from form_{form}
            where {self.column} is not null and {all_printed(self.numerator)} and {base} > 0
        """
        yield ratio_select(select, truncation=self.truncation)

    def cells(self, form: Form, row: str, column: str) -> list[Participant]:
        """Return the percentage, its numerator, and every base that it may have."""
        bases = dict.fromkeys(term for terms in self.denominators for term in terms)
        return [
            Participant("found", 1, form.code, row, column),
            *summands(self.numerator, form, row),
            *summands([term for term in bases if term not in self.numerator], form, row),
        ]

    def explanation(self, failure: FailedComparison, voice: Voice) -> str:
        """Divide the cells of the numerator by the others."""
        printed_cells, term_cells = failure.sides
        rate = f"{voice.amount(failure.found)} %"
        if printed_cells:
            name, address = voice.label(failure, printed_cells[0]), printed_cells[0]["address"]
            rate = f"{name} {rate} ({voice.say('ô', 'cell')} {address})"
        top = [cell for cell in term_cells if cell["column_code"] in {term.column for term in self.numerator}]
        base = [cell for cell in term_cells if cell not in top]
        calculation = " / ".join(
            " + ".join(voice.cell(failure, cell) for cell in cells) for cells in (top, base) if cells
        )
        return (
            f"{voice.place(failure)}: {voice.say('in', 'printed')} {rate}, "
            f"{voice.say('nhưng', 'but')} {calculation} = {voice.amount(failure.expected)} %."
        )

    def formulas(self) -> Iterator[str]:
        """Yield the ratio for each base that it may have."""
        for position, terms in enumerate(self.denominators):
            lead = "" if position == 0 else "where that base is not printed: "
            yield f"{lead}`{self.column} = 100 × ({coded_sum(self.numerator)}) / ({coded_sum(terms)})`: " + (
                f"*{label(self.column)}* = {labelled_sum(self.numerator)} / ({labelled_sum(terms)})"
            )
        yield "Tolerance: half a unit of the last printed place" + (
            "; a value that fits by truncation alone passes" if self.truncation == "allow" else ", truncation excluded"
        )

    def constraint(self, comparison: Comparison) -> Constraint:
        """Return the ratio over the first base whose cells are there."""
        row = comparison.row
        by_column = {place.column: place for place in dict.fromkeys(comparison.places)}
        printed_place, numerator = by_column.get(self.column), _signed_cells(self.numerator, by_column)
        for terms in self.denominators:
            if all(term.column in by_column or term.is_optional for term in terms):
                base = _signed_cells(terms, by_column)
                if printed_place and numerator and base:
                    margin_below, margin_above = row["expected"] - row["low"], row["high"] - row["expected"]
                    return comparison.constraint(
                        Ratio,
                        printed_place=printed_place,
                        numerator=numerator,
                        base=base,
                        margin_below=margin_below,
                        margin_above=margin_above,
                    )
        return comparison.constraint(Constraint)


def _signed_cells(terms: Iterable[Term], by_column: dict[str, Place]) -> SignedCells:
    return {by_column[term.column]: term.sign * term.factor for term in terms if term.column in by_column}


def ratio_select(select: str, truncation: str = "allow") -> str:
    """Return the SELECT that judges printed ratios: submission_id, row_code, column_code, found, half (of its last place),
    top (the numerator), slack (of it), base, spread (of the base)."""
    condition = "verdict <> 'impossible'" if truncation == "forbid" else "true"
    is_truncation_allowed = "false" if truncation == "forbid" else "verdict = 'fits_by_truncation'"
    # The true ratio lies between the least numerator and the greatest; a larger base brings each nearer to zero, and
    # where the true base may be zero, a ratio has no bound on that side.
    return f"""
        with printed as (
            select submission_id, row_code, column_code, found, half, top::double as numerator, base,
                   100 * (top - slack)::double as least_top, 100 * (top + slack)::double as greatest_top,
                   (base + spread)::double as wide, nullif(greatest(base - spread, 0), 0)::double as narrow
            from ({select})
        ),
        interval as (
            select *, 100 * numerator / base as expected,
                   case when least_top >= 0 then least_top / wide
                        else coalesce(least_top / narrow, -{UNBOUNDED}) end - half as exact_low,
                   case when greatest_top <= 0 then greatest_top / wide
                        else coalesce(greatest_top / narrow, {UNBOUNDED}) end + half as exact_high
            from printed
        ),
        judged as (
            select *,
                   case when found between exact_low - {HAIR} and exact_high + {HAIR} then 'fits'
                        -- cut off, a figure stands less than one place nearer to zero than it should
                        when found >= 0 and found > exact_low - half + 1e-9 and found <= exact_high then 'fits_by_truncation'
                        when found <= 0 and found < exact_high + half - 1e-9 and found >= exact_low then 'fits_by_truncation'
                        else 'impossible' end as verdict
            from interval
        )
        select submission_id, row_code, column_code, found, expected,
               case when {is_truncation_allowed} then least(found, exact_low) else exact_low end - {HAIR} as low,
               case when {is_truncation_allowed} then greatest(found, exact_high) else exact_high end + {HAIR} as high, verdict
        from judged
        where {condition}
    """
