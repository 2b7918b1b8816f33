{%- set never_printed = ['pulled_up', 'postponed_or_suspended'] -%}

with

current_forms as (

    select * from {{ ref('int_current_form') }}
    where form in ('04', '05')

),

cells as (

    select * from {{ ref('stg_cells') }}
    where form in ('04', '05')

),

lines as (

    select * from {{ ref('stg_lines') }}
    where form in ('04', '05')

),

-- A line that an office does not use is no officer.
measured as (

    select
        submission_id,
        form,
        row_code,
        {{ measure_columns(result_measures() | reject('in', never_printed) | list, form='04') }},
        {{ measure_columns(
            result_measures(by_money=true) | reject('in', never_printed) | list, 'decimal(24, 0)', '_vnd', form='05'
        ) }}
    from cells
    group by submission_id, form, row_code
    having count(value) > 0

)

select
    {{ report_columns('current_forms') }},
    current_forms.is_queried,
    case when measured.form = '04' then 'cases' else 'money' end as basis,
    lines.officer,
    {{ all_but('measured', ['submission_id', 'form', 'row_code']) }}

from current_forms

inner join measured
    on
        current_forms.submission_id = measured.submission_id
        and current_forms.form = measured.form

left join lines
    on
        measured.form = lines.form
        and measured.row_code = lines.row_code
