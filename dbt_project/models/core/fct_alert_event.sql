with

changes as (

    select * from {{ ref('int_incident_change') }}

),

incidents as (

    select * from {{ ref('int_incident') }}

),

incident_steps as (

    select * from {{ ref('int_incident_step') }}

),

report_steps as (

    select * from {{ ref('int_report_step') }}

),

people as (

    select
        events.*,
        incidents.alert_id is not null as is_found,
        coalesce(report_steps.step, incidents.last_failing_step, 1) as step,
        report_steps.version
    from {{ ref('stg_alert_events') }} as events
    left join incidents on events.alert_id = incidents.alert_id
    left join report_steps on events.seen_submission_id = report_steps.submission_id

),

-- What a person closed or explained holds for the version they saw; the next one that fails opens it again.
failing_again as (

    select
        people.alert_id,
        people.step as closed_step,
        min(incident_steps.step) as step
    from people
    inner join incident_steps
        on
            people.alert_id = incident_steps.alert_id
            and people.step < incident_steps.step
    where
        people.event in ('resolved', 'explained')
        and incident_steps.is_failing
    group by people.alert_id, people.step

),

reopened as (

    select distinct
        incident_steps.alert_id,
        incident_steps.step,
        incident_steps.submission_id,
        incident_steps.version,
        incident_steps.received_at
    from failing_again
    inner join incident_steps
        on
            failing_again.alert_id = incident_steps.alert_id
            and failing_again.step = incident_steps.step
    left join changes
        on
            failing_again.alert_id = changes.alert_id
            and failing_again.closed_step < changes.step
            and failing_again.step >= changes.step
    where changes.alert_id is null

),

-- What people dealt with and the rules find no longer, because an answer holds or a rule changed, is kept and closed.
kept as (

    select
        alert_id,
        max_by(incident, (occurred_at, event_id)) as incident,
        max_by(event, (occurred_at, event_id)) as last_event,
        max(occurred_at) as closed_at
    from people
    where not is_found
    group by alert_id

),

combined as (

    select
        alert_id,
        event,
        received_at as occurred_at,
        'return' as made_by,
        null as author,
        null as reason,
        null as assigned_to,
        null as answer_id,
        submission_id,
        version,
        step,
        '' as person_event_id
    from changes

    union all

    select
        alert_id,
        'reopened' as event,
        received_at as occurred_at,
        'return' as made_by,
        null as author,
        null as reason,
        null as assigned_to,
        null as answer_id,
        submission_id,
        version,
        step,
        '' as person_event_id
    from reopened

    union all

    select
        alert_id,
        event,
        occurred_at,
        'person' as made_by,
        author,
        reason,
        assigned_to,
        answer_id,
        seen_submission_id as submission_id,
        version,
        step,
        event_id as person_event_id
    from people

    union all

    select
        alert_id,
        'opened' as event,
        incident.opened_at as occurred_at,
        'return' as made_by,
        null as author,
        null as reason,
        null as assigned_to,
        null as answer_id,
        incident.opened_by as submission_id,
        incident.opened_version as version,
        0 as step,
        '' as person_event_id
    from kept

    union all

    select
        alert_id,
        'resolved' as event,
        closed_at as occurred_at,
        'rules' as made_by,
        null as author,
        case last_event
            when 'explained' then 'the answer holds' else 'the rules in force find it no longer'
        end as reason,
        null as assigned_to,
        null as answer_id,
        incident.last_failing_submission_id as submission_id,
        null as version,
        1000000 as step,
        '' as person_event_id
    from kept
    where last_event <> 'resolved'

),

numbered as (

    select
        *,
        row_number() over (
            partition by alert_id order by step, person_event_id <> '', occurred_at, person_event_id
        ) as sequence
    from combined

),

-- An incident has one period: that of the version that failed last.
placed as (

    select
        alert_id,
        period_id
    from incidents

    union all

    select
        alert_id,
        incident.period_id
    from kept

),

followed as (

    select
        *,
        last_value(
            case event
                when 'resolved' then 'resolved'
                when 'opened' then 'open'
                when 'reopened' then 'open'
            end ignore nulls
        ) over (
            partition by alert_id order by sequence rows between unbounded preceding and current row
        ) as state_after
    from numbered

)

select
    case
        when followed.person_event_id <> '' then followed.person_event_id
        else {{ surrogate_key([
            'followed.alert_id', 'followed.event', 'followed.made_by', 'followed.submission_id'
        ]) }}
    end as event_id,
    followed.alert_id,
    placed.period_id,
    cast(followed.sequence as integer) as sequence,
    followed.event,
    followed.occurred_at,
    followed.made_by,
    followed.author,
    followed.reason,
    followed.assigned_to,
    followed.answer_id,
    followed.submission_id,
    cast(followed.version as integer) as version,
    followed.state_after,
    case when followed.state_after = 'resolved' then 'resolved' else followed.event end as standing_after

from followed

left join placed on followed.alert_id = placed.alert_id
