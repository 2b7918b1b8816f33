"""Damages a table so that one claim of its ``well_formed`` test is false, and asks the compiled test.

A test that cannot fail proves nothing. The damage is one made-up row, so that it works on a table that is empty.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb


@dataclass(frozen=True)
class Claim:
    """One claim of a test: the table, the words of the failing row, and the row or rows that break it."""

    test: str
    words: str
    table: str
    sql: str
    damage: dict[str, str]
    copies: int = 1


def claims(target: Path) -> Iterator[Claim]:
    """Yield every claim of every ``well_formed`` test that dbt compiled below ``target``."""
    manifest = json.loads((target / "manifest.json").read_bytes())
    for node in manifest["nodes"].values():
        metadata = node.get("test_metadata") or {}
        if metadata.get("name") != "well_formed":
            continue
        told = metadata["kwargs"]
        table = manifest["nodes"][node["attached_node"]]["relation_name"]
        sql = (target / "compiled" / "thads" / node["original_file_path"] / node["path"]).read_text()

        def claim(words: str, damage: dict[str, str], copies: int = 1) -> Claim:
            return Claim(node["name"], words, table, sql, damage, copies)  # noqa: B023, used at once

        for columns in told.get("keys", ()):
            yield claim(f"one row per {', '.join(columns)}", {}, copies=2)
        for column in told.get("required", ()):
            yield claim(f"{column} is filled", {})
        for column, allowed in told.get("values", {}).items():
            yield claim(f"{column} is one of {', '.join(map(str, allowed))}", {column: "no such word"})
        for reference in told.get("references", ()):
            yield claim(f"{reference['column']} is in ", {reference["column"]: "no such key"})


def failures(connection: duckdb.DuckDBPyConnection, claim: Claim) -> list[str]:
    """Return the words of the claims that fail once the table holds the damage."""
    columns = connection.execute(f"describe {claim.table}").fetchall()
    values = ", ".join(f"cast({_literal(claim.damage.get(name))} as {type_}) as {name}" for name, type_, *_ in columns)
    broken = " union all ".join([f"select * from {claim.table}", *[f"select {values}"] * claim.copies])
    sql = claim.sql.replace(f"from {claim.table}\n", f"from ({broken})\n")
    assert sql != claim.sql, f"{claim.test} does not read {claim.table}"
    return [words for words, *_ in connection.execute(sql).fetchall()]


def _literal(value: str | None) -> str:
    return "null" if value is None else f"'{value}'"
