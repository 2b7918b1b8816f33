"""What the code may ask of a rule, whatever its kind: its declaration, SQL, cells, sentence, formula, constraint.

A kind is one class of ``expectations.kinds`` that overrides those answers which do not fit it. Nobody asks a rule
which kind it is: whoever wants to know something of it adds a question here.
"""

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from expectations.constraints import Comparison, Constraint, Place, SignedCells, Values
from expectations.explanation import FailedComparison, Voice
from expectations.participants import Participant
from expectations.terms import Code, Sentence, Story
from pipeline.forms import Form, Forms, UnitOfMeasure
from pipeline.vocabulary import OnFail, Scope, Severity

FIRST_DAY, LAST_DAY = date(1, 1, 1), date(9999, 12, 31)

#: How a return finds its partner: the report before it in the year, and so on (``pipeline.judged.partners``).
PREVIOUS, LAST_YEAR, YEAR_END, TENTH_MONTH, WORKBOOK = "previous", "last_year", "year_end", "tenth_month", "workbook"


class Rule(BaseModel):
    """What all kinds of rules declare and answer; a kind adds the field ``kind`` and fields of its own."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    id: Code
    forms: tuple[Code | Literal["*"], ...] = Field(min_length=1)
    severity: Severity = Severity.ERROR
    on_fail: OnFail
    vi: Sentence
    en: Sentence
    basis: str = ""
    valid_from: date = FIRST_DAY
    valid_to: date = LAST_DAY
    scopes: tuple[Scope, ...] = tuple(Scope)
    stories: tuple[Story, ...] = ()

    if TYPE_CHECKING:
        kind: str  # a field here would go first in every dump, and answers hang on the hash of a rule's dump

    #: Its titles for readers, by each code that ``kind`` may have: Vietnamese, English.
    titles: ClassVar[dict[str, tuple[str, str]]]
    #: A failure means that the amounts of a form are in another unit than it says: nothing is compared with them.
    detects_unit_slip: ClassVar[bool] = False
    #: A failure means that a form is a copy of the one in the report before: nobody need look for a wrong figure.
    detects_copy: ClassVar[bool] = False
    #: It says that a part never exceeds its whole, whatever else is printed: see :meth:`part_and_whole`.
    limits_part: ClassVar[bool] = False
    #: One SELECT compares all rules of the kind: see :meth:`joint_select`.
    is_compared_jointly: ClassVar[bool] = False
    #: Its stories state amounts in the unit that the form prints; those of other kinds in base units.
    uses_printed_units: ClassVar[bool] = False

    # --- what it compares

    @abstractmethod
    def selects(self, form: str) -> Iterable[str]:
        """Return the SELECTs that compare ``form``, still without the columns that name the rule.

        Columns: submission_id, row_code, column_code, found, expected, low, high, verdict, and ``beside`` where there is
        a partner; ``expectations.comparisons`` lists the tables that they read.
        """

    @classmethod
    def joint_select(cls, rules_table: str) -> str:
        """Return the SELECT that compares all rules of the kind in ``rules_table`` (pack, rule_id, form) at once.

        Only of a kind that ``is_compared_jointly``. Columns: submission_id, pack, rule_id, form, row_code, column_code, found,
        expected, low, high, remark_id.
        """
        raise NotImplementedError(f"rules of the kind {cls.__name__} are compared one by one")

    @property
    def partner_relation(self) -> str | None:
        """Which other report it compares with; None where it looks at one workbook, or at offices together."""
        return None

    def partner_columns(self, form: str) -> tuple[str, ...]:
        """Return the columns of ``form`` that it reads in the report of another period."""
        return ()

    @property
    def compares_offices(self) -> bool:
        """Whether it compares submissions of several offices, and so waits for their verdicts."""
        return False

    @property
    def compares_forms(self) -> bool:
        """Whether it compares a figure with the same one on another form of the workbook."""
        return False

    @property
    def compares_documents(self) -> bool:
        """Whether it compares a report with another document on the same agency and period."""
        return False

    @property
    def remark_codes(self) -> tuple[str, ...]:
        """The kinds of remarks (``pipeline.tables.REMARKS``) that it forbids."""
        return ()

    @property
    def is_about_remarks(self) -> bool:
        """Whether it fails by a remark, with no figure found or expected."""
        return bool(self.remark_codes)

    @property
    def needs_versions(self) -> bool:
        """Whether it can be judged only once it is known which version of the report stands."""
        return False

    @property
    def needs_verdicts(self) -> bool:
        """Whether it needs more than one workbook, and so waits for the first verdict on each submission."""
        return self.compares_offices or self.partner_relation is not None or self.needs_versions

    # --- what a finding says

    def cells(self, form: Form, row: str, column: str) -> list[Participant]:
        """Return the cells of the comparison that it makes at ``row`` and ``column`` of ``form``.

        The same cell of each office below a province is not among them; those are joined by submission.
        """
        return []

    def unit(self, cell: Mapping[str, Any] | None, declarations: Forms) -> UnitOfMeasure | None:
        """Return the unit of the found figure: that of the first ``cell``; none for a mere count."""
        return declarations.units[cell["unit"]] if cell and cell.get("unit") else None

    def sentence(self, failure: FailedComparison, voice: Voice) -> str:
        """Return a failure in words: what should be, where and by how much it is off, and what to do."""
        parts = [f"{voice.say(self.vi, self.en)}.", self.explanation(failure, voice), self.advice(voice)]
        return " ".join(part for part in parts if part)

    def explanation(self, failure: FailedComparison, voice: Voice) -> str:
        """Explain a failure: where it is, what the cell shows, what it should show."""
        found_text, expected_text = (
            voice.amount(failure.to_printed_unit(value)) for value in (failure.found, failure.expected)
        )
        return f"{voice.place(failure)}: {found_text}, {voice.say('phải là', 'expected')} {expected_text}."

    def advice(self, voice: Voice) -> str:
        """Say what to do about a failure."""
        if self.on_fail == OnFail.RETURN:
            return voice.say(
                "Hãy kiểm tra các ô này, sửa số sai và nộp báo cáo bổ sung kèm lý do.",
                "Check these cells, mend the wrong figure and send a supplementary report with the reason.",
            )
        if self.on_fail == OnFail.QUERY:
            return voice.say(
                "Hãy giải trình, hoặc nộp báo cáo bổ sung nếu có số sai.",
                "Explain, or send a supplementary report if a figure is wrong.",
            )
        return ""

    def formulas(self) -> Iterator[str]:
        """Yield what it compares, as formulas with codes and with labels; a kind without a formula yields its description."""
        yield (type(self).__doc__ or self.id).splitlines()[0].replace("``", "`")

    # --- what it says of causes

    def constraint(self, comparison: Comparison) -> Constraint:
        """Return a comparison that it made as a constraint; one that is no sum only says whether it holds."""
        return comparison.sum(self.weights(comparison.cells))

    def weights(self, cells: list[dict[str, Any]]) -> Iterator[list[Decimal]]:
        """Yield the weights that ``cells`` may have in its sum; several where it allows several sums."""
        yield [Decimal(cell["sign"]) for cell in cells]

    def part_and_whole(self, place: Place, values: Values) -> tuple[SignedCells, SignedCells] | None:
        """Return the two sums around a cell, the first of which never exceeds the second, where it ``limits_part``."""
        return None

    @property
    def total_column(self) -> str | None:
        """The column that it says is the sum of others in its row."""
        return None

    @property
    def never_falls(self) -> bool:
        """Whether its figures are never less than those of the report before: a month adds to them."""
        return False
