-- How often each rule looked and how often it fired, by year.
select
    outcome.rule_id,
    outcome.pack,
    cast(left(outcome.period_id, 4) as integer) as statistical_year,
    outcome.origin,
    outcome.vintage,
    outcome.is_simulated,
    count(*) filter (where outcome.status <> 'not_applicable') as looked_at,
    count(*) filter (where outcome.status = 'fail') as fired,
    count(*) filter (where outcome.status in ('known', 'explained')) as excused,
    cast(sum(outcome.checked) as bigint) as checked,
    cast(sum(outcome.failed) as bigint) as failed

from fct_outcome as outcome

where outcome.period_id is not null

group by all

having looked_at > 0

order by outcome.rule_id, outcome.pack, statistical_year desc, origin, vintage, is_simulated
