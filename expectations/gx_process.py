"""Great Expectations in a process of its own: importing it takes seconds, which pass while others land and read."""

import atexit
import multiprocessing
import os
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import cache
from pathlib import Path

from expectations.rules import Pack
from expectations.suites import ValidationResult, take_suite_results, validate
from pipeline.child_process import end_with_parent


def start() -> None:
    """Start the process, which begins to import, and return at once."""
    _process().submit(_import_engine)


def validate_in_gx_process(
    database: Path, packs: tuple[Pack, ...], *, keys: set[tuple[str, str, str]] | None = None
) -> ValidationResult:
    """Run ``suites.validate`` in the process; raises what it raises, and ``RuntimeError`` where the process was ended."""
    try:
        return _process().submit(validate, database, packs, keys=keys).result()
    except BrokenProcessPool as error:
        _process.cache_clear()
        raise RuntimeError("the process of Great Expectations was ended before it answered; load again") from error


def begin_data_docs() -> None:
    """Let the process write the Data Docs of what it validated, while others go on."""
    _data_docs[:] = [_process().submit(_data_docs_pages)]


def take_data_docs() -> dict[str, bytes] | None:
    """Wait for the Data Docs that were begun and return their files; None where none were begun."""
    return _data_docs.pop().result() if _data_docs else None


_data_docs: list[Future[dict[str, bytes]]] = []


@cache
def _process() -> ProcessPoolExecutor:
    # Spawned, not forked: Polars and DuckDB have threads, and a fork copies their locks in whatever state they are.
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(max_workers=1, mp_context=context, initializer=_initialize)


def _initialize() -> None:
    end_with_parent()
    # At an ordered exit DuckDB's binding would print what Great Expectations still holds.
    atexit.register(os._exit, 0)


def _import_engine() -> None:
    import expectations.duckdb_engine  # noqa: F401 - what validate will need

    take_suite_results()  # left by an earlier night that did not finish


def _data_docs_pages() -> dict[str, bytes]:
    from expectations.data_docs import data_docs_pages

    return data_docs_pages(take_suite_results())
