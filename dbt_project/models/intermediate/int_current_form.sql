with

submissions as (

    select * from {{ ref('int_submission') }}

),

cells as (

    select * from {{ ref('stg_cells') }}

),

failures as (

    select * from {{ ref('int_failure') }}

),

forms_sent as (

    select distinct
        submission_id,
        form
    from cells

),

queries as (

    select distinct
        submission_id,
        form
    from failures
    where on_fail = 'query'

),

-- A correction may bring one form only; the others keep standing as they were last accepted.
accepted as (

    select
        {{ report_columns('submissions') }},
        submissions.version,
        forms_sent.form,
        row_number() over (
            partition by submissions.report_id, forms_sent.form
            order by submissions.version desc, submissions.submission_id desc
        ) as recency
    from submissions
    inner join forms_sent on submissions.submission_id = forms_sent.submission_id
    where
        submissions.verdict in ('accepted', 'accepted_with_query')
        and submissions.report_id is not null

)

select
    {{ report_columns('accepted') }},
    accepted.version,
    accepted.form,
    -- A query without a form is about the whole submission.
    exists (
        select 1
        from queries
        where
            queries.submission_id = accepted.submission_id
            and coalesce(queries.form, '*') in ('*', accepted.form)
    ) as is_queried

from accepted

where accepted.recency = 1
