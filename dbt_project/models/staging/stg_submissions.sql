with

source as (

    select * from {{ source('cells', 'submissions') }}

),

numbered as (

    select
        *,
        row_number() over (partition by submission_id order by batch, received_at) as occurrence
    from source

)

select
    submission_id,
    receipt_id,
    batch,
    source_ref,
    file_name,
    sha256,
    received_at,
    origin,
    is_simulated,
    vintage,
    report_id,
    unit_key,
    unit_text,
    scope,
    period_id,
    period_start,
    period_end,
    regime,
    revision,
    reason,
    signer,
    in_answer_to,
    is_readable,
    problem,
    problem_vi,
    problem_en

from numbered

where occurrence = 1
