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

-- A version replaces an older one from the day on which it came, even where the two came in the wrong order.
accepted as (

    select
        {{ report_columns('submissions') }},
        submissions.version,
        submissions.received_at,
        forms_sent.form,
        min(submissions.received_at) over (
            partition by submissions.report_id, forms_sent.form
            order by submissions.version, submissions.submission_id
            rows between 1 following and unbounded following
        ) as superseded_at,
        lead(submissions.submission_id) over (
            partition by submissions.report_id, forms_sent.form
            order by submissions.version, submissions.submission_id
        ) as superseded_by
    from submissions
    inner join forms_sent on submissions.submission_id = forms_sent.submission_id
    where
        submissions.verdict in ('accepted', 'accepted_with_query')
        -- A report number lower than the one that stands replaces nothing until somebody confirms it.
        and submissions.is_out_of_order is not true
        -- Only what is placed feeds a fact, whatever was judged of it.
        and submissions.report_id is not null
        and submissions.unit_key is not null
        and submissions.period_id is not null
        and submissions.scope is not null

),

-- A query without a form is about the whole submission.
queried as (

    select distinct
        accepted.submission_id,
        accepted.form
    from accepted
    inner join queries
        on
            accepted.submission_id = queries.submission_id
            and coalesce(queries.form, '*') in ('*', accepted.form)

)

select
    {{ report_columns('accepted') }},
    accepted.version,
    accepted.form,
    queried.submission_id is not null as is_queried,
    accepted.received_at,
    accepted.superseded_at,
    accepted.superseded_by

from accepted

left join queried
    on
        accepted.submission_id = queried.submission_id
        and coalesce(accepted.form, '') = coalesce(queried.form, '')
