with

submissions as (

    select * from {{ ref('int_submission') }}

)

select
    submission_id,
    receipt_id,
    report_id,
    unit_key,
    unit_text,
    period_id,
    scope,
    origin,
    vintage,
    is_simulated,
    verdict,
    version,
    supersedes,
    received_at,
    -- The last second of the day on which the report is due.
    cast(due_on as timestamp) + interval '1 day' - interval '1 second' as due_at,
    cast(received_at as date) > due_on as is_late,
    file_name,
    source_ref,
    sha256,
    regime,
    revision,
    reason,
    signer,
    -- What a file says of itself counts only where there is such a version.
    case
        when in_answer_to in (select answered.submission_id from submissions as answered) then in_answer_to
    end as in_answer_to,
    problem,
    problem_vi,
    problem_en

from submissions
