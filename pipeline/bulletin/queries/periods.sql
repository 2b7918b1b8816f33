select
    period_id,
    statistical_year,
    months,
    period_end,
    is_standard,
    label_vi,
    label_en

from dim_period

order by period_id
