with

steps as (

    select * from {{ ref('int_report_step') }}

),

causes as (

    select * from {{ ref('stg_cause_findings') }}

),

findings as (

    select * from {{ ref('stg_findings') }}
    where status = 'fail'

)

select
    steps.chain,
    steps.step,
    findings.*,
    -- Findings that nobody looked into share a cause with those of their rule: a report is judged by one pack.
    coalesce(causes.cause_id, findings.rule_id || '|' || coalesce(findings.form, '')) as cause_id,
    findings.on_fail in ('return', 'query') as is_alarming,
    {{ surrogate_key([
        'findings.pack', 'findings.rule_id', 'findings.form', 'findings.row_code', 'findings.column_code'
    ]) }} as place

from findings

inner join steps on findings.submission_id = steps.submission_id

left join causes
    on
        findings.submission_id = causes.submission_id
        and findings.finding_id = causes.finding_id
