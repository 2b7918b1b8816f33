"""Which cells take part in a comparison: the one that should agree, and those it is compared with."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import singledispatch

from expectations.kinds import (
    Balance,
    Change,
    Continuity,
    CrossForm,
    Cumulative,
    Duplicate,
    FormScale,
    Growth,
    Integer,
    MoneyPerCase,
    Order,
    PrintedRatio,
    Rollup,
    RowOrder,
    Rule,
    Term,
    relation,
)
from pipeline.forms import Form


@dataclass(frozen=True)
class Participant:
    """A cell of a finding: ``role`` is ``found`` or ``term``; one ``is_beside`` stands in the partner's report."""

    role: str
    sign: int
    form: str
    row: str
    column: str
    is_beside: bool = False


@singledispatch
def participants(rule: Rule, form: Form, row: str, column: str) -> list[Participant]:
    """Return the cells of the comparison that ``rule`` makes at ``row`` and ``column`` of ``form``.

    The same cell of each office below a province is not among them; those are joined by submission.
    """
    return []


@participants.register
def _balance(rule: Balance, form: Form, row: str, column: str) -> list[Participant]:
    columns = dict.fromkeys(term for terms in rule.sums for term in terms)
    return [Participant("found", 1, form.code, row, rule.total), *_terms(columns, form, row)]


@participants.register
def _order(rule: Order, form: Form, row: str, column: str) -> list[Participant]:
    return [
        *(Participant("found", term.sign, form.code, row, term.column) for term in rule.lesser),
        *_terms(rule.greater, form, row),
    ]


@participants.register
def _row_order(rule: RowOrder, form: Form, row: str, column: str) -> list[Participant]:
    return [
        Participant("found", 1, form.code, rule.lesser, column),
        Participant("term", 1, form.code, rule.greater, column),
    ]


@participants.register
def _integer(rule: Integer, form: Form, row: str, column: str) -> list[Participant]:
    return [Participant("found", 1, form.code, row, column)]


@participants.register
def _rollup(rule: Rollup, form: Form, row: str, column: str) -> list[Participant]:
    parts = [
        Participant("term", 1, form.code, part, column)
        for rollup in form.rollups
        if rollup.total == row and rollup.dimension in rule.dimensions
        for part in rollup.parts
    ]
    return [Participant("found", 1, form.code, row, column), *parts]


@participants.register
def _printed_ratio(rule: PrintedRatio, form: Form, row: str, column: str) -> list[Participant]:
    bases = dict.fromkeys(term for terms in rule.denominators for term in terms)
    return [
        Participant("found", 1, form.code, row, column),
        *_terms(rule.numerator, form, row),
        *_terms([term for term in bases if term not in rule.numerator], form, row),
    ]


@participants.register
def _growth(rule: Growth, form: Form, row: str, column: str) -> list[Participant]:
    return _printed_ratio(rule.ratio(rule.measure(column)), form, row, column)


@participants.register
def _money_per_case(rule: MoneyPerCase, form: Form, row: str, column: str) -> list[Participant]:
    return [Participant("found", 1, form.code, row, column), Participant("term", 1, rule.cases, row, column)]


@participants.register
def _form_scale(rule: FormScale, form: Form, row: str, column: str) -> list[Participant]:
    return [
        *(Participant("found", 1, form.code, row, measure) for measure in rule.measures),
        *(Participant("term", 1, rule.cases, row, measure) for measure in rule.measures),
    ]


@participants.register
def _cross_form(rule: CrossForm, form: Form, row: str, column: str) -> list[Participant]:
    if relation(rule):
        return _then_and_now(rule, form, row, column)
    other = Participant("term", 1, str(rule.with_form), rule.rows[row], column)
    return [Participant("found", 1, form.code, row, column), other]


@participants.register(Cumulative)
@participants.register(Duplicate)
def _then_and_now(rule: Rule, form: Form, row: str, column: str) -> list[Participant]:
    return [
        Participant("found", 1, form.code, row, column),
        Participant("term", 1, form.code, row, column, is_beside=True),
    ]


@participants.register
def _continuity(rule: Continuity, form: Form, row: str, column: str) -> list[Participant]:
    return [
        *(Participant("found", term.sign, form.code, row, term.column) for term in rule.terms),
        *(Participant("term", term.sign, form.code, row, term.column, is_beside=True) for term in rule.before),
    ]


@participants.register
def _change(rule: Change, form: Form, row: str, column: str) -> list[Participant]:
    jump = next((jump for jump in rule.jumps if (jump.form, jump.part) == (form.code, column)), None)
    if jump is None:
        return _then_and_now(rule, form, row, column)
    return [
        Participant(role, 1, form.code, row, name, is_beside)
        for role, is_beside in (("found", False), ("term", True))
        for name in (jump.part, jump.whole)
    ]


def _terms(terms: Iterable[Term], form: Form, row: str) -> list[Participant]:
    return [Participant("term", term.sign, form.code, row, term.column) for term in terms]
