with

submissions as (

    select * from {{ ref('int_submission') }}
    where verdict not in ('duplicate', 'unreadable')

)

select
    *,
    row_number() over (partition by chain order by version, batch, submission_id) as step

from submissions
