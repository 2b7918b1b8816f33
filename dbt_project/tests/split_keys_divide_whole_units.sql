with

neighbours as (

    select
        predecessor_key as unit_key,
        successor_key as territory_key,
        'later' as direction
    from {{ ref('bridge_unit_succession') }}

    union all

    select
        successor_key as unit_key,
        predecessor_key as territory_key,
        'earlier' as direction
    from {{ ref('bridge_unit_succession') }}

)

select
    split_keys.unit_key,
    neighbours.direction,
    sum(split_keys.share) as shares
from {{ ref('stg_split_keys') }} as split_keys
left join neighbours
    on
        split_keys.unit_key = neighbours.unit_key
        and split_keys.territory_key = neighbours.territory_key
group by split_keys.unit_key, neighbours.direction
having
    sum(split_keys.share) <> 1
    or min(split_keys.share) <= 0
    or neighbours.direction is null
