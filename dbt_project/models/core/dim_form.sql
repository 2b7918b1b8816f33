with

forms as (

    select * from {{ ref('stg_forms') }}

)

select
    form,
    regime,
    form_number,
    title_vi,
    title_en,
    unit,
    fact_table,
    valid_from,
    valid_to,
    form_version

from forms
