select
    successions.predecessor_key,
    successions.successor_key
from {{ ref('bridge_unit_succession') }} as successions
inner join {{ ref('dim_unit') }} as predecessors on successions.predecessor_key = predecessors.unit_key
inner join {{ ref('dim_unit') }} as successors on successions.successor_key = successors.unit_key
where
    predecessors.valid_to is distinct from successions.valid_from
    or successors.valid_from > successions.valid_from
