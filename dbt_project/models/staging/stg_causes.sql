with

source as (

    select * from {{ source('judged', 'causes') }}

)

select
    cause_id,
    submission_id,
    rank as hypothesis_rank,
    kind,
    form,
    row_code,
    column_code,
    sheet,
    address,
    cells as addresses,
    changes,
    found,
    would_be,
    unit,
    closes as findings_closed,
    of as findings,
    sentence_vi,
    sentence_en

from source
