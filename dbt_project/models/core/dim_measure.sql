with

measures as (

    select * from {{ ref('stg_measures') }}

),

indicators as (

    select * from {{ ref('indicators') }}

)

select
    measure,
    label_vi,
    label_en,
    measure_kind,
    definition_en,
    null as definition_vi,
    source

from measures

union all

select
    measure,
    label_vi,
    label_en,
    'indicator' as measure_kind,
    definition_en,
    definition_vi,
    source

from indicators
