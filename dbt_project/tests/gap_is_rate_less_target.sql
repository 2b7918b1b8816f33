select report_id
from {{ tonight(ref('mart_scorecard')) }}
where
    abs(cases_completion_rate_pct - cases_target_pct - cases_gap_points) > 0.01
    or abs(money_completion_rate_pct - money_target_pct - money_gap_points) > 0.01
    or abs(cases_completion_rate_pct - cases_target_pro_rata_pct - cases_gap_pro_rata_points) > 0.01
    or abs(money_completion_rate_pct - money_target_pro_rata_pct - money_gap_pro_rata_points) > 0.01
