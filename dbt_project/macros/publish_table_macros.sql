{#- Creates the table macros of the published file, once everything that they read is built; of a build that failed nothing
    is published, and it has its own errors to tell. -#}
{%- macro publish_table_macros(results) -%}
    {#- Read here once, so that dbt learns what the bodies refer to. -#}
    {%- if not execute -%}{%- do on_territory('fact', 'day') -%}{%- endif -%}
    {%- set undone = results | selectattr('status', 'in', ['error', 'fail', 'skipped', 'runtime error']) | list -%}
    {%- if execute and flags.WHICH in ('build', 'run') and not undone -%}
        {%- set nodes = results | map(attribute='node') | selectattr('resource_type', 'equalto', 'model') | list -%}
        {%- set bodies = {} -%}
        {%- for table, sql in bodies_as_known_on(nodes).items() -%}
            {%- do bodies.update({table ~ '_as_known_on': sql}) -%}
        {%- endfor -%}
        {#- An officer belongs to an office, a transfer to a pair of them: no merger of provinces restates them. -#}
        {%- for node in nodes if is_form_fact(node) and node.name not in ('fct_officer_results', 'fct_transfers') -%}
            {%- set fact = api.Relation.create(node.database, node.schema, node.alias) -%}
            {%- do bodies.update({node.name ~ '_on_territory': on_territory(fact, 'day')}) -%}
        {%- endfor -%}
        {#- What is owed and not here is late once its day is over: only who asks knows the day. -#}
        {%- if 'mart_completeness_as_known_on' in bodies -%}
            {%- do bodies.update({'mart_completeness_on': "
                select * replace (case when status = 'due' and due_on < day then 'late' else status end as status)
                from main.mart_completeness_as_known_on(day)"}) -%}
        {%- endif -%}
        {%- for name, sql in bodies.items() -%}
            {#- Readers open the file under another name than the one it was built under. -#}
            {%- set portable = sql | replace('"' ~ target.database ~ '".', '') -%}
            {%- do run_query('create or replace macro main.' ~ name ~ '(day) as table\n' ~ portable) -%}
        {%- endfor -%}
        {#- dbt ends no transaction of its own accord after a run. -#}
        {%- if bodies -%}{%- do adapter.commit() -%}{%- endif -%}
    {%- endif -%}
{%- endmacro -%}
