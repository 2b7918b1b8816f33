with

current_forms as (

    select * from {{ ref('int_current_form') }}
    where form = '07'

),

cells as (

    select * from {{ ref('stg_cells') }}
    where form = '07'

),

lines as (

    select * from {{ ref('stg_lines') }}
    where form = '07'

),

measured as (

    select
        submission_id,
        row_code,
        {{ measure_columns([
            'decisions', 'carried_out', 'with_force', 'without_force', 'not_carried_out'
        ]) }}
    from cells
    group by submission_id, row_code

)

select
    {{ report_columns('current_forms') }},
    current_forms.is_queried,
    lines.enforcement_measure,
    lines.is_total,
    {{ all_but('measured', ['submission_id', 'row_code']) }}

from current_forms

inner join measured on current_forms.submission_id = measured.submission_id

left join lines on measured.row_code = lines.row_code
