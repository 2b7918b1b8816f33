{%- set place = 'period_id, origin, vintage, is_simulated, case_kind, initiative' -%}

with

units as (

    select
        unit_key,
        coalesce(province_key, unit_key) as counted_key
    from {{ ref('dim_unit') }}

),

-- Periods in which a unit reports beside what it came from: the one or the other counts, not both.
reported_twice as (

    select distinct newer.period_id
    from {{ tonight(ref('fct_form_version')) }} as newer
    inner join {{ ref('bridge_unit_succession') }} as successions on newer.unit_key = successions.successor_key
    inner join {{ tonight(ref('fct_form_version')) }} as older
        on
            newer.period_id = older.period_id
            and successions.predecessor_key = older.unit_key

),

{% for fact, measure in [('fct_case_results', 'completed'), ('fct_money_results', 'completed_vnd')] -%}

{{ fact }}_counted as (

    select facts.*
    from {{ tonight(ref(fact)) }} as facts
    inner join units on facts.unit_key = units.unit_key
    where facts.period_id not in (select reported_twice.period_id from reported_twice)
    qualify
        facts.scope in ('province', 'nation')
        or (
            facts.origin = 'submitted'
            and not bool_or(facts.scope in ('province', 'nation')) over (
                partition by
                    units.counted_key, facts.period_id, facts.origin, facts.vintage, facts.is_simulated
            )
        )

),

{{ fact }}_reported as (

    select
        {{ place }},
        scope = 'nation' as is_national,
        sum({{ measure }}) as total
    from {{ fact }}_counted
    group by {{ place }}, scope = 'nation'
    having count(*) = count({{ measure }})

),

{% for day in ["date '2025-06-30'", "date '2025-07-01'"] -%}

{{ fact }}_restated_{{ loop.index }} as (

    select
        {{ place }},
        scope = 'nation' as is_national,
        sum({{ measure }}) as total
    from ({{ on_territory(ref(fact), day, tonight(ref(fact))) }})
    group by {{ place }}, scope = 'nation'

),

{{ fact }}_apart_{{ loop.index }} as (

    select
        '{{ fact }}' as fact,
        {{ day }} as day_of_territory,
        reported.{{ place | replace(', ', ', reported.') }},
        reported.total as reported_total,
        restated.total as restated_total
    from {{ fact }}_reported as reported
    left join {{ fact }}_restated_{{ loop.index }} as restated
        using ({{ place }}, is_national)
    where reported.total is distinct from restated.total

){{ ',' }}

{% endfor -%}
{% endfor -%}

apart as (

    select * from fct_case_results_apart_1
    union all
    select * from fct_case_results_apart_2
    union all
    select * from fct_money_results_apart_1
    union all
    select * from fct_money_results_apart_2

)

select * from apart
