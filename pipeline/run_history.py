"""Dagster's run history in SQLite, without waiting for the disk at every event.

A night writes some six hundred events, each in a transaction of a connection of its own; two flushes to the disk each
made them the longest stage of all. What the warehouse rests on is not kept here, so the last events may be lost when
the machine loses power; the files stay consistent.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa


@contextmanager
def relaxed_history() -> Iterator[None]:
    """Flush Dagster's SQLite files when the block ends instead of at every commit.

    ``synchronous = normal`` flushes a write-ahead log at its checkpoint only, and a checkpoint comes when the last
    connection closes; one connection a file is held open so that it comes once.
    """
    held: dict[str, sqlite3.Connection] = {}

    def relax(connection: Any, _: object) -> None:
        if isinstance(connection, sqlite3.Connection):
            connection.execute("pragma synchronous = normal")
            path = connection.execute("pragma database_list").fetchone()[2]
            # A new file becomes a write-ahead one only after its first connection.
            if path not in held and connection.execute("pragma journal_mode").fetchone()[0] == "wal":
                held[path] = sqlite3.connect(path, check_same_thread=False)
                held[path].execute("select count(*) from sqlite_master").fetchall()

    sa.event.listen(sa.engine.Engine, "connect", relax)
    try:
        yield
    finally:
        sa.event.remove(sa.engine.Engine, "connect", relax)
        for connection in held.values():
            connection.close()
