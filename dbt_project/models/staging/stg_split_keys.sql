with

source as (

    select * from {{ source('declared', 'split_keys') }}

)

select
    unit_key,
    territory_key,
    share,
    source

from source
