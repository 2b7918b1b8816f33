with

source as (

    select * from {{ source('cells', 'cells') }}

)

select
    submission_id,
    form,
    row_code,
    column_code,
    unit,
    value,
    rounding,
    state,
    raw,
    sheet,
    address

from source

{{ only_tonight('period_id') }}
