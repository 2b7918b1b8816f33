with

submissions as (

    select * from {{ ref('int_submission') }}

),

outcomes as (

    select * from {{ ref('stg_outcomes') }}

)

select
    {{ report_columns('submissions') }},
    outcomes.rule_id,
    outcomes.form,
    outcomes.pack,
    outcomes.pack_version,
    outcomes.form_version,
    outcomes.unit_version,
    outcomes.status,
    outcomes.checked,
    outcomes.failed

from outcomes

inner join submissions on outcomes.submission_id = submissions.submission_id
