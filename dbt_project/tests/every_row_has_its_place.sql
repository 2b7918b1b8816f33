select
    current_forms.report_id,
    cells.form,
    cells.row_code
from {{ ref('int_current_form') }} as current_forms
inner join {{ ref('stg_cells') }} as cells
    on
        current_forms.submission_id = cells.submission_id
        and current_forms.form = cells.form
left join {{ ref('stg_lines') }} as lines
    on
        cells.form = lines.form
        and cells.row_code = lines.row_code
where lines.row_code is null
