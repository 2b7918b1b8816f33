"""The comparisons that lie outside their interval, asked of DuckDB in one statement.

A night is judged by Great Expectations (``expectations.suites``). Whoever waits for the verdict on one file asks the same
comparisons here: what an expectation says of a comparison is this condition and no more, and a test holds both to the
same keys.
"""

from pathlib import Path

import duckdb
import polars as pl

from expectations.rules import Pack
from expectations.suites import Verdicts

ASKED = pl.Schema({"pack": pl.String, "rule_id": pl.String, "form": pl.String})
OUTSIDE = """
    select comparison_id
    from comparison
    where not found between low and high
        and (pack, rule_id, form) in (select (pack, rule_id, form) from asked)
    order by comparison_id
"""


def validate_directly(
    database: Path, packs: tuple[Pack, ...], *, keys: set[tuple[str, str, str]] | None = None
) -> Verdicts:
    """Return which comparisons of ``database`` fail, as ``suites.validate`` does; ``keys`` as there.

    No other connection to the file may be open.
    """
    every = {(pack.pack, rule.id, form) for pack in packs for rule in pack.rules for form in rule.forms}
    asked = sorted(every if keys is None else every & keys)
    with duckdb.connect(str(database)) as connection:
        connection.register("asked", pl.DataFrame(asked, schema=ASKED, orient="row").to_arrow())
        return Verdicts([key for (key,) in connection.execute(OUTSIDE).fetchall()], [])
