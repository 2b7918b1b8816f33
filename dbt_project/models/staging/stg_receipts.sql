with

source as (

    select * from {{ source('landing', 'receipts') }}

),

numbered as (

    select
        *,
        row_number() over (partition by receipt_id order by batch, received_at) as occurrence
    from source

)

select
    receipt_id,
    batch,
    path,
    file_name,
    sha256,
    size_bytes,
    media,
    received_at,
    verdict,
    duplicate_of,
    problem,
    problem_vi,
    problem_en,
    copy_of

from numbered

where occurrence = 1
