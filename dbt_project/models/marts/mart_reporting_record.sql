with

submissions as (

    select * from {{ ref('int_submission') }}
    where
        origin = 'submitted'
        and report_id is not null

),

alerts as (

    select * from {{ ref('fct_alert') }}

),

units as (

    select * from {{ ref('dim_unit') }}

),

periods as (

    select * from {{ ref('dim_period') }}

),

successions as (

    select * from {{ ref('bridge_unit_succession') }}

),

numbered as (

    select
        *,
        row_number() over (partition by report_id order by version desc, batch desc, submission_id asc) as recency,
        count(*) over (partition by report_id) as versions_received,
        min(received_at) over (partition by report_id) as first_received_at,
        max(version) filter (where verdict in ('accepted', 'accepted_with_query'))
            over (partition by report_id) as accepted_version
    from submissions
    where verdict <> 'duplicate'

),

open_alerts as (

    select
        report_id,
        count(*) as open_alerts
    from alerts
    where state = 'open'
    group by report_id

),

reported as (

    select
        numbered.unit_key,
        numbered.period_id,
        numbered.scope,
        numbered.vintage,
        numbered.is_simulated,
        numbered.report_id,
        numbered.submission_id,
        false as is_silent,
        cast(numbered.versions_received as integer) as versions_received,
        numbered.first_received_at,
        numbered.due_on,
        cast(numbered.first_received_at as date) > numbered.due_on as is_late,
        greatest(cast(numbered.first_received_at as date) - numbered.due_on, 0) as days_late,
        numbered.verdict,
        numbered.accepted_version,
        cast(coalesce(open_alerts.open_alerts, 0) as integer) as open_alerts
    from numbered
    left join open_alerts on numbered.report_id = open_alerts.report_id
    where numbered.recency = 1

),

-- A province owes its own caseload besides those of its offices. Simulated figures come from simulated offices where
-- the province has any, else from the real ones.
reporting_units as (

    select
        unit_key,
        province_key,
        valid_from,
        valid_to,
        not is_simulated as owes_real_reports,
        is_simulated or level = 'province' or not bool_or(is_simulated) over (partition by province_key)
            as owes_simulated_reports,
        case when level = 'office' then 'office' else 'own' end as scope
    from units
    where level in ('office', 'province')

),

heard as (

    select distinct
        reporting_units.province_key,
        reported.period_id,
        reported.vintage,
        reported.is_simulated
    from reported
    inner join reporting_units
        on
            reported.unit_key = reporting_units.unit_key
            and reported.scope = reporting_units.scope

),

asked as (

    select
        reported.period_id,
        reported.vintage,
        reported.is_simulated,
        max(reported.due_on) as due_on
    from reported
    where reported.scope in ('own', 'office')
    group by reported.period_id, reported.vintage, reported.is_simulated

),

-- The provinces that one of their agencies reported for before, in that year or the one before; what merged goes on.
heard_before as (

    select
        heard.province_key,
        heard.vintage,
        heard.is_simulated,
        periods.statistical_year,
        periods.months
    from heard
    inner join periods on heard.period_id = periods.period_id

    union

    select
        successions.successor_key as province_key,
        heard.vintage,
        heard.is_simulated,
        periods.statistical_year,
        periods.months
    from heard
    inner join periods on heard.period_id = periods.period_id
    inner join successions on heard.province_key = successions.predecessor_key

),

-- A province that reports is silent where all its agencies are, too.
awaited as (

    select
        heard.province_key,
        asked.period_id,
        asked.vintage,
        asked.is_simulated,
        asked.due_on
    from asked
    inner join heard
        on
            asked.period_id = heard.period_id
            and asked.vintage = heard.vintage
            and asked.is_simulated = heard.is_simulated

    union

    select
        heard_before.province_key,
        asked.period_id,
        asked.vintage,
        asked.is_simulated,
        asked.due_on
    from asked
    inner join periods on asked.period_id = periods.period_id
    inner join heard_before
        on
            asked.vintage = heard_before.vintage
            and asked.is_simulated = heard_before.is_simulated
            and heard_before.statistical_year between periods.statistical_year - 1 and periods.statistical_year
            and (heard_before.statistical_year, heard_before.months) < (periods.statistical_year, periods.months)
    where periods.is_standard

),

silent as (

    select
        reporting_units.unit_key,
        awaited.period_id,
        reporting_units.scope,
        awaited.vintage,
        awaited.is_simulated,
        awaited.due_on
    from awaited
    inner join periods on awaited.period_id = periods.period_id
    inner join reporting_units
        on
            awaited.province_key = reporting_units.province_key
            and periods.period_end >= reporting_units.valid_from
            and periods.period_end < coalesce(reporting_units.valid_to, date '9999-12-31')
            and case
                when awaited.is_simulated then reporting_units.owes_simulated_reports
                else reporting_units.owes_real_reports
            end
    left join reported
        on
            reporting_units.unit_key = reported.unit_key
            and reporting_units.scope = reported.scope
            and awaited.period_id = reported.period_id
            and awaited.vintage = reported.vintage
            and awaited.is_simulated = reported.is_simulated
    where reported.report_id is null

),

combined as (

    select * from reported

    union all

    select
        unit_key,
        period_id,
        scope,
        vintage,
        is_simulated,
        null as report_id,
        null as submission_id,
        true as is_silent,
        0 as versions_received,
        null as first_received_at,
        due_on,
        null as is_late,
        null as days_late,
        null as verdict,
        null as accepted_version,
        0 as open_alerts
    from silent

)

select
    {{ surrogate_key(['unit_key', 'period_id', 'scope', 'vintage', 'is_simulated', 'report_id']) }} as record_id,
    unit_key,
    period_id,
    scope,
    'submitted' as origin,
    vintage,
    is_simulated,
    report_id,
    submission_id,
    is_silent,
    versions_received,
    first_received_at,
    due_on,
    is_late,
    cast(days_late as integer) as days_late,
    verdict,
    accepted_version,
    open_alerts

from combined
