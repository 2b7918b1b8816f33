{{ config(severity='warn') }}

select
    current_forms.report_id,
    cells.form,
    cells.row_code,
    cells.column_code,
    cells.value
from {{ ref('int_current_form') }} as current_forms
inner join {{ ref('stg_cells') }} as cells
    on
        current_forms.submission_id = cells.submission_id
        and current_forms.form = cells.form
where
    cells.value <> trunc(cells.value)
    and cells.unit not in ('percent', 'point')
