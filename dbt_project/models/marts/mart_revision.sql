with

submissions as (

    select
        *,
        count(*) over (partition by report_id) as versions
    from {{ ref('int_submission') }}
    where
        report_id is not null
        and verdict not in ('duplicate', 'unreadable')

),

-- Versions of reports that came more than once; the others have nothing to compare.
revised as (

    select * from submissions
    where versions > 1

),

cells as (

    select
        revised.report_id,
        revised.submission_id,
        revised.version,
        coalesce(cells.form, '') as form,
        coalesce(cells.row_code, '') as row_code,
        cells.column_code,
        any_value(cells.unit) as unit,
        max(cells.value) as value,
        max(cells.state) as state,
        min(cells.sheet) as sheet,
        min(cells.address) as address
    from {{ ref('stg_cells') }} as cells
    inner join revised on cells.submission_id = revised.submission_id
    group by
        revised.report_id, revised.submission_id, revised.version, coalesce(cells.form, ''),
        coalesce(cells.row_code, ''), cells.column_code

),

forms_sent as (

    select distinct
        report_id,
        form,
        submission_id,
        version
    from cells

),

-- A supplementary report may bring one form only: each form is compared with its own version before.
form_steps as (

    select
        *,
        lag(submission_id) over (
            partition by report_id, form
            order by version, submission_id
        ) as previous_submission_id
    from forms_sent

),

cells_asked as (

    select distinct
        form_steps.submission_id,
        form_steps.previous_submission_id,
        cells.form,
        cells.row_code,
        cells.column_code
    from form_steps
    inner join cells
        on
            cells.submission_id in (form_steps.submission_id, form_steps.previous_submission_id)
            and form_steps.form = cells.form
    where form_steps.previous_submission_id is not null

),

changed as (

    select
        cells_asked.submission_id,
        cells_asked.previous_submission_id,
        nullif(cells_asked.form, '') as form,
        nullif(cells_asked.row_code, '') as row_code,
        cells_asked.column_code,
        coalesce(newer.unit, older.unit) as unit,
        older.value as old_value,
        newer.value as new_value,
        older.state as old_state,
        newer.state as new_state,
        coalesce(newer.sheet, older.sheet) as sheet,
        coalesce(newer.address, older.address) as address
    from cells_asked
    left join cells as older
        on
            cells_asked.previous_submission_id = older.submission_id
            and cells_asked.form = older.form
            and cells_asked.row_code = older.row_code
            and cells_asked.column_code = older.column_code
    left join cells as newer
        on
            cells_asked.submission_id = newer.submission_id
            and cells_asked.form = newer.form
            and cells_asked.row_code = newer.row_code
            and cells_asked.column_code = newer.column_code
    where
        older.value is distinct from newer.value
        or older.state is distinct from newer.state

),

headline_cells as (

    select
        submission_id,
        {%- for form, basis in [('01', 'cases'), ('02', 'money')] %}
            {{ percentage(
                "max(value) filter (where form = '" ~ form ~ "' and column_code = 'completed')",
                "max(value) filter (where form = '" ~ form ~ "' and column_code = 'eligible')"
            ) }} as {{ basis }}_rate
            {%- if not loop.last %},{% endif %}
        {%- endfor %}
    from cells
    where row_code = 'total.total'
    group by submission_id

),

-- What a version does not bring stays as the version before had it.
headline as (

    select
        revised.report_id,
        revised.submission_id,
        revised.version,
        {%- for basis in ['cases', 'money'] %}
            last_value(headline_cells.{{ basis }}_rate ignore nulls) over (
                partition by revised.report_id
                order by revised.version, revised.submission_id
            ) as {{ basis }}_rate
            {%- if not loop.last %},{% endif %}
        {%- endfor %}
    from revised
    left join headline_cells on revised.submission_id = headline_cells.submission_id

),

effects as (

    select
        submission_id,
        {%- for basis in ['cases', 'money'] %}
            lag({{ basis }}_rate) over (
                partition by report_id
                order by version, submission_id
            ) as {{ basis }}_rate_before,
            {{ basis }}_rate as {{ basis }}_rate_after
            {%- if not loop.last %},{% endif %}
        {%- endfor %}
    from headline

),

steps as (

    select
        *,
        lag(submission_id) over (versions_of_a_report) as previous_submission_id,
        lag(version) over (versions_of_a_report) as previous_version,
        lag(received_at) over (versions_of_a_report) as previous_received_at,
        lag(verdict) over (versions_of_a_report) as previous_verdict
    from revised
    window versions_of_a_report as (
        partition by report_id
        order by version, submission_id
    )

)

select
    {{ surrogate_key([
        'steps.submission_id', 'changed.form', 'changed.row_code', 'changed.column_code'
    ]) }} as revision_id,
    {{ report_columns('steps') }},
    steps.version,
    steps.previous_submission_id,
    steps.previous_version,
    steps.previous_received_at,
    steps.received_at,
    steps.previous_verdict,
    steps.verdict,
    steps.reason,
    steps.signer,
    {%- for basis in ['cases', 'money'] %}
        {{ two_decimals('effects.' ~ basis ~ '_rate_before') }} as {{ basis }}_completion_rate_before_pct,
        {{ two_decimals('effects.' ~ basis ~ '_rate_after') }} as {{ basis }}_completion_rate_after_pct,
        {{ two_decimals('effects.' ~ basis ~ '_rate_after - effects.' ~ basis ~ '_rate_before') }}
            as {{ basis }}_completion_rate_effect_points,
    {%- endfor %}
    changed.form,
    changed.row_code,
    changed.column_code,
    changed.unit,
    changed.old_value,
    changed.new_value,
    -- A figure that is withdrawn or comes for the first time differs from nothing by nothing that can be told.
    try_cast(changed.new_value - changed.old_value as decimal(30, 6)) as difference,
    changed.old_state,
    changed.new_state,
    changed.previous_submission_id as compared_with,
    changed.sheet,
    changed.address

from steps

inner join effects on steps.submission_id = effects.submission_id

left join changed on steps.submission_id = changed.submission_id

where steps.previous_submission_id is not null
