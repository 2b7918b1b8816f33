"""How a return is compared with itself, and a province with its offices: one SELECT a kind of rule.

Columns: submission_id, row_code, column_code, found, expected, low, high, verdict; ``expectations.comparisons`` tells the
tables that are read.
"""

from collections.abc import Iterable
from functools import singledispatch

from expectations.kinds import (
    CHANGE,
    GROWTH,
    Balance,
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
)

UNBOUNDED = "100000000000000000000"  # 1e20: beyond any amount in đồng
HAIR = "0.000001"  # ratios are worked out in floating point: a bound gets the last place of its type as leeway


@singledispatch
def compared(rule: Rule, form: str) -> Iterable[str]:
    """Yield the SELECTs that compare ``form`` as ``rule`` asks, before they are told whose rule it was."""
    raise TypeError(f"no comparison is known for a rule of type {type(rule).__name__}")


@compared.register
def _balance(rule: Balance, form: str) -> Iterable[str]:
    sums = " union all ".join(
        f"""
        select {rank} as rank, submission_id, row_code, '{rule.total}' as column_code,
               {rule.total} as found, {_sum(terms)} as expected,
               {_slack(terms)} + {rule.total}__rounding + {rule.tolerance} as slack,
               {_reach(terms, -1)} as below, {_reach(terms, +1)} as above
        from form_{form}
        where {rule.total} is not null and {_printed(terms)} {_absent(rule.absent)}
        """
        for rank, alternatives in enumerate(rule.ranks)
        for terms in alternatives
    )
    # What binds only those whom it fits is the last rank.
    counted = f"rank < {len(rule.in_order)} or found between low and high" if rule.fitting else "true"
    yield f"""
        select submission_id, row_code, column_code, found, expected, low, high, null::varchar as verdict
        from (
            select *, expected - slack - below as low, expected + slack + above as high
            from ({sums})
            qualify row_number() over (
                partition by submission_id, row_code order by rank, abs(found - expected), expected
            ) = 1
        )
        where {counted}
    """


@compared.register
def _order(rule: Order, form: str) -> Iterable[str]:
    yield f"""
        select submission_id, row_code, '{rule.lesser[0].column}' as column_code,
               {_sum(rule.lesser)} as found, {_sum(rule.greater)} as expected,
               -{UNBOUNDED} as low, {_sum(rule.greater)} + {_slack((*rule.lesser, *rule.greater))} as high,
               null::varchar as verdict
        from form_{form}
        where {_printed((*rule.lesser, *rule.greater))} {_absent(rule.absent)}
    """


@compared.register
def _row_order(rule: RowOrder, form: str) -> Iterable[str]:
    yield f"""
        select part.submission_id, part.row_code, part.column_code,
               part.value as found, whole.value as expected,
               -{UNBOUNDED} as low, whole.value + part.rounding + whole.rounding as high, null::varchar as verdict
        from cell as part
        join cell as whole on whole.submission_id = part.submission_id and whole.form = part.form
                          and whole.column_code = part.column_code and whole.row_code = '{rule.greater}'
        where part.form = '{form}' and part.row_code = '{rule.lesser}'
          and part.value is not null and whole.value is not null and not ends_with(part.column_code, '{CHANGE}')
    """


@compared.register
def _integer(rule: Integer, form: str) -> Iterable[str]:
    nearest = f"greatest({'round(value)' if rule.whole else 'value'}, {rule.minimum})"
    low, high = (nearest, nearest) if rule.whole else (rule.minimum, UNBOUNDED)
    yield f"""
        select submission_id, row_code, column_code, value as found, {nearest} as expected,
               {low} as low, {high} as high, null::varchar as verdict
        from cell
        where form = '{form}' and value is not null and unit not in ('percent', 'point')
          and not ends_with(column_code, '{CHANGE}')
    """


@compared.register
def _rollup(rule: Rollup, form: str) -> Iterable[str]:
    return [_offices(form)] if rule.offices else [_rows(rule, form)]


def _rows(rule: Rollup, form: str) -> str:
    dimensions = ", ".join(f"'{name}'" for name in rule.dimensions)
    complete = (
        "count(part.value) >= 1" if rule.partial or rule.open_lines else "count(part.value) = max(rollup_part.parts)"
    )
    low = f"sum(part.value) - {UNBOUNDED}" if rule.partial else "sum(part.value)"
    # A partial sum is what stands below the total: found is the sum, so that a finding reads "parts exceed total".
    found, bound = ("sum(part.value)", "max(total.value)") if rule.partial else ("max(total.value)", "sum(part.value)")
    slack = "max(total.rounding) + sum(part.rounding)"
    return f"""
        select total.submission_id, total.row_code, total.column_code,
               {found} as found, {bound} as expected,
               {f"-{UNBOUNDED}" if rule.partial else f"{low} - ({slack})"} as low, {bound} + {slack} as high,
               null::varchar as verdict
        from cell as total
        join submission on submission.submission_id = total.submission_id
        join rollup_part on rollup_part.form = total.form and rollup_part.regime = submission.regime
                        and rollup_part.total_row = total.row_code and rollup_part.dimension in ({dimensions})
        join cell as part on part.submission_id = total.submission_id and part.form = total.form
                         and part.column_code = total.column_code and part.row_code = rollup_part.part_row
        where total.form = '{form}' and total.value is not null and total.unit not in ('percent', 'point')
          and not ends_with(total.column_code, '{CHANGE}')
        group by all
        having {complete}
    """


def _offices(form: str) -> str:
    return f"""
        select total.submission_id, total.row_code, total.column_code,
               max(total.value) as found, sum(part.value) as expected,
               sum(part.value) as low, sum(part.value) as high, null::varchar as verdict
        from cell as total
        join office_part on office_part.submission_id = total.submission_id and office_part.form = total.form
        join cell as part on part.submission_id = office_part.part_submission_id and part.form = total.form
                         and part.row_code = total.row_code and part.column_code = total.column_code
        where total.form = '{form}' and total.value is not null and total.unit not in ('percent', 'point')
        group by all
        having count(part.value) = max(office_part.parts)
    """


@compared.register
def _printed_ratio(rule: PrintedRatio, form: str) -> Iterable[str]:
    base = f"coalesce({', '.join(_sum(terms, exact=False) for terms in rule.denominators)})"
    spread = f"coalesce({', '.join(_guarded(terms, _slack(terms)) for terms in rule.denominators)})"
    top, slack = _sum(rule.numerator), _slack(rule.numerator)
    printed = f"""
        select submission_id, row_code, '{rule.column}' as column_code, {rule.column} as found,
               {rule.column}__rounding as half, {top} as top, {slack} as slack, {base} as base, {spread} as spread
        from form_{form}
        where {rule.column} is not null and {_printed(rule.numerator)} and {base} > 0
    """
    yield _ratio(printed, truncation=rule.truncation)


@compared.register
def _growth(rule: Growth, form: str) -> Iterable[str]:
    printed = f"""
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
    """
    yield _ratio(printed)


def _ratio(printed: str, truncation: str = "allow") -> str:
    """Return the SELECT that judges printed ratios: submission_id, row_code, column_code, found, half (of its last place),
    top (the numerator), slack (of it), base, spread (of the base)."""
    chosen = "verdict <> 'impossible'" if truncation == "forbid" else "true"
    allowed = "false" if truncation == "forbid" else "verdict = 'fits_by_truncation'"
    # The true ratio lies between the least numerator and the greatest; a larger base brings each nearer to zero, and
    # where rounding may have made the base of nothing, a ratio has no bound on that side.
    return f"""
        with printed as (
            select submission_id, row_code, column_code, found, half, top::double as numerator, base,
                   100 * (top - slack)::double as least_top, 100 * (top + slack)::double as greatest_top,
                   (base + spread)::double as wide, nullif(greatest(base - spread, 0), 0)::double as narrow
            from ({printed})
        ),
        interval as (
            select *, 100 * numerator / base as expected,
                   case when least_top >= 0 then least_top / wide
                        else coalesce(least_top / narrow, -{UNBOUNDED}) end - half as exact_low,
                   case when greatest_top <= 0 then greatest_top / wide
                        else coalesce(greatest_top / narrow, {UNBOUNDED}) end + half as exact_high
            from printed
        ),
        judged as (
            select *,
                   case when found between exact_low - {HAIR} and exact_high + {HAIR} then 'fits'
                        -- cut off, a figure stands less than one place nearer to zero than it should
                        when found >= 0 and found > exact_low - half + 1e-9 and found <= exact_high then 'fits_by_truncation'
                        when found <= 0 and found < exact_high + half - 1e-9 and found >= exact_low then 'fits_by_truncation'
                        else 'impossible' end as verdict
            from interval
        )
        select submission_id, row_code, column_code, found, expected,
               case when {allowed} then least(found, exact_low) else exact_low end - {HAIR} as low,
               case when {allowed} then greatest(found, exact_high) else exact_high end + {HAIR} as high, verdict
        from judged
        where {chosen}
    """


@compared.register
def _money_per_case(rule: MoneyPerCase, form: str) -> Iterable[str]:
    rows = ", ".join(f"'{row}'" for row in rule.rows)
    for measure in rule.measures:
        yield f"""
            select money.submission_id, money.row_code, '{measure}' as column_code,
                   money.{measure}::double / cases.{measure} as found,
                   least(greatest(money.{measure}::double / cases.{measure}, {rule.floor}), {rule.ceiling}) as expected,
                   {rule.floor} as low, {rule.ceiling} as high, null::varchar as verdict
            from form_{form} as money
            join form_{rule.cases} as cases using (submission_id, row_code)
            where row_code in ({rows}) and cases.{measure} >= {rule.minimum_cases} and money.{measure} > 0
        """


@compared.register
def _form_scale(rule: FormScale, form: str) -> Iterable[str]:
    # Least and greatest pass over what is null: a measure that is not printed, or rests on too few cases.
    worth = ", ".join(
        f"case when cases.{measure} >= {rule.minimum_cases} and money.{measure} > 0"
        f" then money.{measure}::double / cases.{measure} end"
        for measure in rule.measures
    )
    counted = " + ".join(
        f"(coalesce(cases.{measure} >= {rule.minimum_cases} and money.{measure} > 0, false))::int"
        for measure in rule.measures
    )
    yield f"""
        with worth as (
            select money.submission_id, money.row_code, least({worth}) as least_worth, greatest({worth}) as greatest_worth
            from form_{form} as money
            join form_{rule.cases} as cases using (submission_id, row_code)
            where row_code = '{rule.row}' and {counted} >= 2
        ),
        multiplied as (
            select submission_id, bool_and(value % {rule.multiple} = 0) as is_multiplied
            from cell
            where form = '{form}' and value is not null and unit not in ('percent', 'point')
            group by submission_id
        ),
        nearest as (
            select *, case when least_worth > {rule.ceiling} and is_multiplied then least_worth
                           when greatest_worth < {rule.floor} then greatest_worth
                           else least(greatest(least_worth, {rule.floor}), {rule.ceiling}) end as found
            from worth
            join multiplied using (submission_id)
        )
        select submission_id, row_code, '' as column_code, found,
               least(greatest(found, {rule.floor}), {rule.ceiling}) as expected,
               {rule.floor} as low, {rule.ceiling} as high, null::varchar as verdict
        from nearest
    """


def of_reading(asked: str) -> str:
    """Return the SELECT that compares all rules of reading in the table ``asked`` (pack, rule_id, form).

    A remark of a kind that a rule wants none of is a comparison that fails; where there is none, one that passes. Columns:
    submission_id, pack, rule_id, form, row_code, column_code, found, expected, low, high, remark_id.
    """
    return f"""
        with covered as (
            select submission_id, pack, rule_id, form from applicable semi join {asked} using (pack, rule_id, form)
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


def _sum(terms: Iterable[Term], exact: bool = True) -> str:
    """Return the signed sum; NULL where a required term is not printed."""
    parts = []
    for term in terms:
        column = f"coalesce({term.column}, 0)" if term.is_optional else term.column
        weighted = column if term.factor == 1 else f"{column} * {term.factor}"
        parts.append(f"{'+' if term.sign > 0 else '-'} {weighted}")
    total = "0 " + " ".join(parts)
    return f"({total})" if exact else f"({total})::double"


def _slack(terms: Iterable[Term]) -> str:
    """Return the sum of what rounding may have taken from the terms."""
    return "(0" + "".join(f" + coalesce({term.column}__rounding, 0)" for term in terms) + ")"


def _reach(terms: Iterable[Term], direction: int) -> str:
    """Return how far unprinted optional terms may move the sum up (+1) or down (-1): any distance, or none."""
    moving = [f"{term.column} is null" for term in terms if term.is_optional and term.sign == direction]
    return f"case when {' or '.join(moving)} then {UNBOUNDED} else 0 end" if moving else "0"


def _printed(terms: Iterable[Term]) -> str:
    return " and ".join([f"{term.column} is not null" for term in terms if not term.is_optional] or ["true"])


def _absent(columns: Iterable[str]) -> str:
    return "".join(f" and {column} is null" for column in columns)


def _guarded(terms: Iterable[Term], expression: str) -> str:
    return f"case when {_printed(terms)} then {expression} end"
