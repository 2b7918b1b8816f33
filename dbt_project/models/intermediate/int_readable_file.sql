with

receipts as (

    select * from {{ ref('stg_receipts') }}
    where verdict in ('landed', 'duplicate')

),

submissions as (

    select * from {{ ref('int_submission') }}

)

select
    receipts.receipt_id,
    receipts.path,
    receipts.batch,
    receipts.received_at,
    coalesce(min(submissions.submission_id), receipts.receipt_id) as submission_id,
    min(submissions.version) as version,
    count(submissions.report_id) = count(submissions.submission_id) as is_placed

from receipts

-- Bytes that came before are read where they came first.
left join submissions on coalesce(receipts.duplicate_of, receipts.receipt_id) = submissions.receipt_id

group by receipts.receipt_id, receipts.path, receipts.batch, receipts.received_at

having count(*) filter (where submissions.verdict = 'unreadable') = 0
