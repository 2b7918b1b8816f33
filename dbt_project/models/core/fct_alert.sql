with

submissions as (

    select * from {{ ref('int_submission') }}

),

events as (

    select * from {{ ref('fct_alert_event') }}

),

found as (

    select
        incidents.alert_id,
        incidents.cause_id,
        incidents.cause_kind,
        incidents.pack,
        incidents.rule_id,
        incidents.rules,
        submissions.report_id,
        submissions.unit_key,
        incidents.form,
        submissions.period_id,
        submissions.scope,
        submissions.origin,
        submissions.vintage,
        submissions.is_simulated,
        submissions.source_ref,
        incidents.severity,
        incidents.on_fail,
        incidents.opened_by,
        incidents.opened_version,
        incidents.opened_at,
        incidents.last_failing_submission_id,
        incidents.findings,
        incidents.finding_ids,
        incidents.sentence_vi,
        incidents.sentence_en,
        incidents.story_vi,
        incidents.story_en,
        incidents.cells
    from {{ ref('int_incident') }} as incidents
    inner join submissions on incidents.last_failing_submission_id = submissions.submission_id

),

-- What the rules find no longer is remembered as the person saw it who dealt with it.
kept as (

    select
        people.alert_id,
        max_by(people.incident, (people.occurred_at, people.event_id)) as incident
    from {{ ref('stg_alert_events') }} as people
    left join found on people.alert_id = found.alert_id
    where found.alert_id is null
    group by people.alert_id

),

incidents as (

    select * from found

    union all by name

    select
        kept.alert_id,
        unnest(kept.incident) -- noqa: AL03
    from kept
    where kept.incident is not null

),

last_events as (

    select
        alert_id,
        max_by(state_after, sequence) as state,
        max_by(standing_after, sequence) as standing,
        max(sequence) as sequence,
        max_by(assigned_to, sequence) filter (where event = 'assigned') as assigned_to,
        max(sequence) filter (where event = 'resolved') as resolved_sequence
    from events
    group by alert_id

),

resolutions as (

    select events.*
    from events
    inner join last_events
        on
            events.alert_id = last_events.alert_id
            and events.sequence = last_events.resolved_sequence
    where last_events.state = 'resolved'

)

select
    incidents.alert_id,
    incidents.cause_id,
    incidents.cause_kind,
    incidents.pack,
    incidents.rule_id,
    incidents.rules,
    incidents.report_id,
    incidents.unit_key,
    incidents.form,
    incidents.period_id,
    incidents.scope,
    incidents.origin,
    incidents.vintage,
    incidents.is_simulated,
    incidents.source_ref,
    incidents.severity,
    incidents.on_fail,
    last_events.state,
    last_events.standing,
    last_events.assigned_to,
    incidents.opened_by,
    incidents.opened_version,
    incidents.opened_at,
    incidents.last_failing_submission_id,
    case when resolutions.made_by = 'return' then resolutions.submission_id end as resolved_by,
    case when resolutions.made_by = 'return' then resolutions.version end as resolved_version,
    resolutions.occurred_at as resolved_at,
    incidents.findings,
    incidents.finding_ids,
    incidents.sentence_vi,
    incidents.sentence_en,
    incidents.story_vi,
    incidents.story_en,
    incidents.cells

from incidents

inner join last_events on incidents.alert_id = last_events.alert_id

left join resolutions on incidents.alert_id = resolutions.alert_id
