with

current_forms as (

    select * from {{ ref('int_current_form') }}
    where form = '06'

),

cells as (

    select * from {{ ref('stg_cells') }}
    where form = '06'

),

measured as (

    select
        submission_id,
        {{ measure_columns([
            'requested', 'granted', 'exempted', 'lowered', 'refused', 'undecided'
        ], 'bigint', '_cases', 'cases') }},
        {{ measure_columns([
            'requested', 'granted', 'exempted', 'lowered', 'refused', 'undecided'
        ], 'decimal(24, 0)', '_vnd', 'money') }}
    from cells
    group by submission_id

)

select
    {{ report_columns('current_forms') }},
    current_forms.is_queried,
    {{ all_but('measured', ['submission_id']) }}

from current_forms

inner join measured on current_forms.submission_id = measured.submission_id
