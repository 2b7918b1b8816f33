{#-
    What makes a table sound, in one test: its keys, the columns that are always filled, the values that a column may
    have, and the tables that a column points to. A row of the result is a claim that fails, a value that breaks it and
    in how many rows. One test a table and not one a column: a night spends its time on starting tests, not on running
    them. A night asks the rows that it wrote.
-#}
{% test well_formed(model, keys=[], required=[], values={}, references=[]) %}

{%- set claims = [] -%}
{%- set rows = tonight(model) -%}

{%- for columns in keys -%}
{%- set claim -%}
select
    'one row per {{ columns | join(", ") }}' as claim,
    concat_ws(', ', {{ columns | join(', ') }}) as found,
    count(*) as rows_failing
from {{ rows }}
group by {{ columns | join(', ') }}
having count(*) > 1
{%- endset -%}
{%- do claims.append(claim) -%}
{%- endfor -%}

{%- for column in required -%}
{%- set claim -%}
select
    '{{ column }} is filled' as claim,
    null as found,
    count(*) as rows_failing
from {{ rows }}
where {{ column }} is null
having count(*) > 0
{%- endset -%}
{%- do claims.append(claim) -%}
{%- endfor -%}

{%- for column, allowed in values.items() -%}
{%- set claim -%}
select
    '{{ column }} is one of {{ allowed | join(", ") }}' as claim,
    cast({{ column }} as varchar) as found,
    count(*) as rows_failing
from {{ rows }}
where {{ column }} not in ('{{ allowed | join("', '") }}')
group by {{ column }}
{%- endset -%}
{%- do claims.append(claim) -%}
{%- endfor -%}

{%- for reference in references -%}
{%- set claim -%}
select
    '{{ reference.column }} is in {{ reference.to.identifier }}' as claim,
    cast({{ reference.column }} as varchar) as found,
    count(*) as rows_failing
from {{ rows }}
where
    {{ reference.column }} is not null
    and {{ reference.column }} not in (
        select {{ reference.field or reference.column }}
        from {{ reference.to }}
        where {{ reference.field or reference.column }} is not null
    )
group by {{ reference.column }}
{%- endset -%}
{%- do claims.append(claim) -%}
{%- endfor -%}

{%- if not claims -%}
    {%- do exceptions.raise_compiler_error('well_formed claims nothing of ' ~ model) -%}
{%- endif -%}

{{ claims | join('\n\nunion all\n\n') }}

{% endtest %}
