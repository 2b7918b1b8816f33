with

current_forms as (

    select * from {{ ref('int_current_form') }}
    where form = '08'

),

cells as (

    select * from {{ ref('stg_cells') }}
    where form = '08'

),

lines as (

    select * from {{ ref('stg_lines') }}
    where form = '08'

),

measured as (

    select
        submission_id,
        row_code,
        {{ measure_columns([
            'received', 'within_competence', 'outside_competence', 'matters', 'settled', 'pending'
        ]) }}
    from cells
    group by submission_id, row_code

)

select
    {{ report_columns('current_forms') }},
    current_forms.is_queried,
    lines.letter_kind,
    {{ all_but('measured', ['submission_id', 'row_code']) }}

from current_forms

inner join measured on current_forms.submission_id = measured.submission_id

left join lines on measured.row_code = lines.row_code
