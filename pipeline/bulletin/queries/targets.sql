select
    target.unit_key,
    target.statistical_year,
    target.basis,
    target.target_pct,
    unit.level

from dim_target as target

inner join dim_unit as unit on target.unit_key = unit.unit_key
