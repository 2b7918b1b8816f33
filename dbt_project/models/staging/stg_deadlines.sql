with

source as (

    select * from {{ source('declared', 'deadlines') }}

)

select
    period_id,
    level,
    due_on

from source
