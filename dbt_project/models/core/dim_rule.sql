with

rules as (

    select * from {{ ref('stg_rules') }}

)

select
    pack,
    rule_id,
    pack_version,
    rule_kind,
    forms,
    severity,
    on_fail,
    sentence_vi,
    sentence_en,
    basis,
    valid_from,
    valid_to

from rules
