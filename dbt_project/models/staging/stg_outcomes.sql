with

source as (

    select * from {{ source('judged', 'outcomes') }}

)

select
    submission_id,
    rule_id,
    form,
    pack,
    pack_version,
    form_version,
    unit_version,
    status,
    checked,
    failed

from source
