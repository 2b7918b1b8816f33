with

source as (

    select * from {{ source('declared', 'units') }}

)

select
    unit_key,
    code,
    name,
    level,
    parent_key,
    valid_from,
    valid_to,
    aliases,
    is_simulated,
    is_placeholder,
    note

from source
