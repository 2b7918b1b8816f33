with

submissions as (

    select * from {{ ref('int_submission') }}

),

ratios as (

    select * from {{ ref('stg_ratios') }}

),

current_forms as (

    select * from {{ ref('int_current_form') }}

)

select
    {{ report_columns('submissions') }},
    current_forms.submission_id is not null as is_current,
    ratios.form,
    ratios.row_code,
    ratios.measure,
    ratios.unit,
    ratios.printed,
    ratios.rounding,
    ratios.computed,
    ratios.verdict,
    ratios.pack,
    ratios.rule_id,
    ratios.raw,
    ratios.sheet,
    ratios.address

from ratios

inner join submissions on ratios.submission_id = submissions.submission_id

left join current_forms
    on
        ratios.submission_id = current_forms.submission_id
        and coalesce(ratios.form, '') = coalesce(current_forms.form, '')
