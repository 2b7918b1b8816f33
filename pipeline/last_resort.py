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
CELL_TABLES = {field.name: getattr(tables, field.name.upper()) for field in fields(ReadingResult)}

Say = Callable[[str], object]
T = TypeVar("T")

#: With less free space than this, the disk is blamed for a failed stage.
LEAST_FREE = 50_000_000
#: After this many trials all that is still in doubt is set aside together: the night must end.
MOST_TRIALS = 40
#: What is copied, as links, into the home of trial.
LINKED_FOLDERS = ("landing/receipts", "judged", "declared", "answers", "registry", "alerts", "published")

_OWN_ERRORS = (ImportError, MemoryError, KeyboardInterrupt)
_MACHINE_MESSAGES = (
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


def try_judging(home: Home) -> None:
    """Judge a home of trial; raises what judging raises."""
    judge_changed(home)


def try_building(home: Home) -> None:
    """Judge a home of trial and build its warehouse with every test; raises where either fails."""
    from pipeline.warehouse.build import build_environment, dbt_arguments, prepare_build

    judge_changed(home)
    prepare_build(home)
    completed_process = subprocess.run(
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
    if completed_process.returncode:
        raise RuntimeError(f"dbt ended with {completed_process.returncode}: {_dbt_errors(completed_process.stdout)}")


def _dbt_errors(log: str) -> str:
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
    rerun: Callable[[], T] | None = None,
) -> T:
    """Return what ``run`` returns; where it fails over what submissions hold, what ``rerun`` (or it) returns without those.

    ``trial`` does in a home of trial what the stage does; what fails there too with every submission of tonight left
    out is not their fault, and is raised unchanged.
    """
    try:
        return run()
    except Exception as error:
        if is_machine_failure(home, error):
            raise
        say(f"stage {stage} failed ({_short_reason(error)}); looking for the submission that it fails over")
        culprits = find_culprits(home, trial, say)
        if culprits is None:
            raise
        for suspect in culprits:
            quarantine.set_aside(
                home,
                sha256=suspect.sha256,
                submission_id=suspect.submission_id,
                source_ref=suspect.source_ref,
                reason=f"stage {stage} failed over it",
                actor=quarantine.THE_NIGHT,
                stage=stage,
                cause=_short_reason(error),
            )
            say(f"set aside: {suspect.source_ref} ({suspect.submission_id})")
        read_landed(home)
    return (rerun or run)()


def is_machine_failure(home: Home, error: BaseException) -> bool:
    """Tell whether a failure is of the machine or of our own files, which no submission is blamed for."""
    chain, seen_ids = [error], set()
    while chain:
        cause = chain.pop()
        if id(cause) in seen_ids:
            continue
        seen_ids.add(id(cause))
        if isinstance(cause, (*_OWN_ERRORS, OSError)) or any(word in str(cause) for word in _MACHINE_MESSAGES):
            return True
        chain += [link for link in (cause.__cause__, cause.__context__) if link]
    return shutil.disk_usage(home.root).free < LEAST_FREE or bool(broken_files(home.root))


def find_culprits(home: Home, trial: Callable[[Home], None], say: Say = lambda _: None) -> list[Suspect] | None:
    """Return the submissions without which ``trial`` succeeds; none where it succeeds with all, None where nothing helps.

    Those that the live release does not hold are suspected; all, where leaving out these does not help.
    """
    trials = _Trials(home, trial, say)
    published_ids = _published_ids(home)
    all_suspects = _suspects(home)
    new_suspects = [suspect for suspect in all_suspects if suspect.submission_id not in published_ids]
    try:
        if not trials.fails_without([]):
            return []
        for suspects in (new_suspects, all_suspects) if len(new_suspects) < len(all_suspects) else (new_suspects,):
            if suspects and not trials.fails_without(suspects):
                return _narrow_down(suspects, trials)
        return None
    finally:
        shutil.rmtree(trials.home.root, ignore_errors=True)


def _narrow_down(suspects: Sequence[Suspect], trials: "_Trials") -> list[Suspect]:
    """Return those of ``suspects`` without which the trial succeeds, which it does without all, and does not with all."""
    culprits: list[Suspect] = []
    middle = len(suspects) // 2
    groups = [group for group in (list(suspects[middle:]), list(suspects[:middle])) if group]
    cleared_suspects: set[Suspect] = set()
    while groups:
        group = groups.pop()
        excluded_suspects = [
            suspect for suspect in suspects if suspect not in cleared_suspects and suspect not in group
        ]
        if trials.count >= MOST_TRIALS:
            culprits += group
        elif excluded_suspects and not trials.fails_without(
            excluded_suspects
        ):  # with nothing left out it is known to fail
            cleared_suspects.update(group)
        elif len(group) == 1:
            culprits += group
        else:
            middle = len(group) // 2
            groups += [group[middle:], group[:middle]]
    return culprits


class _Trials:
    """A stage tried again and again in a home of its own."""

    def __init__(self, home: Home, trial: Callable[[Home], None], say: Say) -> None:
        self.real_home, self.trial, self.say, self.count = home, trial, say, 0
        self.home = Home(home.root / "scratch" / "trial")
        shutil.rmtree(self.home.root, ignore_errors=True)
        for name in LINKED_FOLDERS:
            if (home.root / name).exists():
                shutil.copytree(home.root / name, self.home.root / name, symlinks=True, copy_function=os.link)

    def fails_without(self, suspects: Sequence[Suspect]) -> bool:
        """Tell whether the stage fails although these are left out."""
        self.count += 1
        self._copy_cells({suspect.submission_id for suspect in suspects})
        try:
            self.trial(self.home)
        except Exception as error:
            if is_machine_failure(self.real_home, error):
                raise
            self.say(f"trial {self.count}: fails without {len(suspects)} submissions: {_short_reason(error)}")
            return True
        self.say(f"trial {self.count}: succeeds without {len(suspects)} submissions")
        return False

    def _copy_cells(self, excluded_ids: set[str]) -> None:
        is_excluded = pl.col("submission_id").is_in(sorted(excluded_ids))
        for folder in sorted(self.real_home.cells.glob("*/")):
            target = self.home.cells / folder.name
            submissions = pl.read_parquet(folder / "submissions.parquet")
            if submissions.filter(is_excluded).is_empty():
                shutil.rmtree(target, ignore_errors=True)
                shutil.copytree(folder, target, copy_function=os.link)
                continue
            batch_tables = {
                name: pl.read_parquet(path) if (path := folder / f"{name}.parquet").exists() else schema.to_frame()
                for name, schema in CELL_TABLES.items()
            }
            frames = vars(quarantine.exclude(ReadingResult(**batch_tables), excluded_ids))
            commit_folder(self.home, target, frames, fingerprint=" ".join(sorted(excluded_ids)))


def _suspects(home: Home) -> list[Suspect]:
    submissions = read_tables(home.cells, "submissions", tables.SUBMISSIONS).filter("is_readable")
    candidates = submissions.unique("submission_id", keep="first").sort("batch", "source_ref", "submission_id")
    return [Suspect(*row) for row in candidates.select("submission_id", "sha256", "source_ref").iter_rows()]


def _published_ids(home: Home) -> set[str]:
    """Return the submissions of the live release; none where there is no release that can be read."""
    try:
        return set(run_query(home, "select submission_id from fct_submission")["submission_id"])
    except Exception:
        return set()


def _short_reason(error: BaseException) -> str:
    while error.__cause__:
        error = error.__cause__
    # Of what dagster-dbt says, what dbt said.
    reason = str(error).split("Errors parsed from dbt logs:")[-1]
    return " ".join(f"{type(error).__name__}: {reason}".split())[:600]
