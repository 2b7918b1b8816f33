with

lines as (

    select * from {{ ref('stg_lines') }}

)

select * from lines
