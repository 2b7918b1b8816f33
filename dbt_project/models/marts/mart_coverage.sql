with

completeness as (

    select * from {{ ref('mart_completeness') }}
    where
        scope in ('own', 'office')
        and status <> 'not_owed'

),

units as (

    select * from {{ ref('dim_unit') }}

),

parts as (

    select
        units.province_key as unit_key,
        'province' as whole_scope,
        units.name || case when completeness.scope = 'own' then ' (own caseload)' else '' end as part,
        {{ all_but('completeness', ['unit_key']) }}
    from completeness
    inner join units on completeness.unit_key = units.unit_key

),

wholes as (

    select * from parts

    union all

    select
        provinces.parent_key as unit_key,
        'nation' as whole_scope,
        parts.part || case when parts.scope = 'own' then '' else ', ' || provinces.name end as part,
        {{ all_but('parts', ['unit_key', 'whole_scope', 'part']) }}
    from parts
    inner join units as provinces on parts.unit_key = provinces.unit_key
    where provinces.parent_key is not null

)

select
    {{ surrogate_key(['unit_key', 'period_id', 'whole_scope', 'vintage', 'is_simulated', 'form']) }} as coverage_id,
    unit_key,
    period_id,
    whole_scope as scope,
    origin,
    vintage,
    is_simulated,
    form,
    count(*) filter (where is_owed) as units_owed,
    count(*) filter (where is_owed and is_covered) as units_covered,
    count(*) filter (where status = 'exempt') as units_exempt,
    count(*) filter (where status = 'nil') as units_nil,
    coalesce(list(part order by part) filter (where is_owed and not is_covered), []) as missing_units,
    count(*) filter (where is_owed and not is_covered) = 0 as is_complete,
    max(due_on) as due_on

from wholes

group by unit_key, period_id, whole_scope, origin, vintage, is_simulated, form

having count(*) filter (where is_owed or status = 'exempt') > 0
