with

submissions as (

    select * from {{ ref('int_submission') }}

),

findings as (

    select * from {{ ref('stg_findings') }}

)

select
    {{ report_columns('submissions') }},
    findings.finding_id,
    findings.pack,
    findings.rule_id,
    findings.status,
    findings.severity,
    findings.on_fail,
    findings.form,
    findings.row_code,
    findings.column_code,
    findings.sheet,
    findings.cells,
    findings.expected,
    findings.found,
    findings.difference,
    findings.unit,
    findings.sentence_vi,
    findings.sentence_en,
    findings.story_vi,
    findings.story_en

from findings

inner join submissions on findings.submission_id = submissions.submission_id
