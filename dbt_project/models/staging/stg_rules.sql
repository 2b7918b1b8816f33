with

source as (

    select * from {{ source('declared', 'rules') }}

)

select
    pack,
    rule_id,
    pack_version,
    kind as rule_kind,
    forms,
    severity,
    on_fail,
    sentence_vi,
    sentence_en,
    basis,
    valid_from,
    valid_to

from source
