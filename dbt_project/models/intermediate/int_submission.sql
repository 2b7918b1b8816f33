with

submissions as (

    select * from {{ ref('stg_submissions') }}

),

verdicts as (

    select * from {{ ref('stg_verdicts') }}

),

receipts as (

    select * from {{ ref('stg_receipts') }}

),

sent_again as (

    select * from {{ ref('int_sent_again') }}

),

deadlines as (

    select * from {{ ref('stg_deadlines') }}

),

judged as (

    select
        submissions.*,
        case when submissions.is_readable is false then 'unreadable' else verdicts.verdict end as verdict,
        verdicts.version,
        verdicts.supersedes,
        coalesce(verdicts.is_out_of_order, false) as is_out_of_order,
        coalesce(receipts.path, submissions.source_ref) as path
    from submissions
    left join verdicts on submissions.submission_id = verdicts.submission_id
    left join receipts on submissions.receipt_id = receipts.receipt_id

),

-- Files that landing refused or had already seen never became submissions; they have a verdict all the same.
only_receipts as (

    select
        receipts.receipt_id as submission_id,
        receipts.receipt_id,
        receipts.batch,
        receipts.path as source_ref,
        receipts.file_name,
        receipts.sha256,
        receipts.received_at,
        receipts.path,
        receipts.verdict,
        coalesce(receipts.problem, sent_again.problem) as problem,
        coalesce(receipts.problem_vi, sent_again.problem_vi) as problem_vi,
        coalesce(receipts.problem_en, sent_again.problem_en) as problem_en
    from receipts
    left join submissions on receipts.receipt_id = submissions.receipt_id
    left join sent_again on receipts.receipt_id = sent_again.receipt_id
    where
        submissions.receipt_id is null
        and receipts.verdict in ('unreadable', 'duplicate')

),

combined as (

    select
        submission_id,
        receipt_id,
        batch,
        path,
        report_id,
        unit_key,
        unit_text,
        period_id,
        period_start,
        period_end,
        scope,
        origin,
        vintage,
        is_simulated,
        verdict,
        version,
        supersedes,
        is_out_of_order,
        received_at,
        file_name,
        source_ref,
        sha256,
        regime,
        revision,
        reason,
        signer,
        in_answer_to,
        problem,
        problem_vi,
        problem_en
    from judged

    union all

    select
        submission_id,
        receipt_id,
        batch,
        path,
        null as report_id,
        null as unit_key,
        null as unit_text,
        null as period_id,
        null as period_start,
        null as period_end,
        null as scope,
        null as origin,
        null as vintage,
        false as is_simulated,
        verdict,
        null as version,
        null as supersedes,
        false as is_out_of_order,
        received_at,
        file_name,
        source_ref,
        sha256,
        null as regime,
        null as revision,
        null as reason,
        null as signer,
        null as in_answer_to,
        problem,
        problem_vi,
        problem_en
    from only_receipts

)

select
    combined.*,
    case when combined.origin = 'submitted' then deadlines.due_on end as due_on,
    -- A report without a place is a chain of its own: the files that came under its path.
    coalesce(combined.report_id, combined.path) as chain

from combined

left join deadlines
    on
        combined.period_id = deadlines.period_id
        and case when combined.scope = 'own' then 'office' else combined.scope end = deadlines.level
