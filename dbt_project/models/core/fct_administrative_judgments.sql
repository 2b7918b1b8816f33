with

current_forms as (

    select * from {{ ref('int_current_form') }}
    where form = '12'

),

cells as (

    select * from {{ ref('stg_cells') }}
    where form = '12'

),

measured as (

    select
        submission_id,
        {{ measure_columns([
            'followed', 'brought_forward', 'newly_followed', 'court_orders', 'to_be_enforced', 'done',
            'annulled_or_postponed', 'under_way', 'still_followed'
        ]) }}
    from cells
    group by submission_id

)

select
    {{ report_columns('current_forms') }},
    current_forms.is_queried,
    {{ all_but('measured', ['submission_id']) }}

from current_forms

inner join measured on current_forms.submission_id = measured.submission_id
