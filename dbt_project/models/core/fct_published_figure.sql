with

submissions as (

    select * from {{ ref('int_submission') }}
    where
        origin = 'published'
        and verdict not in ('duplicate', 'unreadable')

),

cells as (

    select * from {{ ref('stg_cells') }}

),

current_forms as (

    select * from {{ ref('int_current_form') }}

)

select distinct
    {{ report_columns('submissions') }},
    current_forms.submission_id is not null as is_current,
    {{ surrogate_key([
        'cells.submission_id', 'cells.form', 'cells.row_code', 'cells.column_code', 'cells.sheet', 'cells.address'
    ]) }} as figure_id,
    submissions.source_ref,
    cells.form,
    cells.row_code,
    cells.column_code,
    cells.unit,
    cells.value,
    cells.rounding,
    cells.state,
    cells.raw,
    cells.sheet,
    cells.address

from cells

inner join submissions on cells.submission_id = submissions.submission_id

left join current_forms
    on
        cells.submission_id = current_forms.submission_id
        and coalesce(cells.form, '') = coalesce(current_forms.form, '')
