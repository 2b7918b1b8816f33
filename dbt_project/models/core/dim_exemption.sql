with

exemptions as (

    select * from {{ ref('exemptions') }}

)

select
    unit_key,
    form,
    valid_from,
    valid_to,
    reason,
    source

from exemptions
