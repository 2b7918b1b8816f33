{#-
    One column per measure from long cells. A cell that is missing stays missing. `try_cast`: a figure too long for its
    column is missing too and stands in `fct_finding`; it must never stop the night.
-#}
{%- macro measure_columns(codes, data_type='bigint', suffix='', row_code=none, prefix='', form=none) -%}
    {%- for code in codes %}
    try_cast(
        max(value) filter (
            where column_code = '{{ code }}'
            {%- if row_code %} and row_code = '{{ row_code }}'{% endif %}
            {%- if form %} and form = '{{ form }}'{% endif %}
        ) as {{ data_type }}
    ) as {{ prefix ~ code ~ suffix }}
    {%- if not loop.last %},{% endif %}
    {%- endfor %}
{%- endmacro -%}


{#- The measures of forms 01 and 02, by the codes of the declarations; `reduced` is counted by money only. -#}
{%- macro result_measures(by_money=false) -%}
    {{ return(
        ([] if by_money else ['judgments_received'])
        + [
            'accepted_total', 'opening', 'newly_accepted', 'delegated', 'revoked', 'pulled_up', 'due', 'eligible',
            'completed', 'terminated'
        ]
        + (['reduced'] if by_money else [])
        + [
            'in_progress', 'postponed_by_consent', 'other_eligible', 'not_eligible', 'postponed', 'suspended',
            'postponed_or_suspended', 'carried_over', 'eligible_carried_over', 'separate_book'
        ]
    ) }}
{%- endmacro -%}
