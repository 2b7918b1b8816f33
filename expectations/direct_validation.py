"""The comparisons that lie outside their interval, found by one DuckDB statement.

A night is judged by Great Expectations (``expectations.suites``). Whoever waits for the verdict on one file gets the same
comparisons checked here: an expectation on a comparison is this condition and no more, and a test holds both to the
same keys.
"""

from pathlib import Path

import duckdb
import polars as pl

from expectations.rules import Pack
from expectations.suites import ValidationResult

KEY_SCHEMA = pl.Schema({"pack": pl.String, "rule_id": pl.String, "form": pl.String})
OUTSIDE = """
    select comparison_id
    from comparison
    where not found between low and high
        and (pack, rule_id, form) in (select (pack, rule_id, form) from asked)
    order by comparison_id
"""


def validate_directly(
    database: Path, packs: tuple[Pack, ...], *, keys: set[tuple[str, str, str]] | None = None
) -> ValidationResult:
    """Return which comparisons of ``database`` fail, as ``suites.validate`` does; ``keys`` as there.

    No other connection to the file may be open.
    """
    all_keys = {(pack.pack, rule.id, form) for pack in packs for rule in pack.rules for form in rule.forms}
    selected_keys = sorted(all_keys if keys is None else all_keys & keys)
    with duckdb.connect(str(database)) as connection:
        connection.register("asked", pl.DataFrame(selected_keys, schema=KEY_SCHEMA, orient="row").to_arrow())
        return ValidationResult([key for (key,) in connection.execute(OUTSIDE).fetchall()], [])
