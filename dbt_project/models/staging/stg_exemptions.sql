with

source as (

    select * from {{ source('declared', 'exemptions') }}

)

select
    unit_key,
    form,
    valid_from,
    valid_to,
    reason,
    source

from source
