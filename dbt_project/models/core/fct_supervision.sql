with

current_forms as (

    select * from {{ ref('int_current_form') }}
    where form = '10'

),

cells as (

    select * from {{ ref('stg_cells') }}
    where form = '10'

),

lines as (

    select * from {{ ref('stg_lines') }}
    where form = '10'

),

measured as (

    select
        submission_id,
        row_code,
        {{ measure_columns([
            'occasions', 'conclusions', 'recommendations', 'recommendations_carried_out', 'recommendations_open'
        ]) }}
    from cells
    group by submission_id, row_code

)

select
    {{ report_columns('current_forms') }},
    current_forms.is_queried,
    lines.oversight,
    {{ all_but('measured', ['submission_id', 'row_code']) }}

from current_forms

inner join measured on current_forms.submission_id = measured.submission_id

left join lines on measured.row_code = lines.row_code
