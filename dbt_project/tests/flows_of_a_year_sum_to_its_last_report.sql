with

flows as (

    select
        *,
        sum(completed) over (year_so_far) as summed,
        count(*) filter (where completed is null) over (year_so_far) as blanks
    from {{ tonight(ref('mart_monthly_flow'), 'read') }}
    where months_covered is not null
    window
        year_so_far as (
            partition by
                unit_key, scope, origin, vintage, is_simulated, statistical_year, case_kind, initiative
            order by months
        )

)

select
    flows.report_id,
    flows.case_kind,
    flows.initiative,
    flows.summed,
    results.completed
from flows
inner join {{ tonight(ref('fct_case_results'), 'read', 'year_so_far') }} as results
    on
        flows.report_id = results.report_id
        and flows.case_kind = results.case_kind
        and flows.initiative = results.initiative
where
    flows.blanks = 0
    and flows.summed <> results.completed
