-- One row per report that feeds the facts: the headline, what it is made of, and where it came from.
select
    card.unit_key,
    card.period_id,
    card.scope,
    card.origin,
    card.vintage,
    card.is_simulated,
    card.report_id,
    card.submission_id,
    cases.judgments_received,
    cases.accepted_total as cases_accepted_total,
    cases.opening as cases_opening,
    cases.newly_accepted as cases_newly_accepted,
    card.cases_due,
    card.cases_eligible,
    card.cases_completed,
    cases.carried_over as cases_carried_over,
    card.cases_eligible_share_pct,
    card.cases_completion_rate_pct,
    card.cases_completion_rank,
    card.cases_target_pct,
    card.cases_target_pro_rata_pct,
    card.cases_gap_points,
    card.cases_completed_change,
    card.cases_completed_growth_pct,
    card.cases_completion_rate_change_points,
    money.accepted_total_vnd as money_accepted_total_vnd,
    money.opening_vnd as money_opening_vnd,
    money.newly_accepted_vnd as money_newly_accepted_vnd,
    card.money_due_vnd,
    card.money_eligible_vnd,
    card.money_completed_vnd,
    money.carried_over_vnd as money_carried_over_vnd,
    card.money_eligible_share_pct,
    card.money_completion_rate_pct,
    card.money_completion_rank,
    card.money_target_pct,
    card.money_target_pro_rata_pct,
    card.money_gap_points,
    card.money_completed_change_vnd,
    card.money_completed_growth_pct,
    card.money_completion_rate_change_points,
    card.is_queried,
    card.has_open_alert,
    submission.version,
    submission.verdict,
    submission.received_at,
    submission.file_name,
    submission.source_ref,
    submission.sha256,
    period.statistical_year,
    period.months,
    period.is_standard

from mart_scorecard as card

inner join dim_period as period on card.period_id = period.period_id

left join fct_case_results as cases
    on
        card.report_id = cases.report_id
        and cases.case_kind = 'total'
        and cases.initiative = 'total'

left join fct_money_results as money
    on
        card.report_id = money.report_id
        and money.case_kind = 'total'
        and money.initiative = 'total'

left join fct_submission as submission on card.submission_id = submission.submission_id

order by card.period_id, card.report_id
