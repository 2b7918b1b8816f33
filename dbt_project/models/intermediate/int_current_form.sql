with

versions as (

    select * from {{ ref('int_form_version') }}

)

-- A correction may bring one form only; the others keep standing as they were last accepted.
select
    {{ report_columns('versions') }},
    versions.version,
    versions.form,
    versions.is_queried

from versions

where versions.superseded_by is null
