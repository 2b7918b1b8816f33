"""What the house may ask of a rule, whatever its kind: its declaration, SQL, cells, sentence, formula, constraint.

A kind is one class of ``expectations.kinds`` that answers for itself what the answers here do not fit. Nobody asks a rule
which kind it is: whoever wants to know something of it adds a question here.
"""

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from expectations.constraints import Comparison, Constraint, Place, Signed, Values
from expectations.explanation import Failure, Voice
from expectations.participants import Participant
from expectations.terms import Code, Sentence, Story
from pipeline.forms import Form, Forms, UnitOfMeasure
from pipeline.vocabulary import OnFail, Scope, Severity

FIRST_DAY, LAST_DAY = date(1, 1, 1), date(9999, 12, 31)

#: How a return finds its partner: the report before it in the year, and so on (``pipeline.judged.partners``).
PREVIOUS, LAST_YEAR, YEAR_END, TENTH_MONTH, WORKBOOK = "previous", "last_year", "year_end", "tenth_month", "workbook"


class Rule(BaseModel):
    """What all kinds of rules declare, and what is asked of each; a kind adds the field ``kind`` and its own."""

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

    #: What readers call it, by each code that ``kind`` may have: Vietnamese, English.
    titles: ClassVar[dict[str, tuple[str, str]]]
    #: A failure means that the amounts of a form are in another unit than it says: nothing is compared with them.
    detects_unit_slip: ClassVar[bool] = False
    #: A failure means that a form is a copy of the one in the report before: nobody need look for a wrong figure.
    detects_copy: ClassVar[bool] = False
    #: It says that a part never exceeds its whole, whatever else is printed: see :meth:`part_and_whole`.
    limits_part: ClassVar[bool] = False
    #: One SELECT compares all rules of the kind: see :meth:`select_together`.
    is_compared_together: ClassVar[bool] = False
    #: Its stories tell amounts in the unit that the form prints; those of other kinds in base units.
    tells_printed_unit: ClassVar[bool] = False

    # --- what it compares

    @abstractmethod
    def selects(self, form: str) -> Iterable[str]:
        """Return the SELECTs that compare ``form``, before they are told whose rule it was.

        Columns: submission_id, row_code, column_code, found, expected, low, high, verdict, and ``beside`` where there is
        a partner; ``expectations.comparisons`` tells the tables that are read.
        """

    @classmethod
    def select_together(cls, asked: str) -> str:
        """Return the SELECT that compares all rules of the kind in the table ``asked`` (pack, rule_id, form) at once.

        Only of a kind that ``is_compared_together``. Columns: submission_id, pack, rule_id, form, row_code, column_code, found,
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
        """Whether it holds a figure against the same one on another form of the workbook."""
        return False

    @property
    def compares_documents(self) -> bool:
        """Whether it holds a report against another document on the same agency and period."""
        return False

    @property
    def remark_codes(self) -> tuple[str, ...]:
        """The kinds of remarks (``pipeline.tables.REMARKS``) that it wants none of."""
        return ()

    @property
    def is_about_remarks(self) -> bool:
        """Whether what fails it is a remark, and no figure was found or expected."""
        return bool(self.remark_codes)

    @property
    def looks_at_versions(self) -> bool:
        """Whether it can be judged only once it is known which version of the report stands."""
        return False

    @property
    def looks_beside(self) -> bool:
        """Whether it compares a submission with others, and so waits for the verdict on each by itself."""
        return self.compares_offices or self.partner_relation is not None or self.looks_at_versions

    # --- what a finding says

    def cells(self, form: Form, row: str, column: str) -> list[Participant]:
        """Return the cells of the comparison that it makes at ``row`` and ``column`` of ``form``.

        The same cell of each office below a province is not among them; those are joined by submission.
        """
        return []

    def unit(self, cell: Mapping[str, Any] | None, declared: Forms) -> UnitOfMeasure | None:
        """Return the unit of what it found: that of the first ``cell``; none of a mere count."""
        return declared.units[cell["unit"]] if cell and cell.get("unit") else None

    def sentence(self, failure: Failure, voice: Voice) -> str:
        """Tell a failure: what should be, where and by how much it is not, and what to do."""
        parts = [f"{voice.say(self.vi, self.en)}.", self.explanation(failure, voice), self.advice(voice)]
        return " ".join(part for part in parts if part)

    def explanation(self, failure: Failure, voice: Voice) -> str:
        """Work a failure out: where, what stands there, what it should be."""
        found, expected = (voice.amount(failure.printed(value)) for value in (failure.found, failure.expected))
        return f"{voice.place(failure)}: {found}, {voice.say('phải là', 'expected')} {expected}."

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
        """Yield what it compares, as formulas with codes and with labels; a kind without formula tells what it is."""
        yield (type(self).__doc__ or self.id).splitlines()[0].replace("``", "`")

    # --- what it says of causes

    def constraint(self, comparison: Comparison) -> Constraint:
        """Return a comparison that it made as a constraint; one of a kind that is no sum can only be held or not."""
        return comparison.sum(self.weights(comparison.cells))

    def weights(self, cells: list[dict[str, Any]]) -> Iterator[list[Decimal]]:
        """Yield the weights that ``cells`` may have in its sum; several where it allows several sums."""
        yield [Decimal(cell["sign"]) for cell in cells]

    def part_and_whole(self, place: Place, values: Values) -> tuple[Signed, Signed] | None:
        """Return the sums around a cell of which the first never exceeds the second, where it ``limits_part``."""
        return None

    @property
    def total_column(self) -> str | None:
        """The column that it says is the sum of others in its row."""
        return None

    @property
    def never_falls(self) -> bool:
        """Whether its figures are never less than those of the report before: a month adds to them."""
        return False
