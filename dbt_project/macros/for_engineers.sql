{#- Problems of files that no office can mend (pipeline.files.guard.FOR_ENGINEERS): no incident is opened and no letter written. -#}
{% macro for_engineers() -%}
('reading_crashed', 'reading_too_slow', 'reading_too_big', 'set_aside')
{%- endmacro %}
