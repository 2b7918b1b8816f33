select findings.finding_id
from {{ tonight(ref('fct_finding')) }} as findings
left join {{ tonight(ref('fct_outcome')) }} as outcomes
    on
        findings.submission_id = outcomes.submission_id
        and findings.pack = outcomes.pack
        and findings.rule_id = outcomes.rule_id
        and coalesce(findings.form, '') = coalesce(outcomes.form, '')
        and outcomes.status not in ('pass', 'not_applicable')
where outcomes.submission_id is null
