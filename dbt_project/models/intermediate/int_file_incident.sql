with

submissions as (

    select * from {{ ref('int_submission') }}

),

unreadable as (

    select
        *,
        row_number() over (partition by path order by batch, submission_id) as step,
        count(*) over (partition by path) as steps
    from submissions
    where verdict = 'unreadable'

)

select
    last_failing.chain,
    'unreadable' as rule_id,
    opened.submission_id as opened_by,
    opened.version as opened_version,
    opened.received_at as opened_at,
    last_failing.submission_id as last_failing_submission_id

from unreadable as opened

inner join unreadable as last_failing
    on
        opened.path = last_failing.path
        and last_failing.step = last_failing.steps

where opened.step = 1
