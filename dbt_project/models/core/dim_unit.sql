with

units as (

    select * from {{ ref('stg_units') }}

),

submissions as (

    select * from {{ ref('int_submission') }}

)

select
    units.unit_key,
    units.code,
    units.name,
    units.level,
    units.parent_key,
    case when units.level = 'office' then units.parent_key when units.level = 'province' then units.unit_key end
        as province_key,
    units.valid_from,
    units.valid_to,
    units.aliases,
    units.is_simulated,
    units.is_placeholder,
    units.note

from units

-- Offices that stand for nothing outside the simulator show only where simulated figures do.
where
    not units.is_simulated
    or units.unit_key in (select submissions.unit_key from submissions)
