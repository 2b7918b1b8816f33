{%- set flows = ['newly_accepted', 'delegated', 'revoked', 'completed'] -%}

with

cases as (

    select * from {{ ref('fct_case_results') }}

),

money as (

    select * from {{ ref('fct_money_results') }}

),

periods as (

    select * from {{ ref('dim_period') }}
    where is_standard

),

cumulative as (

    select
        {{ report_columns('cases') }},
        cases.is_queried,
        'cases' as basis,
        cases.case_kind,
        cases.initiative,
        {%- for flow in flows %}
            cast(cases.{{ flow }} as decimal(24, 0)) as {{ flow }}
            {%- if not loop.last %},{% endif %}
        {%- endfor %}
    from cases

    union all

    select
        {{ report_columns('money') }},
        money.is_queried,
        'money' as basis,
        money.case_kind,
        money.initiative,
        {%- for flow in flows %}
            money.{{ flow }}_vnd as {{ flow }}
            {%- if not loop.last %},{% endif %}
        {%- endfor %}
    from money

),

placed as (

    select
        cumulative.*,
        periods.statistical_year,
        periods.months,
        count(*) over (
            partition by
                cumulative.unit_key,
                cumulative.period_id,
                cumulative.scope,
                cumulative.origin,
                cumulative.vintage,
                cumulative.is_simulated,
                cumulative.basis,
                cumulative.case_kind,
                cumulative.initiative
        ) as claims
    from cumulative
    inner join periods on cumulative.period_id = periods.period_id

),

-- Where two reports claim the same place, nobody can say which of them a month is the difference of.
before as (

    select
        *,
        {%- for flow in flows %}
            lag({{ flow }}) over (months_of_the_year) as previous_{{ flow }},
        {%- endfor %}
        lag(months) over (months_of_the_year) as previous_months
    from placed
    where claims = 1
    window
        months_of_the_year as (
            partition by
                unit_key, scope, origin, vintage, is_simulated, statistical_year, basis, case_kind, initiative
            order by months
        )

),

-- Every year begins at nothing: the first report of a year is its own flow.
flow as (

    select
        *,
        {%- for flow in flows %}
            {{ flow }} - case when previous_months is null then 0 else previous_{{ flow }} end as flow_{{ flow }},
        {%- endfor %}
        months - coalesce(previous_months, 0) as months_covered
    from before

)

-- The two forms of a report may stand in different versions; the later one is named.
select
    unit_key,
    period_id,
    scope,
    origin,
    vintage,
    is_simulated,
    report_id,
    max(submission_id) as submission_id,
    bool_or(is_queried) as is_queried,
    statistical_year,
    months,
    case_kind,
    initiative,
    {%- for basis, suffix, type in [('cases', '', 'bigint'), ('money', '_vnd', 'decimal(24, 0)')] %}
        cast(max(months_covered) filter (where basis = '{{ basis }}') as integer) as months_covered{{ suffix }},
        {%- for flow in flows %}
            try_cast(max(flow_{{ flow }}) filter (where basis = '{{ basis }}') as {{ type }})
                as {{ flow }}{{ suffix }},
        {%- endfor %}
        coalesce(
            bool_or(
                least(
                    {%- for flow in flows %}
                        flow_{{ flow }}
                        {%- if not loop.last %},{% endif %}
                    {%- endfor %}
                ) < 0
            ) filter (where basis = '{{ basis }}'),
            false
        ) as is_restated{{ suffix }}
        {%- if not loop.last %},{% endif %}
    {%- endfor %}

from flow

group by
    unit_key, period_id, scope, origin, vintage, is_simulated, report_id, statistical_year, months, case_kind,
    initiative
