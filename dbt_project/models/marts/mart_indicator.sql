with

cases as (

    select * from {{ ref('fct_case_results') }}
    where
        case_kind = 'total'
        and initiative = 'total'

),

money as (

    select * from {{ ref('fct_money_results') }}
    where
        case_kind = 'total'
        and initiative = 'total'

),

periods as (

    select * from {{ ref('dim_period') }}

),

totals as (

    select
        {{ report_columns('cases') }},
        cases.is_queried,
        'cases' as basis,
        cast(cases.accepted_total as decimal(24, 0)) as accepted_total,
        cast(cases.opening as decimal(24, 0)) as opening,
        cast(cases.newly_accepted as decimal(24, 0)) as newly_accepted,
        cast(cases.due as decimal(24, 0)) as due,
        cast(cases.completed as decimal(24, 0)) as completed,
        cast(cases.carried_over as decimal(24, 0)) as carried_over,
        periods.period_end - periods.period_start + 1 as days
    from cases
    inner join periods on cases.period_id = periods.period_id

    union all

    select
        {{ report_columns('money') }},
        money.is_queried,
        'money' as basis,
        money.accepted_total_vnd as accepted_total,
        money.opening_vnd as opening,
        money.newly_accepted_vnd as newly_accepted,
        money.due_vnd as due,
        money.completed_vnd as completed,
        money.carried_over_vnd as carried_over,
        periods.period_end - periods.period_start + 1 as days
    from money
    inner join periods on money.period_id = periods.period_id

),

worth as (

    select
        {{ report_columns('money') }},
        money.is_queried or cases.is_queried as is_queried,
        money.completed_vnd,
        cases.completed
    from money
    inner join cases on money.report_id = cases.report_id

),

-- One entry of the seed `indicators` each: what is shared, by what, and how much that is multiplied.
shares as (

    select
        {{ report_columns('totals') }},
        totals.is_queried,
        'clearance_rate' as measure,
        totals.basis,
        totals.completed as numerator,
        totals.newly_accepted as denominator,
        100 as factor
    from totals

    union all

    select
        {{ report_columns('totals') }},
        totals.is_queried,
        'disposition_time' as measure,
        totals.basis,
        totals.carried_over as numerator,
        totals.completed as denominator,
        totals.days as factor
    from totals

    union all

    select
        {{ report_columns('totals') }},
        totals.is_queried,
        'congestion_ratio' as measure,
        totals.basis,
        totals.due as numerator,
        totals.completed as denominator,
        1 as factor
    from totals

    union all

    select
        {{ report_columns('totals') }},
        totals.is_queried,
        'ageing_share' as measure,
        totals.basis,
        totals.opening as numerator,
        totals.accepted_total as denominator,
        100 as factor
    from totals

    union all

    select
        {{ report_columns('worth') }},
        worth.is_queried,
        'money_per_case' as measure,
        'money' as basis,
        worth.completed_vnd as numerator,
        worth.completed as denominator,
        1 as factor
    from worth

)

select
    {{ report_columns('shares') }},
    shares.is_queried,
    shares.measure,
    shares.basis,
    shares.numerator,
    cast(shares.denominator as decimal(24, 0)) as denominator,
    try_cast(
        round(1.0 * shares.factor * shares.numerator / nullif(shares.denominator, 0), 4) as decimal(24, 4)
    ) as value

from shares

where
    shares.numerator is not null
    and shares.denominator <> 0
