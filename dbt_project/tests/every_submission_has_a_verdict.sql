select submissions.submission_id
from {{ ref('stg_submissions') }} as submissions
left join {{ ref('stg_verdicts') }} as verdicts on submissions.submission_id = verdicts.submission_id
where
    submissions.is_readable
    and verdicts.verdict is null
