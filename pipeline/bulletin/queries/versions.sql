-- The version behind each form of a report: the file, what became of it, and how the rules came out.
with

outcomes as (

    select
        submission_id,
        form,
        count(*) filter (where status = 'pass') as passed,
        count(*) filter (where status = 'fail') as failed,
        count(*) filter (where status in ('known', 'explained')) as excused,
        count(*) filter (where status = 'not_applicable') as not_applicable,
        list(distinct rule_id order by rule_id) filter (where status = 'fail') as failing_rules
    from fct_outcome
    where form in ('01', '02', '08', '09', 'discipline')
    group by submission_id, form

)

select
    version.report_id,
    version.form,
    version.submission_id,
    version.version,
    submission.verdict,
    submission.received_at,
    submission.file_name,
    submission.source_ref,
    submission.sha256,
    submission.signer,
    submission.reason,
    submission.regime,
    outcomes.passed,
    outcomes.failed,
    outcomes.excused,
    outcomes.not_applicable,
    outcomes.failing_rules

from fct_form_version as version

inner join fct_submission as submission on version.submission_id = submission.submission_id

left join outcomes
    on
        version.submission_id = outcomes.submission_id
        and version.form = outcomes.form

where
    version.superseded_at is null
    and version.form in ('01', '02', '08', '09', 'discipline')

order by version.report_id, version.form, version.submission_id
