with

steps as (

    select * from {{ ref('int_report_step') }}

),

outcomes as (

    select * from {{ ref('stg_outcomes') }}

),

findings as (

    select * from {{ ref('int_cause_finding') }}

),

causes as (

    select * from {{ ref('int_incident_cause') }}

),

failing as (

    select
        causes.alert_id,
        findings.chain,
        findings.step,
        findings.pack,
        findings.rule_id,
        coalesce(findings.form, '') as form_key,
        bool_or(findings.is_alarming) as is_alarming
    from findings
    inner join causes
        on
            findings.chain = causes.chain
            and findings.cause_id = causes.cause_id
    group by
        causes.alert_id,
        findings.chain,
        findings.step,
        findings.pack,
        findings.rule_id,
        coalesce(findings.form, '')

),

answers as (

    select
        steps.chain,
        steps.step,
        outcomes.pack,
        outcomes.rule_id,
        coalesce(outcomes.form, '') as form_key,
        outcomes.status,
        coalesce(outcomes.checked, 0) as checked
    from outcomes
    inner join steps on outcomes.submission_id = steps.submission_id
    where
        steps.chain in (select failing.chain from failing)
        -- What replaces nothing proves nothing of what stands.
        and steps.is_out_of_order is not true

),

-- The rules that an incident broke, with the comparisons that they made then.
broken as (

    select
        failing.alert_id,
        failing.chain,
        failing.pack,
        failing.rule_id,
        failing.form_key,
        min(failing.step) as first_step,
        max(answers.checked) as checked,
        count(*) over (partition by failing.alert_id) as rules
    from failing
    left join answers
        on
            failing.chain = answers.chain
            and failing.step = answers.step
            and failing.pack = answers.pack
            and failing.rule_id = answers.rule_id
            and failing.form_key = answers.form_key
    group by failing.alert_id, failing.chain, failing.pack, failing.rule_id, failing.form_key

),

-- Silence proves nothing: each of them must be asked again. One that fails elsewhere must compare as much as before.
proofs as (

    select
        broken.alert_id,
        answers.chain,
        answers.step
    from broken
    inner join answers
        on
            broken.chain = answers.chain
            and broken.pack = answers.pack
            and broken.rule_id = answers.rule_id
            and broken.form_key = answers.form_key
            and broken.first_step < answers.step
    where
        answers.status in ('pass', 'known', 'explained')
        or (answers.status = 'fail' and answers.checked >= broken.checked)
    group by broken.alert_id, answers.chain, answers.step, broken.rules
    having count(*) = broken.rules

),

states as (

    select
        alert_id,
        chain,
        step,
        bool_or(is_alarming) as is_failing
    from failing
    group by alert_id, chain, step
    having bool_or(is_alarming)

    union all

    select
        proofs.alert_id,
        proofs.chain,
        proofs.step,
        false as is_failing
    from proofs
    left join failing
        on
            proofs.alert_id = failing.alert_id
            and proofs.step = failing.step
    where failing.alert_id is null

)

select
    states.alert_id,
    states.is_failing,
    states.chain,
    states.step,
    steps.submission_id,
    steps.version,
    steps.received_at

from states

inner join steps
    on
        states.chain = steps.chain
        and states.step = steps.step
