-- One row per later version: how many cells it changed, why, and what it did to the headline rates.
select
    revision.unit_key,
    revision.period_id,
    revision.scope,
    revision.origin,
    revision.vintage,
    revision.is_simulated,
    revision.report_id,
    revision.submission_id,
    revision.version,
    revision.previous_version,
    revision.received_at,
    revision.verdict,
    revision.previous_verdict,
    revision.reason,
    revision.signer,
    revision.cases_completion_rate_effect_points,
    revision.money_completion_rate_effect_points,
    count(revision.column_code) as cells_changed

from mart_revision as revision

group by all

order by revision.received_at desc, revision.report_id, revision.version desc
