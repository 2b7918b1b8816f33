with

versions as (

    select * from {{ ref('int_form_version') }}

)

select
    {{ report_columns('versions') }},
    versions.version,
    versions.form,
    versions.is_queried,
    versions.received_at,
    versions.superseded_at,
    versions.superseded_by

from versions
