select
    unit.unit_key,
    unit.code,
    unit.name,
    unit.level,
    unit.parent_key,
    unit.province_key,
    unit.valid_from,
    unit.valid_to,
    unit.is_simulated,
    unit.note

from dim_unit as unit

order by unit.level, unit.name, unit.valid_from, unit.unit_key
