with recursive

units as (

    select * from {{ ref('dim_unit') }}

),

successions as (

    select * from {{ ref('bridge_unit_succession') }}

),

split_keys as (

    select * from {{ ref('stg_split_keys') }}

),

neighbours as (

    select
        predecessor_key as unit_key,
        successor_key as territory_key,
        'later' as direction
    from successions

    union all

    select
        successor_key as unit_key,
        predecessor_key as territory_key,
        'earlier' as direction
    from successions

),

-- A unit with one neighbour in a direction goes there whole; with several, only a declared key can divide it.
keyed as (

    select
        neighbours.unit_key,
        neighbours.territory_key,
        neighbours.direction,
        count(*) over (partition by neighbours.unit_key, neighbours.direction) > 1 as is_divided,
        split_keys.share
    from neighbours
    left join split_keys
        on
            neighbours.unit_key = split_keys.unit_key
            and neighbours.territory_key = split_keys.territory_key

),

-- Shares as consecutive intervals of [0, 1]: rounded at both ends, the parts of a figure sum to the figure itself.
cumulated as (

    select
        *,
        case
            when is_divided
                then sum(share) over (
                    partition by unit_key, direction
                    order by territory_key
                )
            else 1
        end as share_to
    from keyed
    where
        not is_divided
        or share is not null

),

steps as (

    select
        unit_key,
        territory_key,
        direction,
        is_divided,
        cast(share_to - case when is_divided then share else 1 end as decimal(10, 9)) as share_from,
        cast(share_to as decimal(10, 9)) as share_to
    from cumulated

),

walks as (

    select
        unit_key,
        unit_key as territory_key,
        'here' as direction,
        false as is_estimated,
        cast(0 as decimal(10, 9)) as share_from,
        cast(1 as decimal(10, 9)) as share_to
    from units

    union all

    select
        walks.unit_key,
        steps.territory_key,
        steps.direction,
        walks.is_estimated or steps.is_divided as is_estimated,
        cast(walks.share_from + (walks.share_to - walks.share_from) * steps.share_from as decimal(10, 9)) as share_from,
        cast(walks.share_from + (walks.share_to - walks.share_from) * steps.share_to as decimal(10, 9)) as share_to
    from walks
    inner join steps
        on
            walks.territory_key = steps.unit_key
            and walks.direction in ('here', steps.direction)

)

select
    walks.unit_key,
    walks.territory_key,
    walks.share_from,
    walks.share_to,
    walks.is_estimated,
    territories.valid_from,
    territories.valid_to

from walks

inner join units as territories on walks.territory_key = territories.unit_key
