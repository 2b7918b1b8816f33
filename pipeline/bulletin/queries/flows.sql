select
    unit_key,
    period_id,
    scope,
    origin,
    vintage,
    is_simulated,
    report_id,
    statistical_year,
    months,
    months_covered,
    newly_accepted,
    completed,
    is_restated,
    months_covered_vnd,
    newly_accepted_vnd,
    completed_vnd,
    is_restated_vnd

from mart_monthly_flow

where
    case_kind = 'total'
    and initiative = 'total'

order by unit_key, period_id, report_id
