with

transfers as (

    select * from {{ ref('fct_transfers') }}
    where
        line <> 'total'
        and scope in ('own', 'office')

),

annexes as (

    select distinct
        unit_key,
        period_id,
        vintage,
        is_simulated
    from {{ ref('fct_form_version') }}
    where
        form = 'transfers'
        and superseded_by is null
        and scope in ('own', 'office')

),

sent as (

    select
        unit_key as sender_key,
        counterpart_key as receiver_key,
        case when counterpart_key is null then counterpart_text end as unknown_text,
        period_id,
        origin,
        vintage,
        is_simulated,
        sum(delegated) as sent,
        sum(delegated_money_vnd) as sent_vnd
    from transfers
    group by all
    having sum(delegated) > 0 or sum(delegated_money_vnd) > 0

),

received as (

    select
        counterpart_key as sender_key,
        unit_key as receiver_key,
        case when counterpart_key is null then counterpart_text end as unknown_text,
        period_id,
        origin,
        vintage,
        is_simulated,
        sum(received_cases) as received,
        sum(received_money_vnd) as received_vnd
    from transfers
    group by all
    having sum(received_cases) > 0 or sum(received_money_vnd) > 0

),

paired as (

    select
        coalesce(sent.sender_key, received.sender_key) as sender_key,
        coalesce(sent.receiver_key, received.receiver_key) as receiver_key,
        coalesce(sent.unknown_text, received.unknown_text) as unknown_text,
        coalesce(sent.period_id, received.period_id) as period_id,
        coalesce(sent.origin, received.origin) as origin,
        coalesce(sent.vintage, received.vintage) as vintage,
        coalesce(sent.is_simulated, received.is_simulated) as is_simulated,
        sent.sent,
        sent.sent_vnd,
        received.received,
        received.received_vnd,
        sent.period_id is not null as is_sent,
        received.period_id is not null as is_received
    from sent
    full outer join received
        on
            sent.sender_key = received.sender_key
            and sent.receiver_key = received.receiver_key
            and sent.period_id = received.period_id
            and sent.origin = received.origin
            and sent.vintage = received.vintage
            and sent.is_simulated = received.is_simulated

),

heard as (

    select
        paired.*,
        annexes.unit_key is not null as is_other_heard
    from paired
    left join annexes
        on
            case when paired.is_sent then paired.receiver_key else paired.sender_key end = annexes.unit_key
            and paired.period_id = annexes.period_id
            and paired.vintage = annexes.vintage
            and paired.is_simulated = annexes.is_simulated

)

select
    {{ surrogate_key([
        'sender_key', 'receiver_key', 'unknown_text', 'period_id', 'vintage', 'is_simulated'
    ]) }} as pair_id,
    sender_key,
    receiver_key,
    unknown_text,
    period_id,
    origin,
    vintage,
    is_simulated,
    case
        when unknown_text is not null or sender_key is null or receiver_key is null then 'unknown_unit'
        when not is_other_heard then 'one_side'
        when not is_received then 'not_received'
        when not is_sent then 'not_sent'
        when (sent is distinct from received) or (sent_vnd is distinct from received_vnd) then 'differs'
        else 'matched'
    end as status,
    try_cast(sent as bigint) as sent,
    try_cast(received as bigint) as received,
    try_cast(coalesce(sent, 0) - coalesce(received, 0) as bigint) as unmatched,
    try_cast(sent_vnd as decimal(24, 0)) as sent_vnd,
    try_cast(received_vnd as decimal(24, 0)) as received_vnd,
    try_cast(coalesce(sent_vnd, 0) - coalesce(received_vnd, 0) as decimal(24, 0)) as unmatched_vnd

from heard
