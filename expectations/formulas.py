"""What a rule compares, as formulas with codes and with labels, for the page of rules."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
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
    Reading,
    Rollup,
    RowOrder,
    Rule,
    Term,
    Timeliness,
)
from pipeline.forms import forms
from pipeline.vocabulary import Scope

#: Columns that judging adds beside the printed ones (``pipeline.comparison.database``).
TARGETS = {
    "own_target": ("chỉ tiêu giao riêng cho đơn vị", "the unit's own target"),
    "own_pro_rata_target": ("chỉ tiêu giao riêng, tính theo số tháng", "the unit's own target pro rata"),
    "national_target": ("chỉ tiêu toàn quốc", "the nation's target"),
    "national_pro_rata_target": ("chỉ tiêu toàn quốc, tính theo số tháng", "the nation's target pro rata"),
}


@singledispatch
def formulas(rule: Rule) -> Iterator[str]:
    """Yield what a rule compares, as formulas with codes and with labels; a kind without formula tells what it is."""
    yield (type(rule).__doc__ or rule.id).splitlines()[0].replace("``", "`")


@formulas.register
def _balance(rule: Balance) -> Iterator[str]:
    for terms in rule.sums:
        yield _equation(((Term(1, rule.total),), "=", terms))
    if rule.alternatives:
        yield "Of these the one that comes closest counts"
    if rule.in_order:
        ranks = "; else ".join(" or ".join(f"`{_codes(terms)}`" for terms in rank) for rank in rule.in_order)
        yield f"The first that is known counts, of several the closest: {ranks}"
    if rule.fitting:
        yield "What fits none of these is not judged: " + ", ".join(f"`{_codes(terms)}`" for terms in rule.fitting)
    yield f"Tolerance: {figure(rule.tolerance)}"
    yield from _only_where_absent(rule.absent)


@formulas.register
def _order(rule: Order) -> Iterator[str]:
    yield _equation((rule.lesser, "≤", rule.greater))
    yield from _only_where_absent(rule.absent)


@formulas.register
def _row_order(rule: RowOrder) -> Iterator[str]:
    lines = forms().current[rule.forms[0]].row
    lesser, greater = lines[rule.lesser], lines[rule.greater]
    yield f"In every column: row `{rule.lesser}` ≤ row `{rule.greater}`: *{lesser.vi}* ≤ *{greater.vi}*"


@formulas.register
def _integer(rule: Integer) -> Iterator[str]:
    yield f"Every figure ≥ {figure(rule.minimum)}{', without fraction' if rule.whole else ''}"


@formulas.register
def _rollup(rule: Rollup) -> Iterator[str]:
    along = ", ".join(f"`{name}`" for name in rule.dimensions)
    if rule.offices and rule.scopes == (Scope.NATION,):
        yield "In every row and column: the nation = each of its provinces, once all were accepted"
    elif rule.offices:
        yield "In every row and column: the province = its own caseload + each of its offices, once all were accepted"
    elif rule.partial:
        yield f"In every column: the sum of the printed rows ≤ their total row, along {along}"
    else:
        yield f"In every column: total row = sum of its rows, along {along}"
    yield f"Tolerance: {figure(Decimal(0))}"


@formulas.register
def _printed_ratio(rule: PrintedRatio) -> Iterator[str]:
    for position, terms in enumerate(rule.denominators):
        lead = "" if position == 0 else "where that base is not printed: "
        yield f"{lead}`{rule.column} = 100 × ({_codes(rule.numerator)}) / ({_codes(terms)})`: " + (
            f"*{_label(rule.column)}* = {_labelled(rule.numerator)} / ({_labelled(terms)})"
        )
    yield "Tolerance: half a unit of the last printed place" + (
        "; a value that fits by truncation alone passes" if rule.truncation == "allow" else ", truncation excluded"
    )


@formulas.register
def _growth(rule: Growth) -> Iterator[str]:
    yield "For every measure that is printed with its change: `growth = 100 × (change) / (figure - change)`"
    yield "Tolerance: half a unit of the last printed place; a value that fits by truncation alone passes"


@formulas.register
def _money_per_case(rule: MoneyPerCase) -> Iterator[str]:
    measures = ", ".join(f"`{measure}`" for measure in rule.measures)
    rows = ", ".join(f"`{row}`" for row in rule.rows)
    per_case = f"money of form {rule.forms[0]} / cases of form {rule.cases}"
    yield f"{figure(rule.floor)} ≤ {per_case} ≤ {figure(rule.ceiling)} (đồng a case)"
    yield f"For {measures}; row {rows}; where there are {rule.minimum_cases} or more cases"


@formulas.register
def _form_scale(rule: FormScale) -> Iterator[str]:
    measures = ", ".join(f"`{measure}`" for measure in rule.measures)
    per_case = f"money of form {rule.forms[0]} / cases of form {rule.cases}"
    yield f"Not all {per_case} > {figure(rule.ceiling)}, and not all < {figure(rule.floor)} (đồng a case)"
    yield f"For {measures} together, two or more of them; row `{rule.row}`; where there are {rule.minimum_cases} or more cases"


@formulas.register
def _cross_form(rule: CrossForm) -> Iterator[str]:
    if rule.partner == "workbook":
        yield "In every cell that both print: this report = the last workbook of the same agency and period, as intervals"
        return
    sign = "≤" if rule.relation == "within" else "="
    for row, other in rule.rows.items():
        yield f"Row `{row}` {sign} row `{other}` of form {rule.with_form}, for {_named(rule.columns)}"


@formulas.register
def _cumulative(rule: Cumulative) -> Iterator[str]:
    sign = "≥" if rule.never == "falls" else "≤"
    yield f"In every row: this report {sign} the report before it in the statistical year, for {_named(rule.columns)}"


@formulas.register
def _continuity(rule: Continuity) -> Iterator[str]:
    sign = "≤" if rule.bound == "at_most" else "≥"
    yield f"`{_codes(rule.terms)}` of the year's first report {sign} `{_codes(rule.before)}` of last year's 12-month report"


@formulas.register
def _change(rule: Change) -> Iterator[str]:
    rows = ", ".join(f"`{row}`" for row in rule.rows)
    for jump in rule.jumps:
        yield (
            f"Form {jump.form}: 100 × `{jump.part}` / `{jump.whole}` rises by less than {figure(jump.points)} points "
            f"from the 10-month to the 12-month report; row {rows}"
        )
    if rule.percent:
        least = "; ".join(f"form {form}: {figure(amount)}" for form, amount in rule.minimum.items())
        yield f"Within {figure(rule.percent)} % of the same period last year, for {_named(rule.columns)}; row {rows}"
        yield f"From {rule.from_months} months on; where last year's figure was at least {least or '1'} (base units)"


@formulas.register
def _duplicate(rule: Duplicate) -> Iterator[str]:
    yield (
        f"Not all figures equal those of the report before, for {_named(rule.columns)}; where {rule.minimum} or more are "
        "not zero"
    )


@formulas.register
def _timeliness(rule: Timeliness) -> Iterator[str]:
    yield f"First version received at most {rule.days} working days after the deadline of its level"


@formulas.register
def _reading(rule: Reading) -> Iterator[str]:
    yield f"Reading met none of: {', '.join(f'`{code}`' for code in rule.codes)}"


def _named(columns: Iterable[str]) -> str:
    return ", ".join(f"`{column}`" for column in columns)


def _equation(sides: tuple[Iterable[Term], str, Iterable[Term]]) -> str:
    left, relation, right = sides
    return f"`{_codes(left)} {relation} {_codes(right)}`: {_labelled(left)} {relation} {_labelled(right)}"


def _only_where_absent(columns: tuple[str, ...]) -> Iterator[str]:
    if columns:
        yield f"Only where none of these is printed: {', '.join(f'`{column}`' for column in columns)}"


def _codes(terms: Iterable[Term]) -> str:
    return _joined((term, term.column) for term in terms)


def _labelled(terms: Iterable[Term]) -> str:
    return _joined((term, f"*{_label(term.column)}*") for term in terms)


def _joined(named: Iterable[tuple[Term, str]]) -> str:
    text = ""
    for term, name in named:
        sign = "-" if term.sign < 0 else "+"
        weighted = name if term.factor == 1 else f"{term.factor} × {name}"
        told = f"{sign} {weighted}" if text or term.sign < 0 else weighted
        text += (" " if text else "") + (f"[{told}]" if term.is_optional else told)
    return text


def _label(column: str) -> str:
    return TARGETS[column][0] if column in TARGETS else forms().measures[column].vi


def figure(number: Decimal | int) -> str:
    """Write a number with thin groups of thousands."""
    return f"{number:,}".replace(",", " ")
