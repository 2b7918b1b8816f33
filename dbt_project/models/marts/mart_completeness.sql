with

records as (

    select distinct
        unit_key,
        period_id,
        scope,
        origin,
        vintage,
        is_simulated,
        due_on
    from {{ ref('mart_reporting_record') }}
    where scope in ('own', 'office', 'province')

),

received as (

    select * from {{ ref('fct_form_received') }}
    where origin = 'submitted'

),

forms as (

    select * from {{ ref('dim_form') }}
    where fact_table is not null

),

obligations as (

    select * from {{ ref('dim_obligation') }}

),

exemptions as (

    select * from {{ ref('dim_exemption') }}

),

hints as (

    select * from {{ ref('int_file_hint') }}

),

periods as (

    select * from {{ ref('dim_period') }}

),

latest as (

    select
        unit_key,
        period_id,
        scope,
        vintage,
        is_simulated,
        form,
        max_by(report_id, version) as report_id,
        max_by(submission_id, version) as submission_id,
        max_by(verdict, version) as verdict,
        max(version) as version,
        min(received_at) as first_received_at,
        max(version) filter (where verdict <> 'returned') as accepted_version,
        max_by(is_nil, version) filter (where verdict <> 'returned') as is_nil
    from received
    group by unit_key, period_id, scope, vintage, is_simulated, form

),

asked as (

    select
        records.*,
        forms.form,
        periods.period_end
    from records
    inner join periods on records.period_id = periods.period_id
    inner join forms
        on
            periods.period_end >= forms.valid_from
            and (forms.valid_to is null or periods.period_end < forms.valid_to)

    union

    select
        records.*,
        latest.form,
        periods.period_end
    from records
    inner join periods on records.period_id = periods.period_id
    inner join latest
        on
            records.unit_key = latest.unit_key
            and records.period_id = latest.period_id
            and records.scope = latest.scope
            and records.vintage = latest.vintage
            and records.is_simulated = latest.is_simulated

),

unreadable as (

    select
        unit_key,
        period_id,
        scope,
        is_simulated,
        max_by(source_ref, (received_at, submission_id)) as source_ref,
        min(received_at) as received_at
    from hints
    group by unit_key, period_id, scope, is_simulated

),

judged as (

    select
        asked.*,
        latest.report_id,
        latest.submission_id,
        latest.version,
        latest.verdict,
        latest.accepted_version,
        coalesce(latest.is_nil, false) as is_nil,
        latest.first_received_at,
        case when latest.version is null then unreadable.source_ref end as unreadable_file,
        exists(
            select 1
            from obligations
            where
                asked.form = obligations.form
                and asked.scope = obligations.scope
                and asked.period_end >= obligations.valid_from
                and (obligations.valid_to is null or asked.period_end < obligations.valid_to)
        ) as is_owed,
        exists(
            select 1
            from exemptions
            where
                asked.unit_key = exemptions.unit_key
                and asked.scope <> 'province'
                and coalesce(exemptions.form, asked.form) = asked.form
                and asked.period_end >= exemptions.valid_from
                and (exemptions.valid_to is null or asked.period_end < exemptions.valid_to)
        ) as is_exempt
    from asked
    left join latest
        on
            asked.unit_key = latest.unit_key
            and asked.period_id = latest.period_id
            and asked.scope = latest.scope
            and asked.vintage = latest.vintage
            and asked.is_simulated = latest.is_simulated
            and asked.form = latest.form
    left join unreadable
        on
            asked.unit_key = unreadable.unit_key
            and asked.period_id = unreadable.period_id
            and asked.scope = unreadable.scope
            and asked.is_simulated = unreadable.is_simulated

)

select
    {{ surrogate_key(['unit_key', 'period_id', 'scope', 'vintage', 'is_simulated', 'form']) }} as completeness_id,
    unit_key,
    period_id,
    scope,
    origin,
    vintage,
    is_simulated,
    form,
    case
        when verdict = 'returned' then 'returned'
        when verdict is not null and is_nil then 'nil'
        when verdict is not null then 'accepted'
        when is_owed and is_exempt then 'exempt'
        when is_owed and unreadable_file is not null then 'received'
        when is_owed then 'due'
        else 'not_owed'
    end as status,
    is_owed and (not is_exempt or version is not null) as is_owed,
    accepted_version is not null as is_covered,
    due_on,
    first_received_at,
    cast(first_received_at as date) > due_on as is_late,
    report_id,
    submission_id,
    version,
    accepted_version,
    case when is_owed then unreadable_file end as unreadable_file

from judged
