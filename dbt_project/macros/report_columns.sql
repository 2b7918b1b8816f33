{#- The columns that every fact starts with: whose figures, when, how far, from where, and which submission. -#}
{%- macro report_columns(relation) -%}
    {{ relation }}.unit_key,
    {{ relation }}.period_id,
    {{ relation }}.scope,
    {{ relation }}.origin,
    {{ relation }}.vintage,
    {{ relation }}.is_simulated,
    {{ relation }}.report_id,
    {{ relation }}.submission_id
{%- endmacro -%}
