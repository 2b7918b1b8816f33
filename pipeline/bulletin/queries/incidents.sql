select
    alert.alert_id,
    alert.pack,
    alert.rule_id,
    alert.unit_key,
    unit.name as unit_name,
    unit.province_key,
    alert.form,
    alert.period_id,
    alert.scope,
    alert.origin,
    alert.vintage,
    alert.is_simulated,
    alert.source_ref,
    alert.severity,
    alert.on_fail,
    alert.state,
    alert.opened_at,
    alert.opened_version,
    alert.resolved_at,
    alert.resolved_version,
    alert.findings,
    alert.sentence_vi,
    alert.sentence_en,
    alert.story_vi,
    alert.story_en

from fct_alert as alert

left join dim_unit as unit on alert.unit_key = unit.unit_key

order by alert.state, alert.on_fail desc, alert.opened_at desc, alert.alert_id
