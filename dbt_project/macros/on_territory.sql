{#-
    `<fact>_on_territory(day)`: the figures of a fact for the provinces and the nation of that day.

    The province's report counts; where it sent none, its own caseload and the offices that submitted theirs. A unit that
    ended or did not exist yet counts for the units that have its territory on that day (`bridge_territory`). A report
    already made on that territory is taken before a sum, so nothing counts twice. What no whole territory and no split
    key leads to stays under its own unit with `is_on_territory` false: totals never lose it.

    `rows` are those of the fact that count, all of them unless told.

    A measure that one of the parts leaves blank is blank in the sum; parts that are absent show in `missing_units`.
-#}
{%- macro on_territory(fact, day, rows=none) -%}
    {%- set shape = territory_shape(fact) -%}
    {%- set place = ['period_id', 'origin', 'vintage', 'is_simulated'] -%}

with

facts as (

    select * from {{ rows or fact }}

),

units as (

    select
        *,
        coalesce(province_key, unit_key) as counted_key
    from {{ ref('dim_unit') }}

),

periods as (

    select * from {{ ref('dim_period') }}

),

territories as (

    select * from {{ ref('bridge_territory') }}
    where
        valid_from <= {{ day }}
        and (valid_to is null or valid_to > {{ day }})

),

successions as (

    select * from {{ ref('bridge_unit_succession') }}

),

owed as (

    select
        records.unit_key,
        records.scope,
        records.period_id,
        records.origin,
        records.vintage,
        records.is_simulated,
        units.counted_key,
        units.name
    from {{ ref('mart_reporting_record') }} as records
    inner join units on records.unit_key = units.unit_key
    where records.scope in ('own', 'office')

),

reports as (

    select distinct
        facts.report_id,
        facts.unit_key,
        facts.scope,
        {%- for column in place %}
        facts.{{ column }},
        {%- endfor %}
        units.counted_key,
        units.name
    from facts
    inner join units on facts.unit_key = units.unit_key

),

-- Published figures of one office say nothing of its province; only submitted ones are summed.
parts as (

    select *
    from reports
    qualify
        scope in ('province', 'nation')
        or (
            origin = 'submitted'
            and not bool_or(scope in ('province', 'nation')) over (partition by counted_key, {{ place | join(', ') }})
        )

),

mapped as (

    select
        parts.*,
        coalesce(territories.territory_key, parts.counted_key) as territory_key,
        territories.territory_key is not null as is_on_territory,
        coalesce(territories.share_from, 0) as share_from,
        coalesce(territories.share_to, 1) as share_to,
        coalesce(territories.is_estimated, false) as is_estimated
    from parts
    left join territories on parts.counted_key = territories.unit_key

),

-- Those that the territory's own report, or reports of what it consists of, have counted already.
chosen as (

    select
        mapped.*,
        bool_or(mapped.counted_key = mapped.territory_key) over (
            partition by mapped.territory_key, {{ place | join(', ') }}
        ) as is_direct
    from mapped
    where
        mapped.is_on_territory
        or not exists (
            select 1
            from mapped as others
            inner join successions
                on
                    others.counted_key in (successions.predecessor_key, successions.successor_key)
                    and mapped.counted_key in (successions.predecessor_key, successions.successor_key)
                    and others.counted_key <> mapped.counted_key
            where
                others.is_on_territory
                {%- for column in place %}
                and others.{{ column }} = mapped.{{ column }}
                {%- endfor %}
        )
    qualify
        mapped.counted_key = mapped.territory_key
        or not is_direct

),

asked as (

    select distinct
        territory_key,
        is_direct,
        {{ place | join(', ') }}
    from chosen

),

-- The provinces that a territory consists of in a period.
awaited as (

    select
        asked.*,
        asked.territory_key as counted_key
    from asked
    where asked.is_direct

    union

    select
        asked.*,
        units.unit_key as counted_key
    from asked
    inner join periods on asked.period_id = periods.period_id
    inner join territories on asked.territory_key = territories.territory_key
    inner join units
        on
            territories.unit_key = units.unit_key
            and units.level = 'province'
            and periods.period_end >= units.valid_from
            and (units.valid_to is null or periods.period_end < units.valid_to)
    where not asked.is_direct

),

-- Who has to be heard for a territory to be complete: the agencies that owe their reports, where any of them does, also
-- behind a province that has sent its sum; else the province.
expected_parts as (

    select distinct
        awaited.territory_key,
        {%- for column in place %}
        awaited.{{ column }},
        {%- endfor %}
        coalesce(owed.unit_key, awaited.counted_key) as unit_key,
        coalesce(owed.name, units.name) || case when owed.scope = 'own' then ' (own caseload)' else '' end as name,
        exists (
            select 1
            from reports
            where
                awaited.counted_key = reports.counted_key
                {%- for column in place %}
                and awaited.{{ column }} = reports.{{ column }}
                {%- endfor %}
                and coalesce(owed.unit_key, reports.unit_key) = reports.unit_key
                and coalesce(owed.scope, reports.scope) = reports.scope
        ) as is_heard
    from awaited
    inner join units on awaited.counted_key = units.unit_key
    left join owed
        on
            awaited.counted_key = owed.counted_key
            {%- for column in place %}
            and awaited.{{ column }} = owed.{{ column }}
            {%- endfor %}

),

expected as (

    select
        territory_key,
        {{ place | join(', ') }},
        count(*) as units_expected,
        count(*) filter (where is_heard) as units_found,
        coalesce(list(name order by unit_key, name) filter (where not is_heard), []) as missing_units
    from expected_parts
    group by territory_key, {{ place | join(', ') }}

),

summed_figures as (

    select
        chosen.territory_key,
        {%- for column in place %}
        chosen.{{ column }},
        {%- endfor %}
        case when chosen.scope = 'nation' then 'nation' else 'province' end as scope,
        chosen.is_on_territory,
        bool_or(chosen.is_estimated) as is_estimated,
        bool_or(facts.is_queried) as is_queried,
        list(distinct facts.submission_id order by facts.submission_id) as submission_ids,
        {%- for column in shape.dimensions %}
        facts.{{ column }},
        {%- endfor %}
        {%- for column in shape.measures %}
        try_cast(
            case
                when count(*) = count(facts.{{ column.name }})
                    then sum(
                        case
                            when chosen.share_from = 0 and chosen.share_to = 1 then facts.{{ column.name }}
                            else
                                round(facts.{{ column.name }} * chosen.share_to)
                                - round(facts.{{ column.name }} * chosen.share_from)
                        end
                    )
            end as {{ column.type }}
        ) as {{ column.name }}
        {%- if not loop.last %},{% endif %}
        {%- endfor %}
    from chosen
    inner join facts on chosen.report_id = facts.report_id
    group by all

)

select
    figures.territory_key as unit_key,
    figures.period_id,
    figures.scope,
    figures.origin,
    figures.vintage,
    figures.is_simulated,
    figures.submission_ids,
    figures.is_queried,
    figures.is_on_territory,
    figures.is_estimated,
    cast(expected.units_expected as integer) as units_expected,
    cast(expected.units_found as integer) as units_found,
    expected.missing_units,
    len(expected.missing_units) = 0 as is_complete,
    {%- for column in shape.dimensions %}
    figures.{{ column }},
    {%- endfor %}
    {%- for column in shape.measures %}
    figures.{{ column.name }}
    {%- if not loop.last %},{% endif %}
    {%- endfor %}
from summed_figures as figures
left join expected
    on
        figures.territory_key = expected.territory_key
        {%- for column in place %}
        and figures.{{ column }} = expected.{{ column }}
        {%- endfor %}
{%- endmacro -%}


{#- Columns of a fact that say whose row it is within a report, and those that add: whole numbers. -#}
{%- macro territory_shape(fact) -%}
    {%- set every_fact = [
        'unit_key', 'period_id', 'scope', 'origin', 'vintage', 'is_simulated', 'report_id', 'submission_id',
        'is_queried'
    ] -%}
    {%- set shape = {'dimensions': [], 'measures': []} -%}
    {%- if execute -%}
        {%- for column in adapter.get_columns_in_relation(fact) if column.name not in every_fact -%}
            {%- if column.data_type in ('INTEGER', 'BIGINT', 'HUGEINT') or column.data_type.endswith(',0)') -%}
                {%- do shape.measures.append({'name': column.name, 'type': column.data_type}) -%}
            {%- elif not column.data_type.startswith('DECIMAL') -%}
                {%- do shape.dimensions.append(column.name) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(shape) }}
{%- endmacro -%}
