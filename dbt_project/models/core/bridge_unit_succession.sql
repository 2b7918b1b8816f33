with

successions as (

    select * from {{ ref('stg_unit_succession') }}

)

select
    predecessor_key,
    successor_key,
    valid_from,
    note

from successions
