"""The kinds of rules: what an entry of a pack may say, one class a kind.

How each kind compares stands in ``expectations.within`` (one return by itself) and ``expectations.beside`` (a return and
a partner: another form, another period, another report on the same period).
"""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

import sqlglot
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator
from sqlglot import exp

from pipeline.vocabulary import OnFail, Scope, Severity

FIRST_DAY, LAST_DAY = date(1, 1, 1), date(9999, 12, 31)

#: What the codes of a measure's growth in per cent and of its change end with (``forms/published.yaml``).
GROWTH, CHANGE = "_growth", "_change"

_TERM = re.compile(r"([+-])(?:(\d+(?:\.\d+)?)\*)?([a-z_]+)")


@dataclass(frozen=True)
class Term:
    """A signed, possibly weighted column of a sum. An optional one may be left unprinted."""

    sign: int
    column: str
    factor: Decimal = Decimal(1)
    is_optional: bool = False

    @classmethod
    def parse(cls, text: "str | Term") -> "Term":
        """Read ``+due``, ``-completed``, ``+0.97*opening`` or the optional ``(-revoked)``."""
        if isinstance(text, Term):
            return text
        bare = str(text).replace(" ", "")
        is_optional = bare[:1] == "(" and bare[-1:] == ")"
        match = _TERM.fullmatch(bare[1:-1] if is_optional else bare)
        if not match:
            raise ValueError(
                f"{text!r} is no term: write a sign, an optional factor and a column, e.g. '+0.97*opening'"
            )
        sign, factor, column = match.groups()
        return cls(1 if sign == "+" else -1, column, Decimal(factor or 1), is_optional)


Terms = Annotated[tuple[Term, ...], BeforeValidator(lambda terms: tuple(map(Term.parse, terms)))]


#: What a condition may be made of; anything else - a subquery, a cast, a function that reads files - is refused.
_PLAIN = (
    exp.Column, exp.Identifier, exp.Literal, exp.Boolean, exp.Null, exp.Paren, exp.Binary, exp.Unary, exp.Between,
    exp.In, exp.Coalesce, exp.Abs, exp.Round, exp.Greatest, exp.Least, exp.Case, exp.If,
)  # fmt: skip


def _parsed_sql(condition: str) -> str:
    """Return a condition as the parser understood it; refuse what is not one plain SQL expression."""
    try:
        statements = sqlglot.parse(str(condition), read="duckdb")
    except sqlglot.errors.SqlglotError as error:
        raise ValueError(f"condition {condition!r} is not SQL: {str(error).splitlines()[0]}") from error
    (expression, *more) = statements or [None]
    foreign = {
        type(node).__name__ for node in (expression.walk() if expression else ()) if not isinstance(node, _PLAIN)
    }
    qualified = expression is not None and any(column.table for column in expression.find_all(exp.Column))
    if expression is None or more or foreign or qualified:
        named = f" (found {', '.join(sorted(foreign))})" if foreign else ""
        raise ValueError(f"condition {condition!r} may use columns, operators and plain functions only{named}")
    return expression.sql(dialect="duckdb", comments=False)


Condition = Annotated[str, BeforeValidator(_parsed_sql)]
#: Codes of forms, rows, columns and rules: they become part of the SQL of comparisons.
Code = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]+([.-][a-z0-9_]+)*$")]
Sentence = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class Story(BaseModel):
    """A likely cause: where ``when`` holds for a failing row, ``vi`` and ``en`` are told with the values of ``let``."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    when: Condition
    let: dict[Code, Condition] = {}
    vi: Sentence
    en: Sentence


class Rule(BaseModel):
    """What all kinds of rules have."""

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


class Order(Rule):
    """The sum of ``lesser`` never exceeds the sum of ``greater``."""

    kind: Literal["order"]
    lesser: Terms
    greater: Terms
    absent: tuple[Code, ...] = ()


class RowOrder(Rule):
    """A figure of row ``lesser`` never exceeds the one of row ``greater`` in the same column."""

    kind: Literal["row_order"]
    lesser: Code
    greater: Code


class Integer(Rule):
    """Every figure is at least ``minimum`` and, where ``whole``, a whole number."""

    kind: Literal["integer"]
    whole: bool = True
    minimum: Decimal = Decimal(0)


class Rollup(Rule):
    """A printed total equals the sum of its rows along ``dimensions``, or of the offices below a province.

    ``partial``: some parts may be unprinted; then their sum may not exceed the total. ``open_lines``: the parts are
    lines to be used as needed; those left blank add nothing.
    """

    kind: Literal["rollup"]
    dimensions: tuple[Code, ...] = ()
    offices: bool = False
    partial: bool = False
    open_lines: bool = False


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


class Growth(Rule):
    """A printed growth is the printed change over last year's figure, for every measure that is printed with both."""

    kind: Literal["growth"]

    def ratio(self, measure: str) -> PrintedRatio:
        """Return the printed ratio that this asks of the growth of ``measure``."""
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

    @staticmethod
    def measure(column: str) -> str:
        """Return the measure whose growth stands in ``column``."""
        return column.removesuffix(GROWTH)


class MoneyPerCase(Rule):
    """Money per case lies between ``floor`` and ``ceiling`` (đồng): the best detector of unit slips."""

    kind: Literal["money_per_case"]
    cases: Code
    measures: tuple[Code, ...]
    rows: tuple[Code, ...]
    floor: Decimal
    ceiling: Decimal
    minimum_cases: int = 1


class FormScale(Rule):
    """Not every one of ``measures`` is worth more than ``ceiling`` a case (đồng), nor every one less than ``floor``.

    One of them may be odd; all of them, on one side, are a whole form that is off by a power of ten. Above the ceiling
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


#: What is remarked on of a report number lower than the one that stands (``pipeline.judged.revisions``).
REVISION_REMARK = "header_revision"


class Reading(Rule):
    """Reading, or looking up a name, stumbled over nothing of the kinds ``codes`` (``pipeline.tables.REMARKS``)."""

    kind: Literal["reading", "header"]
    codes: tuple[Code, ...] = Field(min_length=1)

    @property
    def looks_at_versions(self) -> bool:
        """Whether it is remarked on only once it is known which version of the report stands."""
        return REVISION_REMARK in self.codes


class CrossForm(Rule):
    """The same figure on two forms agrees, or the part on one stays ``within`` the whole on the other.

    ``with_form`` and ``rows`` (own row: row of the other form) name the other place in the same workbook. Partner
    ``workbook``: the same cell in what the agency itself submitted for the same period.
    """

    kind: Literal["cross_form"]
    partner: Literal["same_workbook", "workbook"] = "same_workbook"
    with_form: Code | None = None
    rows: dict[Code, Code] = {}
    columns: tuple[Code, ...] = ()
    relation: Literal["equal", "within"] = "equal"

    @model_validator(mode="after")
    def _is_placed(self) -> "CrossForm":
        if self.partner == "same_workbook" and not (self.with_form and self.rows and self.columns):
            raise ValueError("name with_form, rows and columns, or compare with partner: workbook")
        return self


class Cumulative(Rule):
    """Within the statistical year ``columns`` never fall from one report to the next, or never rise."""

    kind: Literal["cumulative"]
    columns: tuple[Code, ...] = Field(min_length=1)
    never: Literal["falls", "rises"] = "falls"


class Continuity(Rule):
    """The sum of ``terms`` in the first report of a year continues that of ``before`` in last year's 12-month report."""

    kind: Literal["continuity"]
    terms: Terms
    before: Terms
    bound: Literal["at_most", "at_least"]


class Jump(BaseModel):
    """A share of one form that may not rise by ``points`` or more."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    form: Code
    part: Code
    whole: Code
    points: Decimal


class Change(Rule):
    """A change that the office should explain: by ``percent`` or more on last year, or ``jumps`` since the tenth month.

    What stood below ``minimum`` (base units of the form's cases or đồng, by form) is too little to compare.
    """

    kind: Literal["change"]
    rows: tuple[Code, ...] = Field(min_length=1)
    columns: tuple[Code, ...] = ()
    percent: Decimal | None = None
    minimum: dict[Code, Decimal] = {}
    from_months: int = 1
    jumps: tuple[Jump, ...] = ()

    @model_validator(mode="after")
    def _says_one_thing(self) -> "Change":
        if bool(self.columns and self.percent) == bool(self.jumps):
            raise ValueError("name columns and percent, or jumps")
        return self


class Duplicate(Rule):
    """The figures of ``columns`` are not those of the report before, all of them the same."""

    kind: Literal["duplicate"]
    columns: tuple[Code, ...] = Field(min_length=1)
    row: Code
    minimum: int  # figures other than zero that must coincide before it is called a copy


class Timeliness(Rule):
    """The first version of a report came by its deadline (``pipeline.calendar.deadlines``)."""

    kind: Literal["timeliness"]
    days: int = 0  # working days of grace


AnyRule = Annotated[
    Balance
    | Order
    | RowOrder
    | Integer
    | Rollup
    | PrintedRatio
    | Growth
    | MoneyPerCase
    | FormScale
    | Reading
    | CrossForm
    | Cumulative
    | Continuity
    | Change
    | Duplicate
    | Timeliness,
    Field(discriminator="kind"),
]

#: How a return finds its partner: the report before it in the year, and so on (``pipeline.judged.partners``).
PREVIOUS, LAST_YEAR, YEAR_END, TENTH_MONTH, WORKBOOK = "previous", "last_year", "year_end", "tenth_month", "workbook"


def relation(rule: Rule) -> str | None:
    """Return which other report a rule compares with; None where it looks at one workbook, or at offices together."""
    match rule:
        case CrossForm(partner="workbook"):
            return WORKBOOK
        case Cumulative() | Duplicate():
            return PREVIOUS
        case Continuity():
            return YEAR_END
        case Change(jumps=()):
            return LAST_YEAR
        case Change():
            return TENTH_MONTH
    return None


def columns_beside(rule: Rule, form: str) -> tuple[str, ...]:
    """Return the columns of ``form`` that a rule reads in the report of another period."""
    match rule:
        case Cumulative() | Duplicate():
            return rule.columns
        case Continuity():
            return tuple(term.column for term in (*rule.terms, *rule.before))
        case Change(jumps=()):
            return rule.columns
        case Change():
            return tuple(name for jump in rule.jumps if jump.form == form for name in (jump.part, jump.whole))
    return ()
