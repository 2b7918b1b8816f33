with

source as (

    select * from {{ source('alerts', 'events') }}

)

select
    event_id,
    alert_id,
    event,
    occurred_at,
    author,
    reason,
    assigned_to,
    answer_id,
    seen_submission_id,
    incident

from source

{{ only_tonight('incident.period_id') }}
