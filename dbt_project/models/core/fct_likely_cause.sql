with

submissions as (

    select * from {{ ref('int_submission') }}

),

causes as (

    select * from {{ ref('stg_causes') }}

)

select
    {{ report_columns('submissions') }},
    causes.cause_id,
    causes.hypothesis_rank,
    causes.kind,
    causes.form,
    causes.row_code,
    causes.column_code,
    causes.sheet,
    causes.address,
    causes.addresses,
    causes.changes,
    causes.found,
    causes.would_be,
    causes.unit,
    causes.findings_closed,
    causes.findings,
    causes.sentence_vi,
    causes.sentence_en

from causes

inner join submissions on causes.submission_id = submissions.submission_id
