"""Runs one function over many items in processes that may crash or hang without taking the load with them."""

import multiprocessing
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any

# Spawned, not forked: Polars has threads of its own, and a fork copies their locks as they stand.
_PROCESSES = multiprocessing.get_context("spawn")
_START_SECONDS = 60.0


class Failure(Enum):
    """Why an item has no result."""

    CRASHED = "crashed"
    TIMED_OUT = "timed out"


@dataclass
class _Worker:
    process: BaseProcess
    connection: Connection
    item: int | None = None  # None while it starts
    deadline: float = 0.0


def run_each(
    function: Callable[[Any], Any], items: Sequence[Any], *, workers: int, seconds: float
) -> Generator[tuple[int, Any], None, None]:
    """Yield (index, result) for each item as it is done; the result is a ``Failure`` where there is none.

    ``function`` must be importable by name, and its results must pickle. An item that takes longer than ``seconds``
    loses its process; the others go on in a new one.
    """
    waiting = list(range(len(items)))[::-1]
    crew: list[_Worker] = []
    try:
        while waiting or any(worker.item is not None for worker in crew):
            while waiting and len(crew) < min(workers, len(waiting) + sum(w.item is not None for w in crew)):
                crew.append(_hire(function))
            ready = wait([worker.connection for worker in crew], timeout=_patience(crew))
            for worker in list(crew):
                outcome: Any = None
                if worker.connection in ready:
                    try:
                        outcome = worker.connection.recv()
                    except (EOFError, OSError):
                        outcome = Failure.CRASHED
                elif time.monotonic() > worker.deadline:
                    outcome = Failure.TIMED_OUT
                else:
                    continue
                if worker.item is not None:
                    yield worker.item, outcome
                elif isinstance(outcome, Failure):
                    raise RuntimeError(f"a worker process did not start: {outcome.value}")
                worker.item = None
                if isinstance(outcome, Failure) or not waiting:
                    crew.remove(worker)
                    _dismiss(worker)
                else:
                    worker.item = waiting.pop()
                    worker.deadline = time.monotonic() + seconds
                    worker.connection.send(items[worker.item])
    finally:
        for worker in crew:
            _dismiss(worker)


def _hire(function: Callable[[Any], Any]) -> _Worker:
    ours, theirs = _PROCESSES.Pipe()
    process = _PROCESSES.Process(target=_work, args=(theirs, function), daemon=True)
    process.start()
    theirs.close()
    return _Worker(process, ours, deadline=time.monotonic() + _START_SECONDS)


def _dismiss(worker: _Worker) -> None:
    worker.connection.close()
    worker.process.kill()
    worker.process.join()


def _patience(crew: list[_Worker]) -> float:
    return max(0.0, min(worker.deadline for worker in crew) - time.monotonic()) + 0.01


def _work(connection: Connection, function: Callable[[Any], Any]) -> None:
    with suppress(EOFError, OSError, KeyboardInterrupt):
        connection.send("ready")
        while True:
            connection.send(function(connection.recv()))
