with

source as (

    select * from {{ source('judged', 'ratios') }}

)

select
    submission_id,
    form,
    row_code,
    column_code as measure,
    unit,
    printed,
    rounding,
    computed,
    pack,
    rule_id,
    verdict,
    raw,
    sheet,
    address

from source
