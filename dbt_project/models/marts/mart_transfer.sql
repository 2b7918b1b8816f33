with

cases as (

    select * from {{ ref('fct_case_results') }}
    where
        case_kind = 'total'
        and initiative = 'total'

),

money as (

    select * from {{ ref('fct_money_results') }}
    where
        case_kind = 'total'
        and initiative = 'total'

),

units as (

    select * from {{ ref('dim_unit') }}

),

pairs as (

    select
        pairs.*,
        senders.province_key as sender_province,
        receivers.province_key as receiver_province,
        provinces.parent_key as nation_key
    from {{ ref('mart_transfer_pair') }} as pairs
    inner join units as senders on pairs.sender_key = senders.unit_key
    inner join units as receivers on pairs.receiver_key = receivers.unit_key
    inner join units as provinces on senders.province_key = provinces.unit_key

),

-- What both sides name stands twice for certain: inside the province, and wherever it is inside the nation.
named as (

    select
        sender_province as whole_key,
        'province' as whole_scope,
        period_id,
        origin,
        vintage,
        is_simulated,
        sum(least(sent, received)) as counted_twice,
        sum(least(sent_vnd, received_vnd)) as counted_twice_vnd
    from pairs
    where sender_province = receiver_province
    group by all

    union all

    select
        nation_key as whole_key,
        'nation' as whole_scope,
        period_id,
        origin,
        vintage,
        is_simulated,
        sum(least(sent, received)) as counted_twice,
        sum(least(sent_vnd, received_vnd)) as counted_twice_vnd
    from pairs
    group by all

),

-- A province sums its own caseload and its offices; the nation sums its provinces.
summed as (

    select
        cases.*,
        case when cases.scope = 'province' then units.parent_key else units.province_key end as whole_key,
        case when cases.scope = 'province' then 'nation' else 'province' end as whole_scope
    from cases
    inner join units on cases.unit_key = units.unit_key
    where cases.scope in ('own', 'office', 'province')

)

select
    {{ surrogate_key([
        'summed.whole_key', 'summed.period_id', 'summed.whole_scope', 'summed.origin', 'summed.vintage',
        'summed.is_simulated'
    ]) }} as transfer_id,
    summed.whole_key as unit_key,
    summed.period_id,
    summed.whole_scope as scope,
    summed.origin,
    summed.vintage,
    summed.is_simulated,
    count(*) as reports,
    count(summed.delegated) as reports_with_delegated,
    try_cast(max(named.counted_twice) as bigint) as counted_twice_at_least,
    try_cast(max(named.counted_twice_vnd) as decimal(24, 0)) as counted_twice_at_least_vnd,
    try_cast(sum(summed.newly_accepted) as bigint) as newly_accepted,
    try_cast(sum(summed.delegated) as bigint) as delegated,
    case
        when count(summed.newly_accepted) = count(*) and count(summed.delegated) = count(*)
            then try_cast(least(sum(summed.newly_accepted), sum(summed.delegated)) as bigint)
    end as counted_twice_at_most,
    case
        when count(summed.newly_accepted) = count(*) and count(summed.delegated) = count(*)
            then try_cast(greatest(sum(summed.newly_accepted) - sum(summed.delegated), 0) as bigint)
    end as newly_accepted_at_least,
    try_cast(sum(money.newly_accepted_vnd) as decimal(24, 0)) as newly_accepted_vnd,
    try_cast(sum(money.delegated_vnd) as decimal(24, 0)) as delegated_vnd,
    case
        when count(money.newly_accepted_vnd) = count(*) and count(money.delegated_vnd) = count(*)
            then try_cast(least(sum(money.newly_accepted_vnd), sum(money.delegated_vnd)) as decimal(24, 0))
    end as counted_twice_at_most_vnd,
    case
        when count(money.newly_accepted_vnd) = count(*) and count(money.delegated_vnd) = count(*)
            then try_cast(greatest(sum(money.newly_accepted_vnd) - sum(money.delegated_vnd), 0) as decimal(24, 0))
    end as newly_accepted_at_least_vnd

from summed

left join money on summed.report_id = money.report_id

left join named
    on
        summed.whole_key = named.whole_key
        and summed.whole_scope = named.whole_scope
        and summed.period_id = named.period_id
        and summed.origin = named.origin
        and summed.vintage = named.vintage
        and summed.is_simulated = named.is_simulated

where summed.whole_key is not null

group by
    summed.whole_key, summed.period_id, summed.whole_scope, summed.origin, summed.vintage, summed.is_simulated
