select
    submission_id,
    unit_key,
    period_id,
    scope,
    origin,
    vintage,
    is_simulated,
    version,
    verdict,
    received_at,
    source_ref

from fct_submission

order by received_at desc, source_ref, submission_id
