"""Asking the published warehouse: read-only, no files, no network, no extension."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from pipeline.home import Home


class NoWarehouse(LookupError):
    """Nothing was published yet; the message says what to do."""


def open_published(home: Home) -> duckdb.DuckDBPyConnection:
    """Open the live warehouse for reading; raises ``NoWarehouse``. A later release does not disturb the connection."""
    if not home.live.exists():
        raise NoWarehouse(f"there is no warehouse in {home.root}; run 'thads load INBOX' first")
    return open_readonly(home.live)


def open_readonly(path: Path) -> duckdb.DuckDBPyConnection:
    """Open a warehouse file so that a query can read nothing but it."""
    connection = duckdb.connect(
        str(path),
        read_only=True,
        config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"},
    )
    connection.execute("set enable_external_access = false")
    connection.execute("set lock_configuration = true")
    return connection


def run_query(home: Home, sql: str, parameters: Mapping[str, Any] | None = None) -> pl.DataFrame:
    """Return what a query finds; raises ``NoWarehouse`` or ``duckdb.Error``. Only one statement that reads is run."""
    with open_published(home) as connection:
        statements = connection.extract_statements(sql)
        if len(statements) != 1:
            raise duckdb.InvalidInputException(f"write one statement, not {len(statements)}")
        relation = connection.sql(sql, params=dict(parameters or {}))
        if relation is None:
            raise duckdb.InvalidInputException("the statement finds no rows; write a SELECT")
        return pl.DataFrame(relation.to_arrow_table())
