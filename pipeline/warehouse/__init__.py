"""Building: dbt makes facts, dimensions and marts in a file beside the live one."""
