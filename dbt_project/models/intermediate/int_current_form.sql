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

),

latest as (

    select * from accepted
    where recency = 1

),

-- A query without a form is about the whole submission.
queried as (

    select distinct
        latest.submission_id,
        latest.form
    from latest
    inner join queries
        on
            latest.submission_id = queries.submission_id
            and coalesce(queries.form, '*') in ('*', latest.form)

)

select
    {{ report_columns('latest') }},
    latest.version,
    latest.form,
    queried.submission_id is not null as is_queried

from latest

left join queried
    on
        latest.submission_id = queried.submission_id
        and coalesce(latest.form, '') = coalesce(queried.form, '')
