with

steps as (

    select * from {{ ref('int_report_step') }}

),

findings as (

    select * from {{ ref('stg_findings') }}
    where status = 'fail'

)

select
    steps.chain,
    steps.step,
    findings.*,
    -- A finding without a known cause is its rule's.
    findings.rule_id || '|' || coalesce(findings.form, '') as cause_id,
    findings.on_fail in ('return', 'query') as is_alarming,
    {{ surrogate_key(['findings.rule_id', 'findings.form', 'findings.row_code', 'findings.column_code']) }} as place

from findings

inner join steps on findings.submission_id = steps.submission_id
