with

changes as (

    select * from {{ ref('int_incident_change') }}

),

steps as (

    select * from {{ ref('int_incident_step') }}

),

submissions as (

    select * from {{ ref('int_submission') }}

),

findings as (

    select * from {{ ref('int_cause_finding') }}

),

causes as (

    select * from {{ ref('int_incident_cause') }}

),

hypotheses as (

    select * from {{ ref('stg_causes') }}
    where
        hypothesis_rank = 1
        and kind <> 'unknown'

),

opened as (

    select * from changes
    where event = 'opened'

),

last_failing as (

    select
        alert_id,
        max(step) as step,
        max_by(submission_id, step) as submission_id
    from steps
    where is_failing
    group by alert_id

),

-- The finding that speaks for the incident: the one that is worst, then the one that is furthest off.
ranked as (

    select
        causes.alert_id,
        findings.*,
        row_number() over (
            partition by causes.alert_id, findings.step
            order by
                findings.on_fail = 'return' desc,
                findings.severity = 'error' desc,
                abs(findings.difference) desc nulls last,
                findings.finding_id
        ) as speaks
    from findings
    inner join causes
        on
            findings.chain = causes.chain
            and findings.cause_id = causes.cause_id

),

counted as (

    select
        alert_id,
        step,
        count(*) as findings,
        list_sort(list_distinct(list(rule_id))) as rules,
        list_sort(list(finding_id)) as finding_ids
    from ranked
    group by alert_id, step

),

told as (

    select
        ranked.*,
        counted.findings,
        counted.rules,
        counted.finding_ids
    from ranked
    inner join counted
        on
            ranked.alert_id = counted.alert_id
            and ranked.step = counted.step
    where ranked.speaks = 1

),

unreadable as (

    select
        opened.alert_id,
        max_by(submissions.submission_id, (submissions.batch, submissions.submission_id)) as submission_id
    from opened
    inner join submissions as first_file on opened.submission_id = first_file.submission_id
    inner join submissions on first_file.path = submissions.path
    where
        first_file.verdict = 'unreadable'
        and submissions.verdict = 'unreadable'
    group by opened.alert_id

)

select
    opened.alert_id,
    opened.chain,
    submissions.period_id,
    opened.submission_id as opened_by,
    opened.version as opened_version,
    opened.received_at as opened_at,
    coalesce(last_failing.submission_id, unreadable.submission_id) as last_failing_submission_id,
    coalesce(last_failing.step, 1) as last_failing_step,
    told.cause_id,
    case when unreadable.alert_id is null then told.pack end as pack,
    case when unreadable.alert_id is not null then 'unreadable' else told.rule_id end as rule_id,
    case when unreadable.alert_id is not null then ['unreadable'] else told.rules end as rules,
    told.form,
    coalesce(told.severity, 'error') as severity,
    coalesce(told.on_fail, 'return') as on_fail,
    coalesce(told.findings, 1) as findings,
    told.finding_ids,
    coalesce(told.sentence_vi, submissions.problem_vi) as sentence_vi,
    coalesce(told.sentence_en, submissions.problem_en) as sentence_en,
    hypotheses.kind as cause_kind,
    coalesce(told.story_vi, rtrim(hypotheses.sentence_vi, '.')) as story_vi,
    coalesce(told.story_en, rtrim(hypotheses.sentence_en, '.')) as story_en,
    told.cells

from opened

left join last_failing on opened.alert_id = last_failing.alert_id

left join told
    on
        last_failing.alert_id = told.alert_id
        and last_failing.step = told.step

left join hypotheses
    on
        told.submission_id = hypotheses.submission_id
        and told.cause_id = hypotheses.cause_id

left join unreadable on opened.alert_id = unreadable.alert_id

inner join submissions on coalesce(last_failing.submission_id, unreadable.submission_id) = submissions.submission_id
