{{ config(severity='warn') }}

select distinct
    outcomes.pack,
    outcomes.rule_id
from {{ tonight(ref('fct_outcome')) }} as outcomes
left join {{ ref('dim_rule') }} as rules
    on
        outcomes.pack = rules.pack
        and outcomes.rule_id = rules.rule_id
where rules.rule_id is null
