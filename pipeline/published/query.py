"""Asking the published warehouse: read-only, no files, no network, no extension."""

import logging
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import duckdb
import polars as pl

from pipeline.home import Home
from pipeline.published.mending import explain, is_sound, try_to_mend
from pipeline.published.opening import open_readonly
from pipeline.published.releases import live_release

__all__ = ["NoWarehouse", "ask", "mend_live_file", "open_published", "open_readonly", "run_query"]

Result = TypeVar("Result")
LOG = logging.getLogger("thads.published")
#: What DuckDB raises where a file is damaged, as opposed to SQL that is wrong.
BROKEN = (duckdb.IOException, duckdb.FatalException, duckdb.InternalException, duckdb.SerializationException)


class NoWarehouse(LookupError):
    """Nothing was published yet, or nothing of it can be read; the message says what to do."""


def mend_live_file(home: Home, *, is_thorough: bool = False) -> None:
    """Restore the live file to what was published, logging what was wrong with it; nothing is raised."""
    if is_thorough or not is_sound(home):
        for sentence in try_to_mend(home, is_thorough=is_thorough):
            LOG.warning("%s", sentence)


def open_published(home: Home) -> duckdb.DuckDBPyConnection:
    """Open the live warehouse for reading; raises ``NoWarehouse``. A later release does not disturb the connection.

    A live file that is damaged, or that readers are locked out of, is replaced by its release; where that cannot be
    done, the release itself is read.
    """
    mend_live_file(home)
    try:
        return _open(home)
    except duckdb.Error:
        mend_live_file(home, is_thorough=True)
    try:
        return _open(home)
    except duckdb.Error as error:
        live = live_release(home)
        if live is None or not live.is_whole():
            raise NoWarehouse(f"{explain(home.live, error)} ({home.live})") from error
        return open_readonly(live.path)


def _open(home: Home) -> duckdb.DuckDBPyConnection:
    if not home.live.exists():
        raise NoWarehouse(f"there is no warehouse in {home.root}; run 'thads load INBOX' first")
    return open_readonly(home.live)


def ask(home: Home, read: Callable[[duckdb.DuckDBPyConnection], Result]) -> Result:
    """Return what ``read`` finds in the live warehouse; it runs again where a damaged block stopped it."""
    try:
        with open_published(home) as connection:
            return read(connection)
    except BROKEN:
        mend_live_file(home, is_thorough=True)
    with open_published(home) as connection:
        return read(connection)


def run_query(home: Home, sql: str, parameters: Mapping[str, Any] | None = None) -> pl.DataFrame:
    """Return what a query finds; raises ``NoWarehouse`` or ``duckdb.Error``. Only one statement that reads is run."""
    return ask(home, lambda connection: pl.DataFrame(select(connection, sql, parameters).to_arrow_table()))


def select(
    connection: duckdb.DuckDBPyConnection, sql: str, parameters: Mapping[str, Any] | None = None
) -> duckdb.DuckDBPyRelation:
    """Return the rows of the one statement in ``sql``; raises ``duckdb.Error`` where it is not one that reads."""
    statements = connection.extract_statements(sql)
    if len(statements) != 1:
        raise duckdb.InvalidInputException(f"write one statement, not {len(statements)}")
    relation = connection.sql(sql, params=dict(parameters or {}))
    if relation is None:
        raise duckdb.InvalidInputException("the statement finds no rows; write a SELECT")
    return relation
