with

current_forms as (

    select * from {{ ref('int_current_form') }}
    where form = '11'

),

cells as (

    select * from {{ ref('stg_cells') }}
    where form = '11'

),

measured as (

    select
        submission_id,
        {{ measure_columns([
            'claims', 'claims_settled', 'claims_paid', 'claims_pending'
        ], 'bigint', '_cases', 'cases') }},
        {{ measure_columns([
            'claims', 'claims_settled', 'claims_paid', 'claims_pending'
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
