with

obligations as (

    select * from {{ ref('obligations') }}

)

select
    form,
    scope,
    valid_from,
    valid_to,
    source

from obligations
