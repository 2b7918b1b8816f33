with

source as (

    select * from {{ source('judged', 'cause_findings') }}

)

select
    cause_id,
    submission_id,
    finding_id

from source
