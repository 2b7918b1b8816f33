with

submissions as (

    select * from {{ ref('int_submission') }}

),

outcomes as (

    select * from {{ ref('stg_outcomes') }}

),

failures as (

    select * from {{ ref('int_failure') }}

),

-- Every answer that a rule gave about a report, in the order of its versions.
answers as (

    select
        submissions.chain,
        submissions.submission_id,
        submissions.version,
        submissions.received_at,
        outcomes.rule_id,
        outcomes.form,
        coalesce(outcomes.form, '') as form_key,
        outcomes.status,
        coalesce(failures.on_fail in ('return', 'query'), false) as is_alarming,
        row_number() over (
            partition by submissions.chain, outcomes.rule_id, coalesce(outcomes.form, '')
            order by submissions.version, submissions.batch, submissions.submission_id
        ) as step
    from outcomes
    inner join submissions on outcomes.submission_id = submissions.submission_id
    left join failures
        on
            outcomes.submission_id = failures.submission_id
            and outcomes.rule_id = failures.rule_id
            and coalesce(outcomes.form, '') = coalesce(failures.form, '')
    where submissions.verdict not in ('duplicate', 'unreadable')

),

incidents as (

    select
        chain,
        rule_id,
        form_key,
        min(step) filter (where is_alarming) as opened_step,
        max(step) filter (where status = 'fail') as last_failing_step
    from answers
    group by chain, rule_id, form_key
    having max(step) filter (where is_alarming) is not null

),

-- Silence proves nothing: only a version that was checked and held resolves.
passes as (

    select
        incidents.chain,
        incidents.rule_id,
        incidents.form_key,
        min(answers.step) as resolved_step
    from incidents
    inner join answers
        on
            incidents.chain = answers.chain
            and incidents.rule_id = answers.rule_id
            and incidents.form_key = answers.form_key
            and incidents.last_failing_step < answers.step
    where answers.status in ('pass', 'known', 'explained')
    group by incidents.chain, incidents.rule_id, incidents.form_key

)

select
    last_failing.chain,
    last_failing.rule_id,
    last_failing.form,
    opened.submission_id as opened_by,
    opened.version as opened_version,
    opened.received_at as opened_at,
    last_failing.submission_id as last_failing_submission_id,
    resolved.submission_id as resolved_by,
    resolved.version as resolved_version,
    resolved.received_at as resolved_at
from incidents
inner join answers as opened
    on
        incidents.chain = opened.chain
        and incidents.rule_id = opened.rule_id
        and incidents.form_key = opened.form_key
        and incidents.opened_step = opened.step
inner join answers as last_failing
    on
        incidents.chain = last_failing.chain
        and incidents.rule_id = last_failing.rule_id
        and incidents.form_key = last_failing.form_key
        and incidents.last_failing_step = last_failing.step
left join passes
    on
        incidents.chain = passes.chain
        and incidents.rule_id = passes.rule_id
        and incidents.form_key = passes.form_key
left join answers as resolved
    on
        passes.chain = resolved.chain
        and passes.rule_id = resolved.rule_id
        and passes.form_key = resolved.form_key
        and passes.resolved_step = resolved.step
