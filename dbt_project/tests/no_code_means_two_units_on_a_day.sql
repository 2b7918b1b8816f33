select
    one.code,
    one.unit_key,
    other.unit_key as other_unit_key
from {{ ref('dim_unit') }} as one
inner join {{ ref('dim_unit') }} as other
    on
        one.code = other.code
        and one.unit_key < other.unit_key
        and one.valid_from < coalesce(other.valid_to, date '9999-12-31')
        and other.valid_from < coalesce(one.valid_to, date '9999-12-31')
