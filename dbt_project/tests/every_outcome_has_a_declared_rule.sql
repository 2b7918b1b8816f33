-- Periods that were judged by an older pack may name a rule that is gone: worth knowing, no reason to stop.
{{ config(severity='warn') }}

select distinct
    outcomes.pack,
    outcomes.rule_id
from {{ ref('fct_outcome') }} as outcomes
left join {{ ref('dim_rule') }} as rules
    on
        outcomes.pack = rules.pack
        and outcomes.rule_id = rules.rule_id
where rules.rule_id is null
