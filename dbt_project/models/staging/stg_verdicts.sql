with

source as (

    select * from {{ source('judged', 'verdicts') }}

)

select
    submission_id,
    verdict,
    version,
    supersedes

from source
