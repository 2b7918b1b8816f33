with

current_forms as (

    select * from {{ ref('int_current_form') }}
    where form = '09'

),

cells as (

    select * from {{ ref('stg_cells') }}
    where form = '09'

),

measured as (

    select
        submission_id,
        {{ measure_columns(['visits', 'people'], row_code='total') }},
        {{ measure_columns(['visits', 'people'], suffix='_by_leaders', row_code='leaders') }}
    from cells
    group by submission_id

)

select
    {{ report_columns('current_forms') }},
    current_forms.is_queried,
    {{ all_but('measured', ['submission_id']) }}

from current_forms

inner join measured on current_forms.submission_id = measured.submission_id
