with

source as (

    select * from {{ source('declared', 'unit_succession') }}

)

select
    predecessor_key,
    successor_key,
    valid_from,
    note

from source
