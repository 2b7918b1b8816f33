"""The last resort of a night: a stage that fails over what some submission holds goes on without it.

The stage is tried in a home of trial, over hard links, with halves of tonight's submissions left out, until those are
known without which it succeeds. They are set aside (``pipeline.cells.quarantine``) for an engineer, and the stage runs again.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import TypeVar

import polars as pl

from pipeline import tables
from pipeline.cells import quarantine
from pipeline.cells.read import read_landed
from pipeline.cells.reading import ReadingResult
from pipeline.home import Home
from pipeline.judged.judge import judge_changed
from pipeline.published.query import run_query
from pipeline.storage import broken_files, commit_folder, read_tables

#: The tables of a batch of cells.
READ = {field.name: getattr(tables, field.name.upper()) for field in fields(ReadingResult)}

Say = Callable[[str], object]
T = TypeVar("T")

#: With less than this a failed stage is told to be for want of space.
LEAST_FREE = 50_000_000
#: After so many trials what is still in doubt is set aside together: the night must end.
MOST_TRIALS = 40
#: What is copied, as links, into the home of trial.
LINKED = ("landing/receipts", "judged", "declared", "answers", "registry", "alerts", "published")

_OURS = (ImportError, MemoryError, KeyboardInterrupt)
_OF_THE_MACHINE = (
    "No space left",
    "Could not set lock",
    "Read-only file system",
    "Input/output error",
    "Out of Memory",
)


@dataclass(frozen=True)
class Suspect:
    """A submission that the stage may have failed over."""

    submission_id: str
    sha256: str
    source_ref: str


def judged_well(home: Home) -> None:
    """Judge a home of trial; raises what judging raises."""
    judge_changed(home)


def built_well(home: Home) -> None:
    """Judge a home of trial and build its warehouse with every test; raises where either fails."""
    from pipeline.warehouse.build import build_environment, dbt_arguments, prepare_build

    judge_changed(home)
    prepare_build(home)
    built = subprocess.run(
        dbt_arguments(),
        env={**os.environ, **build_environment(home)},
        cwd=home.root,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        text=True,
        errors="replace",
    )
    if built.returncode:
        raise RuntimeError(f"dbt ended with {built.returncode}: {_errors_of(built.stdout)}")


def _errors_of(log: str) -> str:
    """Return what dbt says is wrong, of what it logged as JSON; the end of the log where it says nothing."""
    errors = []
    for line in log.splitlines():
        try:
            info = json.loads(line)["info"]
        except (ValueError, KeyError, TypeError):
            continue
        if info["level"] == "error":
            errors.append(info["msg"])
    return " ".join(errors) or log[-1000:]


def with_last_resort(
    home: Home,
    stage: str,
    run: Callable[[], T],
    trial: Callable[[Home], None],
    *,
    say: Say = lambda _: None,
    again: Callable[[], T] | None = None,
) -> T:
    """Return what ``run`` returns; where it fails over what submissions hold, what ``again`` (or it) returns without those.

    ``trial`` does in a home of trial what the stage does; what fails there too with every submission of tonight left
    out is not theirs, and is raised as it came.
    """
    try:
        return run()
    except Exception as error:
        if is_of_the_machine(home, error):
            raise
        say(f"stage {stage} failed ({_in_short(error)}); looking for the submission that it fails over")
        guilty = culprits(home, trial, say)
        if guilty is None:
            raise
        for suspect in guilty:
            quarantine.set_aside(
                home,
                sha256=suspect.sha256,
                submission_id=suspect.submission_id,
                source_ref=suspect.source_ref,
                reason=f"stage {stage} failed over it",
                actor=quarantine.THE_NIGHT,
                stage=stage,
                cause=_in_short(error),
            )
            say(f"set aside: {suspect.source_ref} ({suspect.submission_id})")
        read_landed(home)
    return (again or run)()


def is_of_the_machine(home: Home, error: BaseException) -> bool:
    """Tell whether a failure is of the machine or of our own files, which no submission is blamed for."""
    chain, seen = [error], set()
    while chain:
        cause = chain.pop()
        if id(cause) in seen:
            continue
        seen.add(id(cause))
        if isinstance(cause, (*_OURS, OSError)) or any(word in str(cause) for word in _OF_THE_MACHINE):
            return True
        chain += [linked for linked in (cause.__cause__, cause.__context__) if linked]
    return shutil.disk_usage(home.root).free < LEAST_FREE or bool(broken_files(home.root))


def culprits(home: Home, trial: Callable[[Home], None], say: Say = lambda _: None) -> list[Suspect] | None:
    """Return the submissions without which ``trial`` succeeds; none where it succeeds with all, None where nothing helps.

    Those that the live release does not hold are suspected; all, where leaving out these does not help.
    """
    fails = _Trials(home, trial, say)
    known = _published(home)
    everything = _suspects(home)
    new = [suspect for suspect in everything if suspect.submission_id not in known]
    try:
        if not fails.without([]):
            return []
        for suspects in (new, everything) if len(new) < len(everything) else (new,):
            if suspects and not fails.without(suspects):
                return _guilty(suspects, fails)
        return None
    finally:
        shutil.rmtree(fails.home.root, ignore_errors=True)


def _guilty(suspects: Sequence[Suspect], fails: "_Trials") -> list[Suspect]:
    """Return those of ``suspects`` without which the trial succeeds, which it does without all, and does not with all."""
    guilty: list[Suspect] = []
    middle = len(suspects) // 2
    waiting = [group for group in (list(suspects[middle:]), list(suspects[:middle])) if group]
    cleared: set[Suspect] = set()
    while waiting:
        group = waiting.pop()
        left_out = [suspect for suspect in suspects if suspect not in cleared and suspect not in group]
        if fails.count >= MOST_TRIALS:
            guilty += group
        elif left_out and not fails.without(left_out):  # with nothing left out it is known to fail
            cleared.update(group)
        elif len(group) == 1:
            guilty += group
        else:
            middle = len(group) // 2
            waiting += [group[middle:], group[:middle]]
    return guilty


class _Trials:
    """A stage tried again and again in a home of its own."""

    def __init__(self, home: Home, trial: Callable[[Home], None], say: Say) -> None:
        self.real, self.trial, self.say, self.count = home, trial, say, 0
        self.home = Home(home.root / "scratch" / "trial")
        shutil.rmtree(self.home.root, ignore_errors=True)
        for name in LINKED:
            if (home.root / name).exists():
                shutil.copytree(home.root / name, self.home.root / name, symlinks=True, copy_function=os.link)

    def without(self, suspects: Sequence[Suspect]) -> bool:
        """Tell whether the stage fails although these are left out."""
        self.count += 1
        self._lay_out({suspect.submission_id for suspect in suspects})
        try:
            self.trial(self.home)
        except Exception as error:
            if is_of_the_machine(self.real, error):
                raise
            self.say(f"trial {self.count}: fails without {len(suspects)} submissions: {_in_short(error)}")
            return True
        self.say(f"trial {self.count}: succeeds without {len(suspects)} submissions")
        return False

    def _lay_out(self, left_out: set[str]) -> None:
        chosen = pl.col("submission_id").is_in(sorted(left_out))
        for folder in sorted(self.real.cells.glob("*/")):
            there = self.home.cells / folder.name
            submissions = pl.read_parquet(folder / "submissions.parquet")
            if submissions.filter(chosen).is_empty():
                shutil.rmtree(there, ignore_errors=True)
                shutil.copytree(folder, there, copy_function=os.link)
                continue
            read = {
                name: pl.read_parquet(path) if (path := folder / f"{name}.parquet").exists() else schema.to_frame()
                for name, schema in READ.items()
            }
            frames = vars(quarantine.exclude(ReadingResult(**read), left_out))
            commit_folder(self.home, there, frames, fingerprint=" ".join(sorted(left_out)))


def _suspects(home: Home) -> list[Suspect]:
    submissions = read_tables(home.cells, "submissions", tables.SUBMISSIONS).filter("is_readable")
    chosen = submissions.unique("submission_id", keep="first").sort("batch", "source_ref", "submission_id")
    return [Suspect(*row) for row in chosen.select("submission_id", "sha256", "source_ref").iter_rows()]


def _published(home: Home) -> set[str]:
    """Return the submissions of the live release; none where there is no release that can be read."""
    try:
        return set(run_query(home, "select submission_id from fct_submission")["submission_id"])
    except Exception:
        return set()


def _in_short(error: BaseException) -> str:
    while error.__cause__:
        error = error.__cause__
    # Of what dagster-dbt says, what dbt said.
    reason = str(error).split("Errors parsed from dbt logs:")[-1]
    return " ".join(f"{type(error).__name__}: {reason}".split())[:600]
