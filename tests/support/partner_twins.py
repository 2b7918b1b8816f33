"""Twins for rules that compare a return with another: two returns with partners, that differ in what the rule is for."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from expectations.kinds.change import Change
from expectations.kinds.continuity import Continuity
from expectations.kinds.cross_form import CrossForm
from expectations.kinds.cumulative import Cumulative
from expectations.kinds.duplicate import Duplicate
from expectations.kinds.timeliness import Timeliness
from expectations.rule import LAST_YEAR, PREVIOUS, TENTH_MONTH, WORKBOOK, YEAR_END, Rule
from pipeline.calendar.periods import Period
from pipeline.forms import Form, forms
from tests.support.sheets import Returns

Figures = dict[tuple[str, str], dict[str, Decimal | int | str | None]]


def drawn(rule: Rule, form: Form) -> Iterator[tuple[Figures, Figures, Figures]]:
    """Yield what the partner says, and with it figures on which the rule must fail and must pass."""
    code, row = form.code, form.rows[0].code
    if isinstance(rule, CrossForm):
        if rule.partner_relation:
            column = form.columns[0].code
            for off in (1, -1):
                yield {(code, row): {column: 7}}, {(code, row): {column: 7 + off}}, {(code, row): {column: 7}}
            return
        (own, other), *_ = rule.rows.items()
        for column in rule.columns:
            whole: Figures = {(str(rule.with_form), other): {column: 7}}
            for off in (1,) if rule.relation == "within" else (1, -1):
                yield {}, whole | {(code, own): {column: 7 + off}}, whole | {(code, own): {column: 7}}
    elif isinstance(rule, Cumulative):
        for column in rule.columns:
            off = -1 if rule.never == "falls" else 1
            yield {(code, row): {column: 7}}, {(code, row): {column: 7 + off}}, {(code, row): {column: 7 - off}}
    elif isinstance(rule, Continuity):
        columns = [term.column for term in (*rule.terms, *rule.before)]
        then: Figures = {(code, row): dict.fromkeys(columns, 7)}
        off = 1 if rule.bound == "at_most" else -1
        yield then, {(code, row): dict.fromkeys(columns, 7) | {rule.terms[0].column: 7 + off}}, then
    elif isinstance(rule, Change) and rule.jumps:
        for jump in rule.jumps:
            if jump.form == code:
                then = {(code, rule.rows[0]): {jump.part: 100, jump.whole: 1000}}
                bad, good = 100 + 10 * jump.points, 99 + 10 * jump.points
                yield (
                    then,
                    {(code, rule.rows[0]): {jump.part: bad, jump.whole: 1000}},
                    {(code, rule.rows[0]): {jump.part: good, jump.whole: 1000}},
                )
    elif isinstance(rule, Change):
        enough = 100 * rule.minimum.get(code, Decimal(1)) / forms().units[form.unit].factor
        share = (rule.percent or 0) / 100
        for column in rule.columns:
            for bad, good in ((1 + share, Decimal("1.19")), (1 - share, Decimal("0.81"))):
                yield (
                    {(code, rule.rows[0]): {column: enough}},
                    {(code, rule.rows[0]): {column: int(enough * bad)}},
                    {(code, rule.rows[0]): {column: int(enough * good)}},
                )
    elif isinstance(rule, Duplicate):
        # Adds up along rows and columns: what is returned is no partner.
        same: Figures = {
            (code, line): {name: leaves * (14 if name == "due" else 7) for name in rule.columns}
            for line, leaves in _leaves(form).items()
        }
        last = list(form.row)[-1]
        yield same, same, same | {(code, last): same[code, last] | {"in_progress": 8}}


def _leaves(form: Form) -> dict[str, int]:
    """Return how many rows that are no totals each row of a form sums."""
    along = {rollup.total: rollup.parts for rollup in form.rollups}

    def count(row: str) -> int:
        return sum(map(count, along[row])) if row in along else 1

    return {row: count(row) for row in form.row}


def periods(rule: Rule, period: str) -> tuple[str, str]:
    """Return a period to which the rule applies, and that of the partner."""
    at = Period.parse(period)
    match rule.partner_relation:
        case str(name) if name == PREVIOUS:
            return period, Period(at.year, at.months - 1).id
        case str(name) if name == LAST_YEAR:
            return period, Period(at.year - 1, at.months).id
        case str(name) if name == YEAR_END:
            return period, Period(at.year - 1, 12).id
        case str(name) if name == TENTH_MONTH:
            return Period(at.year, 12).id, Period(at.year, 10).id
    return period, period


def add_beside(returns: Returns, rule: Rule, form: Form, name: str, header: dict[str, object]) -> list[tuple[str, str]]:
    """Add the twins of a rule with their partners, each of an office of its own; return the (bad, good) submissions."""
    if isinstance(rule, Timeliness):
        return [_add_late(returns, form, name, header)]
    made = []
    period, then = periods(rule, str(header["period"]))
    for n, (partner, *twins) in enumerate(drawn(rule, form)):
        names = []
        for kind, figures in zip(("bad", "good"), twins, strict=True):
            at = header | {"unit": f"{name}|{n}|{kind}", "period": period}
            names.append(returns.add(f"{name}|{n}|{kind}", figures, **at))
            if partner:
                origin = "submitted" if rule.partner_relation == WORKBOOK else header["origin"]
                returns.add(f"{name}|{n}|{kind}|partner", partner, **at | {"period": then, "origin": origin})
        made.append((names[0], names[1]))
    return made


def _add_late(returns: Returns, form: Form, name: str, header: dict[str, object]) -> tuple[str, str]:
    end = Period.parse(str(header["period"])).end
    figures: Figures = {(form.code, form.rows[0].code): {form.columns[0].code: 1}}
    in_time, late = (datetime.combine(end, datetime.min.time()) + timedelta(days=days) for days in (1, 30))
    return (
        returns.add(f"{name}|late", figures, **header | {"received_at": late}),
        returns.add(f"{name}|in time", figures, **header | {"received_at": in_time}),
    )
