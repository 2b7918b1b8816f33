"""The guard around the reading of files from outside: how a file that broke its reader is refused.

Every file is read in a process of its own with ten seconds of work and one gibibyte (``pipeline.worker_pool``). One that
crashes it, hangs, or asks for more is refused with a sentence that blames nobody, and an engineer finds what happened.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from pipeline.files.problems import FileProblem, problem
from pipeline.worker_pool import SECONDS, FailureKind, WorkerFailure

CODES = {
    FailureKind.CRASHED: "reading_crashed",
    FailureKind.RAISED: "reading_crashed",
    FailureKind.TIMED_OUT: "reading_too_slow",
    FailureKind.TOO_BIG: "reading_too_big",
}

#: What only an engineer can look into: no letter goes out about it.
SET_ASIDE = "set_aside"
FOR_ENGINEERS = (*dict.fromkeys(CODES.values()), SET_ASIDE)


def refusal(failure: WorkerFailure, file_name: str) -> FileProblem:
    """Return the problem with which a file that broke its reader is refused."""
    return problem(CODES[failure.kind], file=file_name, seconds=f"{SECONDS:g}")


@contextmanager
def skip_failure(failures: list[str], item: str) -> Iterator[None]:
    """Skip an item that cannot be made, and note it in ``failures``; failures of the machine are raised.

    For what is made after publishing, where each item stands by itself: one return costs its own letter, not the night.
    """
    try:
        yield
    except (OSError, MemoryError, ImportError):
        raise
    except Exception as error:
        failures.append(" ".join(f"{item}: {type(error).__name__}: {error}".split())[:400])
