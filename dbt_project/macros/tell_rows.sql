{#- Says how many rows a published table has, in a line that `pipeline/dagster_ui/published_tables.py` reads for Dagster. -#}
{%- macro tell_rows() -%}
    {%- if execute and flags.WHICH in ('build', 'run') -%}
        {%- set told = adapter.execute('select count(*) from ' ~ this, fetch=true)[1] -%}
        {%- do log('rows: ' ~ told.rows[0][0], info=true) -%}
    {%- endif -%}
{%- endmacro -%}
