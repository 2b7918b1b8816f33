"""Cross-form: two forms, or a text and a workbook, agree on the same figure."""

from collections.abc import Iterable, Iterator
from typing import ClassVar, Literal

from pydantic import Field, model_validator

from expectations.explanation import FailedComparison, Voice
from expectations.formulas import code_list as codes
from expectations.participants import Participant, cell_with_partner
from expectations.rule import WORKBOOK, Rule
from expectations.sql import UNBOUNDED, code_list
from expectations.terms import Code
from pipeline.forms import Form


class CrossForm(Rule):
    """The same figure on two forms agrees, or the part on one stays ``within`` the whole on the other.

    ``with_form`` and ``rows`` (own row: row of the other form) name the other place in the same workbook. Partner
    ``workbook``: the same cell in what the agency itself submitted for the same period.
    """

    kind: Literal["cross_form"]
    partner: Literal["same_workbook", "workbook"] = "same_workbook"
    with_form: Code | None = None
    rows: dict[Code, Code] = Field(default_factory=dict)
    columns: tuple[Code, ...] = ()
    relation: Literal["equal", "within"] = "equal"

    titles: ClassVar[dict[str, tuple[str, str]]] = {"cross_form": ("Giữa các biểu", "Between forms")}

    @model_validator(mode="after")
    def _is_placed(self) -> "CrossForm":
        if self.partner == "same_workbook" and not (self.with_form and self.rows and self.columns):
            raise ValueError("name with_form, rows and columns, or compare with partner: workbook")
        return self

    @property
    def partner_relation(self) -> str | None:
        """The workbook, where a text is compared with one."""
        return WORKBOOK if self.compares_documents else None

    @property
    def compares_documents(self) -> bool:
        """Whether a text is compared with a workbook."""
        return self.partner == "workbook"

    @property
    def compares_forms(self) -> bool:
        """Whether two forms of one workbook are compared."""
        return not self.compares_documents

    def selects(self, form: str) -> Iterable[str]:
        """Compare cell by cell, with the rows of the other form or with the workbook."""
        return [self._workbook_select(form)] if self.compares_documents else self._form_selects(form)

    def _form_selects(self, form: str) -> Iterable[str]:
        low = f"-{UNBOUNDED}" if self.relation == "within" else "whole.value - part.rounding - whole.rounding"
        for row, other_row in self.rows.items():
            yield f"""
                select part.submission_id, part.row_code, part.column_code, part.value as found, whole.value as expected,
                       {low} as low,
                       whole.value + part.rounding + whole.rounding as high, null::varchar as verdict
                from cell as part
                join cell as whole on whole.submission_id = part.submission_id and whole.column_code = part.column_code
                                  and whole.form = '{self.with_form}' and whole.row_code = '{other_row}'
                where part.form = '{form}' and part.row_code = '{row}' and part.column_code in ({code_list(self.columns)})
                  and part.value is not null and whole.value is not null
            """

    @staticmethod
    def _workbook_select(form: str) -> str:
        return f"""
            select told.submission_id, told.row_code, told.column_code, told.value as found, sent.value as expected,
                   sent.value - sent.rounding - told.rounding as low, sent.value + sent.rounding + told.rounding as high,
                   null::varchar as verdict, beside
            from partner
            join cell as told on told.submission_id = partner.submission_id and told.form = partner.form
            join cell as sent on sent.submission_id = partner.beside and sent.form = told.form
                             and sent.row_code = told.row_code and sent.column_code = told.column_code
            where partner.relation = '{WORKBOOK}' and partner.form = '{form}'
              and told.value is not null and sent.value is not null
        """

    def cells(self, form: Form, row: str, column: str) -> list[Participant]:
        """Return the cell and the same figure elsewhere."""
        if self.compares_documents:
            return cell_with_partner(form, row, column)
        other_cell = Participant("term", 1, str(self.with_form), self.rows[row], column)
        return [Participant("found", 1, form.code, row, column), other_cell]

    def explanation(self, failure: FailedComparison, voice: Voice) -> str:
        """Name both cells, and where the other stands."""
        (cell,), (other_cell,) = failure.sides
        return (
            f"{voice.place(failure)}: {voice.cell(failure, cell)}, {voice.say('nhưng', 'but')} {voice.other_place(other_cell)}: "
            f"{voice.cell(failure, other_cell)}; {voice.difference(failure)}."
        )

    def formulas(self) -> Iterator[str]:
        """Yield which row agrees with which."""
        if self.compares_documents:
            yield "In every cell that both print: this report = the last workbook of the same agency and period, as intervals"
            return
        sign = "≤" if self.relation == "within" else "="
        for row, other in self.rows.items():
            yield f"Row `{row}` {sign} row `{other}` of form {self.with_form}, for {codes(self.columns)}"
