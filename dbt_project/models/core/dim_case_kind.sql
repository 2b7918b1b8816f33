with

lines as (

    select * from {{ ref('stg_lines') }}
    where
        case_kind is not null
        and initiative = 'total'

),

numbered as (

    select
        *,
        row_number() over (partition by case_kind order by form) as occurrence
    from lines

)

select
    case_kind,
    label_vi,
    label_en,
    cast(row_number() over (order by position, case_kind) as integer) as position,
    case_kind = 'total' as is_total

from numbered

where occurrence = 1
