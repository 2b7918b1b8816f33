select
    measure,
    label_vi,
    label_en,
    definition_vi,
    definition_en,
    source

from dim_measure

where measure_kind = 'indicator'

order by measure
