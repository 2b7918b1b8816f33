select
    submission_id,
    pack,
    rule_id,
    form
from {{ ref('int_failure') }}
where
    findings = 0
    or on_fail is null
