with

submissions as (

    select * from {{ ref('int_submission') }}
    where
        report_id is not null
        and verdict not in ('duplicate', 'unreadable')

),

cells as (

    select * from {{ ref('stg_cells') }}
    where form is not null

),

-- "-" in at least one cell and no figure but nothing: the office says that there was nothing to report.
forms_sent as (

    select
        submission_id,
        form,
        bool_or(state = 'nil') and max(abs(coalesce(value, 0))) = 0 as is_nil
    from cells
    group by submission_id, form

)

select
    {{ report_columns('submissions') }},
    forms_sent.form,
    submissions.version,
    submissions.verdict,
    forms_sent.is_nil,
    submissions.received_at

from submissions

inner join forms_sent on submissions.submission_id = forms_sent.submission_id
