"""How a return is compared with a partner: another form, another period, another report on the same period.

One SELECT a kind of rule, with the columns of ``expectations.within`` and, where the partner is another submission,
``beside``. Figures of other periods come from ``paired``, which holds none of a form whose unit slipped.
"""

from collections.abc import Iterable

from expectations.kinds import (
    LAST_YEAR,
    PREVIOUS,
    TENTH_MONTH,
    WORKBOOK,
    YEAR_END,
    Change,
    Continuity,
    CrossForm,
    Cumulative,
    Duplicate,
    Jump,
    Term,
    Timeliness,
)
from expectations.within import HAIR, UNBOUNDED, compared

__all__ = ["compared"]


@compared.register
def _cross_form(rule: CrossForm, form: str) -> Iterable[str]:
    return [_workbook(form)] if rule.partner == "workbook" else _other_form(rule, form)


def _other_form(rule: CrossForm, form: str) -> Iterable[str]:
    columns = _listed(rule.columns)
    for row, other_row in rule.rows.items():
        yield f"""
            select part.submission_id, part.row_code, part.column_code, part.value as found, whole.value as expected,
                   {f"-{UNBOUNDED}" if rule.relation == "within" else "whole.value - part.rounding - whole.rounding"} as low,
                   whole.value + part.rounding + whole.rounding as high, null::varchar as verdict
            from cell as part
            join cell as whole on whole.submission_id = part.submission_id and whole.column_code = part.column_code
                              and whole.form = '{rule.with_form}' and whole.row_code = '{other_row}'
            where part.form = '{form}' and part.row_code = '{row}' and part.column_code in ({columns})
              and part.value is not null and whole.value is not null
        """


def _workbook(form: str) -> str:
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


@compared.register
def _cumulative(rule: Cumulative, form: str) -> Iterable[str]:
    slack = "rounding + before_rounding"
    low, high = (f"before - ({slack})", UNBOUNDED) if rule.never == "falls" else (f"-{UNBOUNDED}", f"before + {slack}")
    yield f"""
        select submission_id, row_code, column_code, value as found, before as expected, {low} as low, {high} as high,
               null::varchar as verdict, beside
        from paired
        where relation = '{PREVIOUS}' and form = '{form}' and column_code in ({_listed(rule.columns)})
    """


@compared.register
def _continuity(rule: Continuity, form: str) -> Iterable[str]:
    now, then = _signed(rule.terms, "value"), _signed(rule.before, "before")
    slack = f"{_spread(rule.terms, 'rounding')} + {_spread(rule.before, 'before_rounding')}"
    low, high = (
        (f"-{UNBOUNDED}", f"({then}) + {slack}") if rule.bound == "at_most" else (f"({then}) - ({slack})", UNBOUNDED)
    )
    columns = {term.column for term in (*rule.terms, *rule.before)}
    yield f"""
        select submission_id, row_code, '{rule.terms[0].column}' as column_code, {now} as found, {then} as expected,
               {low} as low, {high} as high, null::varchar as verdict, beside
        from paired
        where relation = '{YEAR_END}' and form = '{form}' and column_code in ({_listed(sorted(columns))})
        group by submission_id, row_code, beside
        having count(*) = {len(columns)}
    """


@compared.register
def _change(rule: Change, form: str) -> Iterable[str]:
    if rule.jumps:
        return [_jump(jump, rule) for jump in rule.jumps if jump.form == form]
    return [_on_last_year(rule, form)]


def _on_last_year(rule: Change, form: str) -> str:
    # A change of exactly so many per cent is one to explain, so the bounds stand a hair inside it.
    return f"""
        select paired.submission_id, row_code, column_code, value as found, before as expected,
               before * {1 - (rule.percent or 0) / 100} + {HAIR} as low,
               before * {1 + (rule.percent or 0) / 100} - {HAIR} as high, null::varchar as verdict, beside
        from paired
        join submission using (submission_id)
        where relation = '{LAST_YEAR}' and form = '{form}' and row_code in ({_listed(rule.rows)})
          and column_code in ({_listed(rule.columns)}) and before >= {rule.minimum.get(form, 1)}
          and substr(submission.period_id, 6, 2)::int >= {rule.from_months}
    """


def _jump(jump: Jump, rule: Change) -> str:
    def share(side: str) -> str:
        part, whole = (f"sum({side}) filter (column_code = '{name}')" for name in (jump.part, jump.whole))
        return f"100 * ({part})::double / nullif({whole}, 0)"

    then = share("before")
    return f"""
        select submission_id, row_code, '{jump.part}' as column_code, {share("value")} as found, {then} as expected,
               -{UNBOUNDED} as low, {then} + {jump.points} - {HAIR} as high, null::varchar as verdict, beside
        from paired
        where relation = '{TENTH_MONTH}' and form = '{jump.form}' and row_code in ({_listed(rule.rows)})
          and column_code in ('{jump.part}', '{jump.whole}')
        group by submission_id, row_code, beside
        having count(*) = 2 and found is not null and expected is not null
    """


@compared.register
def _duplicate(rule: Duplicate, form: str) -> Iterable[str]:
    # Found is how many figures coincide; one fewer than all of them is no copy.
    yield f"""
        select submission_id, '{rule.row}' as row_code, '{rule.columns[0]}' as column_code,
               count(*) filter (value = before) as found, count(*) - 1 as expected,
               0 as low, count(*) - 1 as high, null::varchar as verdict, beside
        from paired
        where relation = '{PREVIOUS}' and form = '{form}' and column_code in ({_listed(rule.columns)})
          and (value <> 0 or before <> 0)
        group by submission_id, beside
        having count(*) >= {rule.minimum}
    """


@compared.register
def _timeliness(rule: Timeliness, form: str) -> Iterable[str]:
    yield f"""
        select submission_id, '' as row_code, '' as column_code, days_late as found, 0 as expected,
               -{UNBOUNDED} as low, {rule.days} as high, null::varchar as verdict
        from arrival
    """


def _signed(terms: Iterable[Term], side: str) -> str:
    return " ".join(
        f"{'+' if term.sign > 0 else '-'} sum({side}) filter (column_code = '{term.column}')" for term in terms
    )


def _spread(terms: Iterable[Term], side: str) -> str:
    return " + ".join(f"sum({side}) filter (column_code = '{term.column}')" for term in terms)


def _listed(codes: Iterable[str]) -> str:
    return ", ".join(f"'{code}'" for code in codes)
