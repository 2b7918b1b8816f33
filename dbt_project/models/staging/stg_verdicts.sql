with

source as (

    select * from {{ source('judged', 'verdicts') }}

)

select
    submission_id,
    verdict,
    version,
    supersedes,
    is_out_of_order

from source
