{%- set printed_measures = [
    ('eligible_share', '_pct'), ('completion_rate', '_pct'), ('over_target', '_points'),
    ('completed_growth', '_pct'), ('completion_rate_change', '_points')
] -%}

with

headlines as (

    select * from {{ ref('int_headline') }}

),

alerts as (

    select * from {{ ref('fct_alert') }}

),

reports as (

    select
        *,
        row_number() over (partition by report_id order by version desc, basis asc) as recency,
        bool_or(is_queried) over (partition by report_id) as is_any_queried
    from headlines

),

cases as (

    select * from headlines
    where basis = 'cases'

),

money as (

    select * from headlines
    where basis = 'money'

),

open_alerts as (

    select distinct report_id
    from alerts
    where state = 'open'

)

select
    {{ report_columns('reports') }},
    {%- for basis, suffix, type in [('cases', '', 'bigint'), ('money', '_vnd', 'decimal(24, 0)')] %}
        cast({{ basis }}.due as {{ type }}) as {{ basis }}_due{{ suffix }},
        cast({{ basis }}.eligible as {{ type }}) as {{ basis }}_eligible{{ suffix }},
        cast({{ basis }}.completed as {{ type }}) as {{ basis }}_completed{{ suffix }},
        {{ two_decimals(basis ~ '.eligible_share') }} as {{ basis }}_eligible_share_pct,
        {{ two_decimals(basis ~ '.completion_rate') }} as {{ basis }}_completion_rate_pct,
        {{ basis }}.completion_rank as {{ basis }}_completion_rank,
        cast({{ basis }}.target_pct as decimal(9, 4)) as {{ basis }}_target_pct,
        cast(round({{ basis }}.target_pro_rata_pct, 4) as decimal(9, 4)) as {{ basis }}_target_pro_rata_pct,
        {{ two_decimals(basis ~ '.completion_rate - ' ~ basis ~ '.target_pct') }} as {{ basis }}_gap_points,
        {{ two_decimals(basis ~ '.completion_rate - ' ~ basis ~ '.target_pro_rata_pct') }}
            as {{ basis }}_gap_pro_rata_points,
        {{ basis }}.last_year_report_ids as {{ basis }}_last_year_report_ids,
        cast({{ basis }}.completed_change as {{ type }}) as {{ basis }}_completed_change{{ suffix }},
        {{ two_decimals(basis ~ '.completed_growth') }} as {{ basis }}_completed_growth_pct,
        {{ two_decimals(basis ~ '.completion_rate_change') }} as {{ basis }}_completion_rate_change_points,
        try_cast({{ basis }}.printed_completed_change as {{ type }})
            as printed_{{ basis }}_completed_change{{ suffix }},
        {{ basis }}.printed_completed_change_verdict as printed_{{ basis }}_completed_change_verdict,
        {%- for measure, unit in printed_measures %}
            try_cast({{ basis }}.printed_{{ measure }} as decimal(24, 4))
                as printed_{{ basis }}_{{ measure }}{{ unit }},
            {{ basis }}.printed_{{ measure }}_verdict as printed_{{ basis }}_{{ measure }}_verdict,
        {%- endfor %}
    {%- endfor %}
    reports.is_any_queried as is_queried,
    open_alerts.report_id is not null as has_open_alert

from reports

left join cases on reports.report_id = cases.report_id

left join money on reports.report_id = money.report_id

left join open_alerts on reports.report_id = open_alerts.report_id

where reports.recency = 1
