with

silent as (

    select
        records.*,
        units.province_key,
        periods.period_end
    from {{ ref('mart_reporting_record') }} as records
    inner join {{ ref('dim_unit') }} as units on records.unit_key = units.unit_key
    inner join {{ ref('dim_period') }} as periods on records.period_id = periods.period_id
    where records.is_silent

)

select
    silent.unit_key,
    silent.period_id,
    silent.scope,
    obligations.form
from silent

inner join {{ ref('dim_obligation') }} as obligations
    on
        silent.scope = obligations.scope
        and silent.period_end >= obligations.valid_from
        and (obligations.valid_to is null or silent.period_end < obligations.valid_to)

left join {{ ref('dim_exemption') }} as exemptions
    on
        silent.unit_key = exemptions.unit_key
        and coalesce(exemptions.form, obligations.form) = obligations.form
        and silent.period_end >= exemptions.valid_from
        and (exemptions.valid_to is null or silent.period_end < exemptions.valid_to)

left join {{ ref('mart_coverage') }} as coverage
    on
        silent.province_key = coverage.unit_key
        and silent.period_id = coverage.period_id
        and silent.vintage = coverage.vintage
        and silent.is_simulated = coverage.is_simulated
        and obligations.form = coverage.form

inner join {{ ref('dim_form') }} as forms
    on
        obligations.form = forms.form
        and silent.period_end >= forms.valid_from
        and (forms.valid_to is null or silent.period_end < forms.valid_to)
        and forms.fact_table is not null

where
    exemptions.unit_key is null
    and coalesce(coverage.is_complete, true)
