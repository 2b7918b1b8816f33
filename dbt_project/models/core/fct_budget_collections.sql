with

current_forms as (

    select * from {{ ref('int_current_form') }}
    where form = '03'

),

cells as (

    select * from {{ ref('stg_cells') }}
    where form = '03'

),

measured as (

    select
        submission_id,
        {{ measure_columns([
            'due', 'eligible', 'completed', 'not_eligible', 'postponed', 'suspended', 'carried_over'
        ], 'bigint', '_cases', 'cases') }},
        {{ measure_columns([
            'due', 'eligible', 'completed', 'not_eligible', 'postponed', 'suspended', 'carried_over'
        ], 'decimal(24, 0)', '_vnd', 'money') }},
        {{ measure_columns(['completion_rate'], 'decimal(24, 4)', '_cases_pct', 'cases', 'printed_') }},
        {{ measure_columns(['completion_rate'], 'decimal(24, 4)', '_money_pct', 'money', 'printed_') }}
    from cells
    group by submission_id

)

select
    {{ report_columns('current_forms') }},
    current_forms.is_queried,
    {{ all_but('measured', ['submission_id']) }}

from current_forms

inner join measured on current_forms.submission_id = measured.submission_id
