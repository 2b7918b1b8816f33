{#-
    `<table>_as_known_on(day)`: a table as it stood when that day ended. Whatever had come by then counts, in the version
    that was the latest accepted one then; verdicts are today's, for judging again is no news of that day.

    One SQL home: the body of each macro is the model's own SQL over other inputs. A fact of a day is today's rows that
    had come by then, and the fact's SQL over the cells of versions replaced since; what is derived from facts is the
    model's SQL over the facts of that day.
-#}


{#- Tables that keep every version: what had come by the day, and how it stood. Bodies by name. -#}
{%- macro ledgers_as_known_on() -%}
    {%- set had_come -%}
        submission_id in (select submission_id from main.fct_submission where cast(received_at as date) <= day)
    {%- endset -%}
    {%- set stood -%}
        cast(received_at as date) <= day and (superseded_at is null or cast(superseded_at as date) > day)
    {%- endset -%}
    {%- set with_standing -%}
        select * replace (
            (submission_id, coalesce(form, '')) in (
                select (submission_id, coalesce(form, '')) from main.fct_form_version where {{ stood }}
            ) as is_current
        )
    {%- endset -%}
    {{ return({
        'fct_submission': 'select * from main.fct_submission where cast(received_at as date) <= day',
        'fct_form_version': "
            select * replace (
                case when cast(superseded_at as date) <= day then superseded_at end as superseded_at,
                case when cast(superseded_at as date) <= day then superseded_by end as superseded_by
            )
            from main.fct_form_version where cast(received_at as date) <= day",
        'fct_form_received': 'select * from main.fct_form_received where ' ~ had_come,
        'fct_outcome': 'select * from main.fct_outcome where ' ~ had_come,
        'fct_finding': 'select * from main.fct_finding where ' ~ had_come,
        'fct_printed_ratio': with_standing ~ ' from main.fct_printed_ratio where ' ~ had_come,
        'fct_published_figure': with_standing ~ ' from main.fct_published_figure where ' ~ had_come,
        'fct_alert_event': 'select * from main.fct_alert_event where cast(occurred_at as date) <= day',
        'fct_alert': "
            select alert.* replace (
                last_event.state as state,
                last_event.standing as standing,
                case when last_event.assigned then alert.assigned_to end as assigned_to,
                case when last_event.state = 'resolved' then alert.resolved_by end as resolved_by,
                case when last_event.state = 'resolved' then alert.resolved_version end as resolved_version,
                case when last_event.state = 'resolved' then alert.resolved_at end as resolved_at
            )
            from main.fct_alert as alert
            inner join (
                select
                    alert_id,
                    arg_max(state_after, sequence) as state,
                    arg_max(standing_after, sequence) as standing,
                    bool_or(event = 'assigned') as assigned
                from main.fct_alert_event
                where cast(occurred_at as date) <= day
                group by alert_id
            ) as last_event on alert.alert_id = last_event.alert_id",
        'mart_revision': 'select * from main.mart_revision where cast(received_at as date) <= day',
    }) }}
{%- endmacro -%}


{#- What the published file holds of the models that it does not hold. -#}
{%- macro published_stand_ins() -%}
    {{ return({
        'int_submission': '(select *, cast(due_at as date) as due_on, 0 as batch from main.fct_submission_as_known_on(day))',
        'int_current_form': '(select * from main.fct_form_version_as_known_on(day) where superseded_by is null)',
        'stg_cells': 'main.fct_superseded_cell',
        'stg_lines': 'main.dim_line',
    }) }}
{%- endmacro -%}


{#- The steps between facts and marts that marts of a day need too. -#}
{%- macro steps_as_known_on() -%}
    {{ return(['int_headline', 'int_file_hint']) }}
{%- endmacro -%}


{#- A fact holds the figures of a form: the cells of its current version. -#}
{%- macro is_form_fact(node) -%}
    {%- set reads = node.depends_on.nodes | map('replace', 'model.thads.', '') | list -%}
    {{ return('int_current_form' in reads and 'stg_cells' in reads and node.name not in ledgers_as_known_on()) }}
{%- endmacro -%}


{#- Bodies of all `_as_known_on` macros by table, in the order in which the models were built. -#}
{%- macro bodies_as_known_on(nodes) -%}
    {%- set ledgers = ledgers_as_known_on() -%}
    {%- set stand_ins = published_stand_ins() -%}
    {%- set bodies = {} -%}
    {%- for name in ledgers if name != 'mart_revision' -%}
        {%- do bodies.update({name: ledgers[name]}) -%}
    {%- endfor -%}
    {%- for node in nodes if node.resource_type == 'model' and node.name not in bodies -%}
        {%- set reads = node.depends_on.nodes | map('replace', 'model.thads.', '') | list -%}
        {%- set sees_versions = reads | select('in', bodies.keys() | list + ['int_current_form', 'int_submission']) | list -%}
        {%- if node.name in ledgers -%}
            {%- do bodies.update({node.name: ledgers[node.name]}) -%}
        {%- elif node.name in steps_as_known_on()
            or (sees_versions and (is_form_fact(node) or node.name.startswith('mart_'))) -%}
            {%- set body = namespace(sql=node.compiled_code, unpublished=[]) -%}
            {%- for unique_id in node.depends_on.nodes -%}
                {%- set read = graph.nodes[unique_id] -%}
                {%- if read.name in bodies -%}
                    {%- set stand_in = 'main.' ~ read.name ~ '_as_known_on(day)' -%}
                {%- else -%}
                    {%- set stand_in = stand_ins.get(read.name, 'main.' ~ read.name) -%}
                    {%- if read.name not in stand_ins and read.database != target.database -%}
                        {%- do body.unpublished.append(read.name) -%}
                    {%- endif -%}
                {%- endif -%}
                {%- set body.sql = body.sql | replace(read.relation_name, stand_in) -%}
            {%- endfor -%}
            {%- if is_form_fact(node) -%}
                {%- set body.sql -%}
                    select * from main.{{ node.name }}
                    where submission_id in (
                        select submission_id from main.fct_submission where cast(received_at as date) <= day
                    )
                    union all by name
                    select * from (
                    {{ body.sql }}
                    )
                {%- endset -%}
            {%- endif -%}
            {%- if body.unpublished or node.config.materialized not in ('table', 'by_period') -%}
                {%- do exceptions.warn(
                    node.name ~ '_as_known_on is left out: its SQL must read published tables whole; '
                    ~ (body.unpublished | join(', ') or 'it is not a table')
                    ~ ' (macros/as_known_on.sql, published_stand_ins)'
                ) -%}
            {%- else -%}
                {%- do bodies.update({node.name: body.sql}) -%}
            {%- endif -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(bodies) }}
{%- endmacro -%}
