with

current_forms as (

    select * from {{ ref('int_current_form') }}
    where form = 'transfers'

),

cells as (

    select * from {{ ref('stg_cells') }}
    where form = 'transfers'

),

periods as (

    select * from {{ ref('dim_period') }}

),

units as (

    select * from {{ ref('dim_unit') }}

),

-- A line that an office does not use is no transfer.
measured as (

    select
        submission_id,
        row_code as line,
        max(raw) filter (where column_code = 'counterpart' and row_code <> 'total') as counterpart_text,
        {{ measure_columns(['delegated', 'received_cases']) }},
        {{ measure_columns(['delegated_money', 'received_money'], 'decimal(24, 0)', '_vnd') }}
    from cells
    group by submission_id, row_code
    having count(value) > 0

),

reported as (

    select
        {{ report_columns('current_forms') }},
        current_forms.is_queried,
        measured.line,
        measured.counterpart_text,
        nfc_normalize(lower(trim(measured.counterpart_text))) as counterpart_name,
        measured.delegated,
        measured.delegated_money_vnd,
        measured.received_cases,
        measured.received_money_vnd,
        units.province_key,
        periods.period_end
    from current_forms
    inner join measured on current_forms.submission_id = measured.submission_id
    inner join periods on current_forms.period_id = periods.period_id
    left join units on current_forms.unit_key = units.unit_key

),

spelt as (

    select
        unit_key,
        province_key,
        valid_from,
        valid_to,
        unnest(
            [unit_key, name, 'Cục THADS ' || name, 'Cục THADS tỉnh ' || name, 'THADS ' || name, 'THADS tỉnh ' || name]
            || coalesce(string_split(aliases, '|'), [])
        ) as name
    from units

),

-- An agency is looked for in the same province first; a name that two have is nobody's.
found as (

    select
        reported.report_id,
        reported.line,
        count(distinct spelt.unit_key) as found,
        count(distinct spelt.unit_key) filter (where spelt.province_key = reported.province_key) as found_near,
        min(spelt.unit_key) as unit_key,
        min(spelt.unit_key) filter (where spelt.province_key = reported.province_key) as near_key
    from reported
    inner join spelt
        on
            reported.counterpart_name = nfc_normalize(lower(spelt.name))
            and reported.period_end >= spelt.valid_from
            and (spelt.valid_to is null or reported.period_end < spelt.valid_to)
    group by reported.report_id, reported.line

)

select
    {{ report_columns('reported') }},
    reported.is_queried,
    reported.line,
    reported.counterpart_text,
    case
        when found.found_near = 1 then found.near_key
        when found.found = 1 then found.unit_key
    end as counterpart_key,
    reported.delegated,
    reported.delegated_money_vnd,
    reported.received_cases,
    reported.received_money_vnd

from reported

left join found
    on
        reported.report_id = found.report_id
        and reported.line = found.line
