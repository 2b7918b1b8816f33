-- Reception, complaints and discipline of a report, from their total rows. One row per report that holds any of them.
with

complaints as (

    select * from fct_complaints
    where letter_kind = 'total'

),

discipline as (

    select
        unit_key,
        period_id,
        scope,
        origin,
        vintage,
        is_simulated,
        report_id,
        -- A report that prints only single sanctions has no total row.
        coalesce(
            max(people) filter (where sanction = 'total' and staff_group = 'total'),
            sum(people) filter (where sanction <> 'total' and staff_group = 'total')
        ) as people_disciplined,
        max(people) filter (where sanction = 'reprimand' and staff_group = 'total') as reprimands,
        max(people) filter (where sanction = 'warning' and staff_group = 'total') as warnings,
        max(people) filter (where sanction = 'salary_cut' and staff_group = 'total') as salary_cuts,
        max(people) filter (where sanction = 'demotion' and staff_group = 'total') as demotions,
        max(people) filter (where sanction = 'removal' and staff_group = 'total') as removals,
        max(people) filter (where sanction = 'dismissal' and staff_group = 'total') as dismissals
    from fct_discipline
    group by all

),

reports as (

    select unit_key, period_id, scope, origin, vintage, is_simulated, report_id from fct_reception
    union
    select unit_key, period_id, scope, origin, vintage, is_simulated, report_id from complaints
    union
    select unit_key, period_id, scope, origin, vintage, is_simulated, report_id from discipline

)

select
    reports.*,
    period.statistical_year,
    reception.visits,
    reception.people,
    reception.visits_by_leaders,
    reception.people_by_leaders,
    complaints.received,
    complaints.within_competence,
    complaints.matters,
    complaints.settled,
    complaints.pending,
    cast(discipline.people_disciplined as bigint) as people_disciplined,
    discipline.reprimands,
    discipline.warnings,
    discipline.salary_cuts,
    discipline.demotions,
    discipline.removals,
    discipline.dismissals

from reports

inner join dim_period as period on reports.period_id = period.period_id

left join fct_reception as reception on reports.report_id = reception.report_id

left join complaints on reports.report_id = complaints.report_id

left join discipline on reports.report_id = discipline.report_id

order by reports.period_id desc, reports.unit_key, reports.scope, reports.report_id
