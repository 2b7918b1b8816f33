-- Who owed a report, and what came: one row per unit, period and vintage.
select
    record.unit_key,
    record.period_id,
    record.scope,
    record.vintage,
    record.is_simulated,
    record.report_id,
    record.is_silent,
    record.versions_received,
    record.first_received_at,
    record.due_on,
    record.is_late,
    record.days_late,
    record.verdict,
    record.accepted_version,
    record.open_alerts,
    unit.name,
    unit.province_key

from mart_reporting_record as record

inner join dim_unit as unit on record.unit_key = unit.unit_key

order by record.period_id, record.unit_key, record.scope, record.vintage, record.is_simulated
