"""The guard around what is done with a file from outside: what is said of one that broke its reader.

Every file is read in a process of its own with ten seconds of work and one gibibyte (``pipeline.worker_pool``). One that
crashes it, hangs, or asks for more is refused with a sentence that blames nobody, and an engineer finds what happened.
"""

from pipeline.landing.problems import Problem, problem
from pipeline.worker_pool import SECONDS, Broken, Failure

CODES = {
    Failure.CRASHED: "reading_crashed",
    Failure.RAISED: "reading_crashed",
    Failure.TIMED_OUT: "reading_too_slow",
    Failure.TOO_BIG: "reading_too_big",
}

#: What only an engineer can look into: no letter goes out about it.
SET_ASIDE = "set_aside"
FOR_ENGINEERS = (*dict.fromkeys(CODES.values()), SET_ASIDE)


def refusal(broken: Broken, file_name: str) -> Problem:
    """Return what is said of a file that broke its reader."""
    return problem(CODES[broken.failure], file=file_name, seconds=f"{SECONDS:g}")
