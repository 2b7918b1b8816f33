with

receipts as (

    select * from {{ ref('stg_receipts') }}
    where verdict = 'duplicate'

),

submissions as (

    select * from {{ ref('stg_submissions') }}
    where
        report_id is not null
        and origin = 'submitted'

),

verdicts as (

    select * from {{ ref('stg_verdicts') }}

),

versions as (

    select
        submissions.receipt_id,
        submissions.report_id,
        submissions.batch,
        submissions.received_at,
        verdicts.version,
        verdicts.verdict in ('accepted', 'accepted_with_query') and verdicts.is_out_of_order is not true as is_standing
    from submissions
    inner join verdicts on submissions.submission_id = verdicts.submission_id

),

-- What stood on the day on which the bytes came again: versions that came since change nothing of the answer.
standing as (

    select
        receipts.receipt_id,
        sent.report_id,
        sent.version,
        sent.received_at,
        max(versions.version) as standing_version,
        max_by(versions.received_at, versions.version) as standing_since
    from receipts
    inner join versions as sent on receipts.duplicate_of = sent.receipt_id
    inner join versions
        on
            sent.report_id = versions.report_id
            and (versions.batch, versions.received_at) <= (receipts.batch, receipts.received_at)
    where versions.is_standing
    group by receipts.receipt_id, sent.report_id, sent.version, sent.received_at

)

select
    receipt_id,
    'sent_again' as problem,
    format(
        'Tệp giống hệt bản thứ {} đã nhận ngày {}; bản thứ {} (nhận ngày {}) đang được dùng và được giữ nguyên. '
        || 'Nếu số liệu của tệp này mới đúng, hãy ghi lần báo cáo cao hơn rồi gửi lại.',
        version,
        strftime(received_at, '%d/%m/%Y'),
        standing_version,
        strftime(standing_since, '%d/%m/%Y')
    ) as problem_vi,
    format(
        'The file is the same as version {}, received on {}; version {} (received on {}) stands and is kept. '
        || 'If the figures of this file are the right ones, write a higher report number and send it again.',
        version,
        strftime(received_at, '%d/%m/%Y'),
        standing_version,
        strftime(standing_since, '%d/%m/%Y')
    ) as problem_en

from standing

where standing_version <> version

qualify row_number() over (partition by receipt_id order by report_id) = 1
