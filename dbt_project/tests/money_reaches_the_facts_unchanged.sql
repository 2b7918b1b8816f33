with

read_cells as (

    select
        current_forms.report_id,
        cells.row_code,
        max(cells.value) as value
    from {{ ref('int_current_form') }} as current_forms
    inner join {{ ref('stg_cells') }} as cells on current_forms.submission_id = cells.submission_id
    where
        current_forms.form = '02'
        and cells.form = '02'
        and cells.column_code = 'due'
    group by current_forms.report_id, cells.row_code

),

facts as (

    select
        report_id,
        case_kind || '.' || initiative as row_code,
        due_vnd
    from {{ tonight(ref('fct_money_results')) }}

)

select
    read_cells.report_id,
    read_cells.row_code,
    read_cells.value,
    facts.due_vnd
from read_cells
left join facts
    on
        read_cells.report_id = facts.report_id
        and read_cells.row_code = facts.row_code
where
    facts.report_id is null
    or abs(read_cells.value - facts.due_vnd) >= 1
    or (read_cells.value is null) <> (facts.due_vnd is null)
