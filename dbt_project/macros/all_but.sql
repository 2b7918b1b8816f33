{#- All columns of a relation but the named ones; other engines spell it `except`. -#}
{%- macro all_but(relation, columns) -%}
    {{ relation }}.* exclude ({{ columns | join(', ') }})
{%- endmacro -%}
