with

source as (

    select * from {{ source('declared', 'forms') }}

)

select
    form,
    regime,
    number as form_number,
    title_vi,
    title_en,
    unit,
    fact as fact_table,
    valid_from,
    valid_to,
    form_version

from source
