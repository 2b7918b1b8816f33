with

source as (

    select * from {{ source('declared', 'lines') }}

),

forms as (

    select * from {{ source('declared', 'forms') }}

),

-- A row code means the same in every regime; the newest regime words its label.
newest as (

    select
        source.*,
        row_number() over (
            partition by source.form, source.row_code
            order by forms.valid_from desc
        ) as occurrence
    from source
    inner join forms
        on
            source.form = forms.form
            and source.regime = forms.regime

)

select
    form,
    row_code,
    position,
    label_vi,
    label_en,
    case_kind,
    initiative,
    sanction,
    letter_kind,
    received_by,
    basis,
    officer,
    enforcement_measure,
    oversight,
    line,
    is_total

from newest

where occurrence = 1
