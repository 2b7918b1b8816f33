-- The newest findings of each rule, of the versions that are the latest of their reports.
with

latest as (

    select * from fct_submission
    where report_id is not null
    qualify row_number() over (partition by report_id order by version desc nulls last, submission_id) = 1

)

select
    finding.pack,
    finding.rule_id,
    finding.unit_key,
    unit.name as unit_name,
    finding.period_id,
    finding.scope,
    finding.origin,
    finding.vintage,
    finding.is_simulated,
    finding.form,
    finding.on_fail,
    finding.status,
    finding.sentence_vi,
    finding.sentence_en,
    latest.received_at

from fct_finding as finding

inner join latest on finding.submission_id = latest.submission_id

left join dim_unit as unit on finding.unit_key = unit.unit_key

qualify
    row_number() over (
        partition by finding.rule_id order by latest.received_at desc, finding.finding_id
    ) <= 20

order by finding.rule_id, latest.received_at desc, finding.finding_id
