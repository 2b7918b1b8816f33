with

targets as (

    select * from {{ ref('targets') }}

)

select
    unit_key,
    statistical_year,
    basis,
    target_pct,
    source

from targets
