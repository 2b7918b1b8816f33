with

measures as (

    select * from {{ ref('stg_measures') }}

)

select
    measure,
    label_vi,
    label_en,
    measure_kind,
    definition_en,
    source

from measures
