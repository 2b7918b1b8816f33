with

versions as (

    select * from {{ ref('int_form_version') }}
    where superseded_by is not null

),

cells as (

    select * from {{ ref('stg_cells') }}

)

select
    {{ report_columns('versions') }},
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

inner join versions
    on
        cells.submission_id = versions.submission_id
        and cells.form = versions.form
