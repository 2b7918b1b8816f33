{#-
    A night writes the periods that changed, and the later ones that depend on them. `pipeline/warehouse/periods.py`
    says which they are, in the table `tonight` of the scratch database: by what a model looks at, the periods that it
    writes and those that it reads for that. Without that table, every period is written.

    A model's SQL never speaks of this. It says what a row is; the materialization shows it the periods that it looks
    at, and puts the rows of those that are written in the place of the ones that stood there.
-#}


{#- Puts the rows of tonight's periods in the place of those that stood there; makes the whole table where none is. -#}
{% materialization by_period, adapter='duckdb' %}

    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set existing_relation = load_cached_relation(this) -%}
    {%- set looks_at = config.get('meta', {}).get('looks_at', 'itself') -%}
    {%- set written = tonights_periods('written', looks_at) -%}
    {%- set rows = compiled_code -%}
    {%- if written is not none -%}
        {%- set rows = 'select * from (\n' ~ sql_over_periods(model, compiled_code, looks_at) ~ '\n)\nwhere '
            ~ in_periods('period_id', written) -%}
    {%- elif existing_relation is not none -%}
        {{ drop_relation_if_exists(existing_relation) }}
        {%- set existing_relation = none -%}
    {%- endif -%}

    {{ run_hooks(pre_hooks) }}

    {%- call statement('main') -%}
        {%- if existing_relation is none %}
            {{ create_table_as(false, target_relation, rows) }}
        {%- else %}
            delete from {{ target_relation }} where {{ in_periods('period_id', written) }};
            insert into {{ target_relation }} by name {{ rows }}
        {%- endif %}
    {%- endcall -%}

    {{ run_hooks(post_hooks) }}
    {{ adapter.commit() }}
    {{ return({'relations': [target_relation]}) }}

{% endmaterialization %}


{#- The periods that models which look at `looks_at` have tonight as `role`, written or read; none where it is all. -#}
{%- macro tonights_periods(role, looks_at='itself') -%}
    {%- if not execute
        or adapter.get_relation(database='staging', schema='main', identifier='tonight') is none -%}
        {{ return(none) }}
    {%- endif -%}
    {%- set told -%}
        select period_id from staging.main.tonight
        where looks_at = '{{ looks_at }}' and (is_written or '{{ role }}' = 'read')
        order by period_id
    {%- endset -%}
    {{ return(run_query(told).columns[0].values() | list) }}
{%- endmacro -%}


{#- A condition with the periods written out, so that DuckDB passes over the rows of all others unread. -#}
{%- macro in_periods(column, periods) -%}
    {%- set named = periods | reject('equalto', 'unplaced') | list -%}
    {%- set claims = [] -%}
    {%- if named -%}{%- do claims.append(column ~ " in ('" ~ named | join("', '") ~ "')") -%}{%- endif -%}
    {%- if 'unplaced' in periods -%}{%- do claims.append(column ~ ' is null') -%}{%- endif -%}
    {{ return('(' ~ (claims or ['false']) | join(' or ') ~ ')') }}
{%- endmacro -%}


{#- A model's SQL over the periods that it reads tonight of the published tables; scratch tables hold no others. -#}
{%- macro sql_over_periods(node, sql, looks_at) -%}
    {%- set shown = namespace(sql=sql) -%}
    {%- set condition = in_periods('period_id', tonights_periods('read', looks_at)) -%}
    {%- for unique_id in node.depends_on.nodes if unique_id in graph.nodes -%}
        {%- set read = graph.nodes[unique_id] -%}
        {%- if read.config.materialized == 'by_period' and read.database == target.database -%}
            {%- set slice = '(select * from ' ~ read.relation_name ~ ' where ' ~ condition ~ ')' -%}
            {%- set shown.sql = shown.sql | replace(read.relation_name, slice) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(shown.sql) }}
{%- endmacro -%}


{#- For a view of the stages before: only rows of the periods that are written. -#}
{%- macro only_tonight(column) -%}
    {%- set written = tonights_periods('written') -%}
    {%- if written is not none -%}
        where {{ in_periods(column, written) }}
    {%- endif -%}
{%- endmacro -%}


{#- For a test: the rows of a table that a night wrote (`read`: and looked at); the others were tested when written. -#}
{%- macro tonight(relation, role='written', looks_at=none) -%}
    {%- if execute -%}
        {%- set node = graph.nodes.get('model.thads.' ~ relation.identifier) -%}
        {%- if node and node.config.materialized == 'by_period' -%}
            {%- set periods = tonights_periods(role, looks_at or node.config.meta.get('looks_at', 'itself')) -%}
            {%- if periods is not none -%}
                {{ return('(select * from ' ~ relation ~ ' where ' ~ in_periods('period_id', periods) ~ ')') }}
            {%- endif -%}
        {%- endif -%}
    {%- endif -%}
    {{ return(relation) }}
{%- endmacro -%}
