{#- A share in per cent, not rounded; missing where a term is missing or nothing is there to share. -#}
{%- macro percentage(numerator, denominator) -%}
    100.0 * {{ numerator }} / nullif({{ denominator }}, 0)
{%- endmacro -%}


{#- Two decimals, as the forms print them. -#}
{%- macro two_decimals(expression) -%}
    try_cast(round({{ expression }}, 2) as decimal(18, 2))
{%- endmacro -%}
