with

exemptions as (

    select * from {{ ref('stg_exemptions') }}

)

select
    unit_key,
    form,
    valid_from,
    valid_to,
    reason,
    source

from exemptions
