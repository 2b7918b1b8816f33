"""Growth: a printed growth in per cent agrees with the printed change."""

from collections.abc import Iterable, Iterator
from typing import ClassVar, Literal

from expectations.constraints import Comparison, Constraint
from expectations.explanation import FailedComparison, Voice
from expectations.kinds.printed_ratio import PrintedRatio, ratio_select
from expectations.participants import Participant
from expectations.rule import Rule
from expectations.terms import CHANGE, GROWTH, Term
from pipeline.forms import Form


class Growth(Rule):
    """A printed growth is the printed change over last year's figure, for every measure that is printed with both."""

    kind: Literal["growth"]

    titles: ClassVar[dict[str, tuple[str, str]]] = {"growth": ("Tăng giảm in sẵn", "Printed growth")}

    def ratio(self, column: str) -> PrintedRatio:
        """Return the printed ratio that the growth in ``column`` must satisfy."""
        measure = column.removesuffix(GROWTH)
        return PrintedRatio(
            kind="printed_ratio",
            id=self.id,
            forms=self.forms,
            on_fail=self.on_fail,
            vi=self.vi,
            en=self.en,
            column=measure + GROWTH,
            numerator=(Term(1, measure + CHANGE),),
            denominators=((Term(1, measure), Term(-1, measure + CHANGE)),),
        )

    def selects(self, form: str) -> Iterable[str]:
        """Compare every growth with the change and the figure of its measure, in one pass over the cells."""
        yield ratio_select(f"""
            select growth.submission_id, growth.row_code, growth.column_code, growth.value as found, growth.rounding as half,
                   change.value as top, change.rounding as slack, (figure.value - change.value)::double as base,
                   figure.rounding + change.rounding as spread
            from cell as growth
            join cell as change on change.submission_id = growth.submission_id and change.form = growth.form
                               and change.row_code = growth.row_code
                               and change.column_code = replace(growth.column_code, '{GROWTH}', '{CHANGE}')
            join cell as figure on figure.submission_id = growth.submission_id and figure.form = growth.form
                               and figure.row_code = growth.row_code
                               and figure.column_code = replace(growth.column_code, '{GROWTH}', '')
            where growth.form = '{form}' and ends_with(growth.column_code, '{GROWTH}') and growth.value is not null
              and change.value is not null and figure.value > change.value
        """)

    def cells(self, form: Form, row: str, column: str) -> list[Participant]:
        """Return the cells of the ratio."""
        return self.ratio(column).cells(form, row, column)

    def explanation(self, failure: FailedComparison, voice: Voice) -> str:
        """Explain the ratio."""
        return self.ratio(failure.column_code).explanation(failure, voice)

    def formulas(self) -> Iterator[str]:
        """Yield the ratio, for any measure."""
        yield "For every measure that is printed with its change: `growth = 100 × (change) / (figure - change)`"
        yield "Tolerance: half a unit of the last printed place; a value that fits by truncation alone passes"

    def constraint(self, comparison: Comparison) -> Constraint:
        """Return the ratio as a constraint."""
        return self.ratio(comparison.row["column_code"]).constraint(comparison)
