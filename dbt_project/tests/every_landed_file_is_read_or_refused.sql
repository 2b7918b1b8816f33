select receipts.receipt_id
from {{ ref('stg_receipts') }} as receipts
left join {{ ref('int_submission') }} as submissions on receipts.receipt_id = submissions.receipt_id
where
    receipts.verdict = 'landed'
    and receipts.media <> 'zip'
    and submissions.receipt_id is null
