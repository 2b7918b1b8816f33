with

current_forms as (

    select * from {{ ref('int_current_form') }}
    where form = 'discipline'

),

cells as (

    select * from {{ ref('stg_cells') }}
    where form = 'discipline'

),

lines as (

    select * from {{ ref('stg_lines') }}
    where form = 'discipline'

),

measured as (

    select
        submission_id,
        row_code,
        case when column_code = 'all_staff' then 'total' else column_code end as staff_group,
        try_cast(max(value) as bigint) as people
    from cells
    group by submission_id, row_code, column_code

)

select
    {{ report_columns('current_forms') }},
    current_forms.is_queried,
    lines.sanction,
    measured.staff_group,
    measured.people

from current_forms

inner join measured on current_forms.submission_id = measured.submission_id

left join lines on measured.row_code = lines.row_code
