"""Runs one function over many items in processes that may crash, hang or ask for too much memory without harm to others."""

import faulthandler
import multiprocessing
import os
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

# Not forked from this process: Polars has threads of its own, and a fork copies their locks as they stand. On Linux one
# process imports the readers, runs nothing, and is forked for each worker: a worker costs milliseconds, not a second.
_PROCESSES: Any = multiprocessing.get_context("forkserver" if sys.platform == "linux" else "spawn")
_PROCESSES.set_forkserver_preload(["pipeline.cells.read"])
_START_SECONDS = 120.0

#: What one item may take: seconds of work, and bytes beside what the process has when it starts.
SECONDS = 10.0
MEMORY = 1 << 30

#: On a busy machine a process waits for its turn: it is given up at the latest after this many times its seconds.
_MOST_WAITING = 12
_OUT_OF_MEMORY = ("MemoryError", "memory allocation of", "bad_alloc", "Cannot allocate memory", "out of memory")
_MOST_CHARACTERS = 4000  # characters of a traceback


class FailureKind(Enum):
    """Why an item has no result."""

    CRASHED = "crashed"
    TIMED_OUT = "timed out"
    TOO_BIG = "too big"
    RAISED = "raised"


@dataclass(frozen=True)
class WorkerFailure:
    """Why an item has no result, as far as it is known: an exception, a signal, what was written on the way out."""

    kind: FailureKind
    cause: str = ""


@dataclass
class _Worker:
    process: BaseProcess
    connection: Connection
    complaints: Path
    item: int | None = None  # None while it starts
    deadline: float = 0.0
    started_at: float = 0.0
    work_at_start: float = 0.0  # seconds of work when the item began
    items: int = 0


@dataclass
class _Crew:
    function: Callable[[Any], Any]
    seconds: float
    memory: int | None
    workers: list[_Worker] = field(default_factory=list)

    def hire(self) -> None:
        parent_end, child_end = _PROCESSES.Pipe()
        handle, name = tempfile.mkstemp(prefix="thads-worker-")
        os.close(handle)
        process = _PROCESSES.Process(target=_work, args=(child_end, self.function, name, self.memory), daemon=True)
        process.start()
        child_end.close()
        self.workers.append(_Worker(process, parent_end, Path(name), deadline=time.monotonic() + _START_SECONDS))

    def give(self, worker: _Worker, index: int, item: Any) -> None:
        worker.item, worker.items = index, worker.items + 1
        worker.started_at = time.monotonic()
        worker.deadline = worker.started_at + self.seconds
        worker.work_at_start = _work_seconds(worker.process.pid)
        worker.connection.send(item)

    def is_over(self, worker: _Worker) -> bool:
        """Tell whether a worker's time is up; one that only waits for the processor is given more."""
        now = time.monotonic()
        if now <= worker.deadline:
            return False
        is_late = now > worker.started_at + _MOST_WAITING * self.seconds
        if worker.item is None or is_late or not _is_at_work(worker.process.pid):
            return True
        if _work_seconds(worker.process.pid) - worker.work_at_start >= self.seconds:
            return True
        worker.deadline = now + self.seconds / 10
        return False

    def dismiss(self, worker: _Worker) -> str:
        """End a worker; return what it wrote on the way out."""
        self.workers.remove(worker)
        worker.connection.close()
        worker.process.kill()
        worker.process.join()
        with suppress(OSError):
            complaints = worker.complaints.read_text(encoding="utf-8", errors="replace")
            worker.complaints.unlink()
            # A panic says why in its first lines, a fault of the processor in its last.
            return (
                complaints if len(complaints) <= _MOST_CHARACTERS else f"{complaints[:1500]}\n...\n{complaints[-1500:]}"
            )
        return ""


def run_each(
    function: Callable[[Any], Any],
    items: Sequence[Any],
    *,
    workers: int,
    seconds: float | None = None,
    memory: int | None = MEMORY,
) -> Generator[tuple[int, Any], None, None]:
    """Yield (index, result) for each item as it is done; the result is a ``WorkerFailure`` where there is none.

    ``function`` must be importable by name (or a partial of such), and its results must pickle. An item that takes more
    than ``seconds`` of work or ``memory`` bytes loses its process; the others go on in a new one. One that fails in
    a process that ran others before it is tried once more in a fresh one: it is not to blame for what they left behind.
    """
    waiting = list(range(len(items)))[::-1]
    retried: set[int] = set()
    seconds = seconds or SECONDS
    crew = _Crew(function, seconds, memory)
    try:
        while waiting or any(worker.item is not None for worker in crew.workers):
            busy = sum(worker.item is not None for worker in crew.workers)
            while waiting and len(crew.workers) < min(workers, len(waiting) + busy):
                crew.hire()
            ready = wait([worker.connection for worker in crew.workers], timeout=_timeout(crew.workers))
            for worker in list(crew.workers):
                outcome: Any = None
                if worker.connection in ready:
                    try:
                        outcome = worker.connection.recv()
                    except Exception as error:  # the other end is gone, or what it sent cannot be unpacked
                        worker.process.join(1)
                        outcome = WorkerFailure(FailureKind.CRASHED, _exit_text(worker.process.exitcode) or repr(error))
                elif crew.is_over(worker):
                    outcome = WorkerFailure(FailureKind.TIMED_OUT, f"no answer after {seconds:g} seconds of work")
                else:
                    continue
                item, is_tired = worker.item, worker.items > 1
                worker.item = None
                is_lost = isinstance(outcome, WorkerFailure) and outcome.kind is not FailureKind.RAISED
                if is_lost:
                    outcome = _explain(outcome, crew.dismiss(worker))
                if item is None:
                    if isinstance(outcome, WorkerFailure):
                        raise RuntimeError(f"a worker process did not start: {outcome.kind.value} {outcome.cause}")
                elif is_lost and outcome.kind is not FailureKind.TIMED_OUT and is_tired and item not in retried:
                    retried.add(item)
                    waiting.append(item)
                else:
                    yield item, outcome
                if is_lost:
                    continue
                if waiting:
                    index = waiting.pop()
                    crew.give(worker, index, items[index])
                else:
                    crew.dismiss(worker)
    finally:
        for worker in list(crew.workers):
            crew.dismiss(worker)


def run_here(function: Callable[[Any], Any], item: Any) -> Any:
    """Return what ``function`` makes of ``item`` in this process; a ``WorkerFailure`` where it raises anything at all."""
    try:
        return function(item)
    except (KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except MemoryError:
        return WorkerFailure(FailureKind.TOO_BIG, "MemoryError")
    except BaseException as error:  # a panic of a Rust library derives from BaseException
        return WorkerFailure(FailureKind.RAISED, traceback.format_exc(limit=-8)[-_MOST_CHARACTERS:] or repr(error))


def _explain(failure: WorkerFailure, complaints: str) -> WorkerFailure:
    """Return why a process is gone, by what it wrote on its way out."""
    cause = "\n".join(part for part in (failure.cause, complaints.strip()) if part)
    is_memory = failure.kind is FailureKind.CRASHED and any(word in complaints for word in _OUT_OF_MEMORY)
    return WorkerFailure(FailureKind.TOO_BIG if is_memory else failure.kind, cause)


def _exit_text(code: int | None) -> str:
    if code is None:
        return ""
    return f"ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"


def _timeout(workers: list[_Worker]) -> float:
    return max(0.0, min(worker.deadline for worker in workers) - time.monotonic()) + 0.01


def _work_seconds(pid: int | None) -> float:
    """Return how many seconds of work a process has done; 0 where the system does not say."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _is_at_work(pid: int | None) -> bool:
    """Tell whether a thread of a process runs, waits for its turn, or for the disk."""
    with suppress(OSError):
        return any(
            task.read_text().rpartition(")")[2].split()[0] in "RD" for task in Path(f"/proc/{pid}/task").glob("*/stat")
        )
    return False


def _work(connection: Connection, function: Callable[[Any], Any], complaints: str, memory: int | None) -> None:
    with open(complaints, "w", encoding="utf-8") as stream:
        os.dup2(stream.fileno(), 2)
    faulthandler.enable()
    sys.stderr = os.fdopen(os.dup(2), "w", encoding="utf-8", errors="replace", buffering=1)
    with suppress(EOFError, OSError, KeyboardInterrupt):
        connection.send("ready")
        if memory:
            _limit_memory(memory)
        while True:
            item = connection.recv()
            outcome = run_here(function, item)
            del item
            _send(connection, outcome)


def _send(connection: Connection, outcome: Any) -> None:
    try:
        connection.send(outcome)
    except OSError:
        raise
    except Exception as error:  # it cannot be packed
        connection.send(WorkerFailure(FailureKind.RAISED, repr(error)[:_MOST_CHARACTERS]))


def _limit_memory(extra: int) -> None:
    """Let this process have ``extra`` bytes of its own beyond what it has now; Linux only."""
    with suppress(ImportError, OSError, ValueError):
        import resource

        pages = int(Path("/proc/self/statm").read_text().split()[5])
        limit = pages * os.sysconf("SC_PAGE_SIZE") + extra
        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        resource.setrlimit(resource.RLIMIT_DATA, (limit, hard))
