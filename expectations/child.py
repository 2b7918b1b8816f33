"""Great Expectations in a process of its own: importing it takes seconds, which pass while others land and read."""

import atexit
import multiprocessing
import os
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import cache
from pathlib import Path

from expectations.rules import Pack
from expectations.suites import Verdicts, take_kept, validate
from pipeline.child_process import end_with_parent


def start() -> None:
    """Start the process and let it import; return at once."""
    _process().submit(_import)


def validate_aside(
    database: Path, packs: tuple[Pack, ...], *, keys: set[tuple[str, str, str]] | None = None
) -> Verdicts:
    """Do what ``suites.validate`` does, in the process; raises what it raises, ``RuntimeError`` where it was ended."""
    try:
        return _process().submit(validate, database, packs, keys=keys).result()
    except BrokenProcessPool as error:
        _process.cache_clear()
        raise RuntimeError("the process of Great Expectations was ended before it answered; load again") from error


def begin_docs() -> None:
    """Have the process write the Data Docs of what it validated, while others go on."""
    _docs[:] = [_process().submit(_pages)]


def docs() -> dict[str, bytes] | None:
    """Return the files of the Data Docs that were begun, None where none were; waits for them."""
    return _docs.pop().result() if _docs else None


_docs: list[Future[dict[str, bytes]]] = []


@cache
def _process() -> ProcessPoolExecutor:
    # Spawned, not forked: Polars and DuckDB have threads, and a fork copies their locks as they stand.
    spawned = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(max_workers=1, mp_context=spawned, initializer=_begin)


def _begin() -> None:
    end_with_parent()
    # At an ordered exit DuckDB's binding would print what Great Expectations still holds.
    atexit.register(os._exit, 0)


def _import() -> None:
    import expectations.duckdb_engine  # noqa: F401 - what validate will need

    take_kept()  # what a night before left that did not come to its end


def _pages() -> dict[str, bytes]:
    from expectations.data_docs import pages

    return pages(take_kept())
