"""Reading: a return was read without a remark."""

from collections.abc import Iterable, Iterator
from typing import ClassVar, Literal

from pydantic import Field

from expectations.explanation import FailedComparison, Voice
from expectations.formulas import code_list
from expectations.rule import Rule
from expectations.terms import Code

#: The remark on a report number lower than the one that stands (``pipeline.judged.revisions``).
REVISION_REMARK = "header_revision"


class Reading(Rule):
    """Reading, or looking up a name, left no remark of the kinds ``codes`` (``pipeline.tables.REMARKS``)."""

    kind: Literal["reading", "header"]
    codes: tuple[Code, ...] = Field(min_length=1)

    titles: ClassVar[dict[str, tuple[str, str]]] = {
        "reading": ("Đọc biểu", "Reading"),
        "header": ("Đầu biểu", "Header"),
    }
    is_compared_jointly: ClassVar[bool] = True

    @property
    def remark_codes(self) -> tuple[str, ...]:
        """The kinds of remarks that it names."""
        return self.codes

    @property
    def needs_versions(self) -> bool:
        """Whether its remarks can be made only once it is known which version of the report stands."""
        return REVISION_REMARK in self.codes

    def selects(self, form: str) -> Iterable[str]:
        """Compare nothing alone: rules of reading are compared jointly."""
        return ()

    @classmethod
    def joint_select(cls, rules_table: str) -> str:
        """Compare all at once: they differ only in the kinds of remarks, and are two thirds of all rules on all forms.

        A remark of a kind that a rule forbids is a comparison that fails; where there is none, one passes.
        """
        return f"""
            with covered as (
                select submission_id, pack, rule_id, form from applicable semi join {rules_table} using (pack, rule_id, form)
            ),
            met as (
                select covered.*, coalesce(remark.row_code, '') as row_code, coalesce(remark.column_code, '') as column_code, remark_id
                from covered
                join reading_code using (pack, rule_id)
                join remark on remark.submission_id = covered.submission_id and remark.code = reading_code.code
                           and covered.form in ('*', coalesce(remark.form, '*'))
            )
            select submission_id, pack, rule_id, form, row_code, column_code, 1 as found, 0 as expected, 0 as low, 0 as high, remark_id
            from met
            union all
            select submission_id, pack, rule_id, form, '', '', 0, 0, 0, 0, null::bigint
            from covered anti join met using (submission_id, pack, rule_id, form)
        """

    def explanation(self, failure: FailedComparison, voice: Voice) -> str:
        """Return the remark."""
        return voice.say(failure.remark_vi or "", failure.remark_en or "")

    def formulas(self) -> Iterator[str]:
        """Yield the kinds of remarks."""
        yield f"Reading met none of: {code_list(self.codes)}"
