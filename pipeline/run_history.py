"""Dagster's run history in SQLite, without waiting for the disk and for new connections at every event.

A night writes some eight hundred events. Dagster's storage opens up to three new engines for each, so that every
statement is compiled anew, and flushes to the disk twice; together they were a fifth of a night. What the warehouse
rests on is not kept here, so the last events may be lost when the machine loses power; the files stay consistent.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage

BUSY_SECONDS = 60


class CachedEventLogStorage(SqliteEventLogStorage):
    """Dagster's event log, same files and tables, with one engine a file for as long as the process works on it."""

    def __init__(self, base_dir: str) -> None:
        self._engines: dict[str, sa.Engine] = {}
        self._tables: set[str] = set()
        super().__init__(base_dir)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[sa.Connection]:
        with self._db_lock:
            engine = self._engines.get(shard)
            if engine is None:
                address = self.conn_string_for_shard(shard)
                engine = self._engines[shard] = sa.create_engine(address, connect_args={"timeout": BUSY_SECONDS})
                self._initdb(engine)
                self._initialized_dbs.add(shard)
            with engine.begin() as connection:
                yield connection

    def has_table(self, table_name: str) -> bool:
        """Tell whether the index of all runs has a table. Asked at every event, and tables are never dropped."""
        if table_name not in self._tables and super().has_table(table_name):
            self._tables.add(table_name)
        return table_name in self._tables

    def dispose(self) -> None:
        """Close the files."""
        super().dispose()
        for engine in self._engines.values():
            engine.dispose()
        self._engines.clear()


class CachedHistoryStorage(DagsterSqliteStorage):
    """Dagster's storage below its home, with :class:`CachedEventLogStorage`; for the one process that runs a night."""

    def __init__(self, base_dir: str, inst_data: Any = None) -> None:
        super().__init__(base_dir, inst_data)
        self._event_log_storage: SqliteEventLogStorage = CachedEventLogStorage(self._event_log_storage._base_dir)

    @classmethod
    def from_config_value(cls, inst_data: Any, config_value: Any) -> "CachedHistoryStorage":
        """Make one from its entry in Dagster's configuration."""
        return cls.from_local(inst_data=inst_data, **config_value)


@contextmanager
def relaxed_history() -> Iterator[None]:
    """Flush Dagster's SQLite files when the block ends instead of at every commit.

    ``synchronous = normal`` flushes a write-ahead log at its checkpoint only, and a checkpoint comes when the last
    connection closes; one connection a file is held open so that it comes once.
    """
    connections: dict[str, sqlite3.Connection] = {}

    def relax(connection: Any, _: object) -> None:
        if isinstance(connection, sqlite3.Connection):
            connection.execute("pragma synchronous = normal")
            path = connection.execute("pragma database_list").fetchone()[2]
            # A new file becomes a write-ahead one only after its first connection.
            if path not in connections and connection.execute("pragma journal_mode").fetchone()[0] == "wal":
                connections[path] = sqlite3.connect(path, check_same_thread=False)
                connections[path].execute("select count(*) from sqlite_master").fetchall()

    sa.event.listen(sa.engine.Engine, "connect", relax)
    try:
        yield
    finally:
        sa.event.remove(sa.engine.Engine, "connect", relax)
        for connection in connections.values():
            connection.close()
