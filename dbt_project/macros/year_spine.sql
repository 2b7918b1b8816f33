{#- Every year from the first to the last of a CTE with columns first_year and last_year. -#}
{%- macro year_spine(bounds) -%}
    select unnest(generate_series(first_year, last_year)) as statistical_year
    from {{ bounds }}
{%- endmacro -%}
