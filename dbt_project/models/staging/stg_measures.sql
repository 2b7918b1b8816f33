with

source as (

    select * from {{ source('declared', 'measures') }}

)

select
    measure,
    label_vi,
    label_en,
    kind as measure_kind,
    definition_en,
    source

from source
