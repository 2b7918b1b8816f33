"""Rule packs as data, compiled to Great Expectations suites that run inside DuckDB."""
