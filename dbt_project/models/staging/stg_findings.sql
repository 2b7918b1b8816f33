with

source as (

    select * from {{ source('judged', 'findings') }}

)

select
    finding_id,
    submission_id,
    pack,
    rule_id,
    status,
    severity,
    on_fail,
    form,
    row_code,
    column_code,
    sheet,
    cells,
    expected,
    found,
    difference,
    unit,
    sentence_vi,
    sentence_en,
    story_vi,
    story_en

from source
