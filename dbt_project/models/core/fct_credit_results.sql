with

current_forms as (

    select * from {{ ref('int_current_form') }}
    where form = 'credit'

),

cells as (

    select * from {{ ref('stg_cells') }}
    where form = 'credit'

),

measured as (

    select
        submission_id,
        {{ measure_columns(['due', 'eligible', 'completed'], 'bigint', '_cases', 'cases') }},
        {{ measure_columns(['due', 'eligible', 'completed'], 'decimal(24, 0)', '_vnd', 'money') }},
        {{ measure_columns(['completion_rate', 'share_of_due'], 'decimal(24, 4)', '_cases_pct', 'cases', 'printed_') }},
        {{ measure_columns(['completion_rate', 'share_of_due'], 'decimal(24, 4)', '_money_pct', 'money', 'printed_') }}
    from cells
    group by submission_id

)

select
    {{ report_columns('current_forms') }},
    current_forms.is_queried,
    {{ all_but('measured', ['submission_id']) }}

from current_forms

inner join measured on current_forms.submission_id = measured.submission_id
