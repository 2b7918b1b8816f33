"""The guard: a file that crashes, hangs or floods its reader is refused, and its neighbours are read."""

import ctypes
import os
import time
from datetime import datetime
from functools import partial
from pathlib import Path

import polars as pl
import pytest

from pipeline import worker_pool
from pipeline.cells import read as reader
from pipeline.cells.read import read_files
from pipeline.files.guard import FOR_ENGINEERS, skip_failure
from pipeline.home import DBT_PROJECT
from pipeline.worker_pool import FailureKind, WorkerFailure, run_each
from tests.support.sheets import HEADER, RECEPTION, draw

SECONDS = 2.0


def recurse(depth: int) -> int:
    return 1 + recurse(depth + 1)


def work(task: str) -> str:
    """Do something that a reader of files may be brought to do."""
    if task == "allocate":
        return str(len(bytearray(3 << 30)))
    if task == "allocate in native code":
        return str(pl.Series(range(10)).sample(400_000_000, with_replacement=True).len())
    if task == "loop":
        while True:
            pass
    if task == "sleep":
        time.sleep(60)
    if task == "exit":
        os._exit(3)
    if task == "segfault":
        ctypes.string_at(0)
    if task == "recurse":
        return str(recurse(0))
    if task == "panic":
        raise pl.exceptions.PanicException("index out of bounds")
    if task == "unpicklable":
        return lambda: None  # type: ignore[return-value]
    return task


TASKS = {
    "allocate": FailureKind.TOO_BIG,
    "allocate in native code": FailureKind.TOO_BIG,
    "loop": FailureKind.TIMED_OUT,
    "sleep": FailureKind.TIMED_OUT,
    "exit": FailureKind.CRASHED,
    "segfault": FailureKind.CRASHED,
    "recurse": FailureKind.RAISED,
    "panic": FailureKind.RAISED,
    "unpicklable": FailureKind.RAISED,
}


def test_what_breaks_its_process_harms_no_neighbour():
    neighbours = [f"file {number}" for number in range(20)]
    tasks = [*neighbours[:10], *TASKS, *neighbours[10:]]
    results = dict(run_each(work, tasks, workers=2, seconds=SECONDS))
    told = {task: results[place] for place, task in enumerate(tasks)}
    assert {task: told[task] for task in neighbours} == {task: task for task in neighbours}
    assert {task: told[task].kind for task in TASKS} == TASKS


def test_an_engineer_is_told_what_happened():
    causes = {
        task: answer.cause
        for task, (_, answer) in zip(
            ("segfault", "exit", "recurse"),
            sorted(run_each(work, ["segfault", "exit", "recurse"], workers=1, seconds=SECONDS)),
            strict=True,
        )
    }
    assert "SIGSEGV" in causes["segfault"]
    assert "string_at" in causes["segfault"]
    assert "exit code 3" in causes["exit"]
    assert "RecursionError" in causes["recurse"]


def remember(seen: Path, task: str) -> str:
    """Crash where another file was read before in the same process."""
    first = not list(seen.glob(f"{os.getpid()}-*"))
    (seen / f"{os.getpid()}-{task}").touch()
    if not first and task == "second":
        os._exit(1)
    return task


def test_a_file_does_not_answer_for_what_the_one_before_it_left(tmp_path):
    results = dict(run_each(partial(remember, tmp_path), ["first", "second"], workers=1, seconds=SECONDS))
    assert results == {0: "first", 1: "second"}


def receipt(path: Path, number: int, media: str) -> dict:
    return {
        "receipt_id": f"r{number}",
        "batch": 1,
        "path": path.name,
        "file_name": path.name,
        "sha256": f"{number:064x}",
        "media": media,
        "received_at": datetime(2023, 7, 3, 8),
    }


@pytest.fixture
def files(tmp_path) -> tuple[list[dict], list[Path]]:
    """Three workbooks and three texts, the second of each called "bad"."""
    long = "unit,period_start,period_end,form,row,column,value\nkien-giang.go-quao,2022-10-01,2023-06-30,09,total,visits,1\n"
    paths = []
    for name in ("good", "bad", "fine"):
        paths.append(draw(tmp_path / f"{name}.xlsx", {"09": HEADER + RECEPTION}))
        (tmp_path / f"{name}.csv").write_text(long, encoding="utf-8")
        paths.append(tmp_path / f"{name}.csv")
    return [receipt(path, number, path.suffix[1:]) for number, path in enumerate(paths)], paths


def failing(function, *arguments):
    """Fail as a bug of ours would, over one file."""
    if any("bad" in str(argument) for argument in arguments):
        raise IndexError("a bug of ours")
    return function(*arguments)


def test_a_bug_in_a_reader_costs_one_file_and_is_told_to_engineers(files, monkeypatch):
    monkeypatch.setattr(reader, "_read_text", partial(failing, reader._read_text))
    monkeypatch.setattr(reader, "_admit_workbook", partial(failing, reader._admit_workbook))
    read = read_files(*files, workers=0)
    told = dict(read.submissions.select("file_name", "problem").iter_rows())
    assert {name for name, problem in told.items() if problem} == {"bad.csv", "bad.xlsx"}
    assert read.submissions.height == 6
    bad = read.submissions.filter(~pl.col("is_readable"))
    assert set(bad["problem"]) == {"reading_crashed"}
    assert read.breakdowns.height == 2
    assert all("bad." in sentence for sentence in bad["problem_vi"])
    assert all("IndexError: a bug of ours" in cause for cause in read.breakdowns["cause"])
    assert set(read.breakdowns["submission_id"]) == set(bad["submission_id"])


def test_text_is_read_in_a_process_of_its_own_like_a_workbook(files, monkeypatch):
    asked = []
    monkeypatch.setattr(reader, "run_each", lambda function, items, **_: asked.extend(items) or ())
    read_files(*files)
    assert sorted(file["file_name"] for file, _ in asked) == ["bad.csv", "fine.csv", "good.csv"]


def test_a_workbook_larger_than_any_report_is_understood_in_a_process_of_its_own(files, monkeypatch):
    monkeypatch.setattr(reader, "ORDINARY_CELLS", 5)
    alone = []

    def run(function, items, **_):
        alone.extend(items)
        return [(place, function(item)) for place, item in enumerate(items)]

    monkeypatch.setattr(reader, "run_each", run)
    read = read_files(*files)
    assert read.submissions["is_readable"].to_list() == [True] * 6
    assert [portion.receipts[0]["file_name"] for portion in alone if isinstance(portion, reader.Portion)] == [
        "good.xlsx",
        "bad.xlsx",
        "fine.xlsx",
    ]


def test_what_only_engineers_can_mend_is_one_list():
    macro = (DBT_PROJECT / "macros" / "for_engineers.sql").read_text(encoding="utf-8")
    assert all(f"'{code}'" in macro for code in FOR_ENGINEERS)
    assert macro.count("', '") == len(FOR_ENGINEERS) - 1


def test_a_busy_machine_is_no_reason_to_refuse(monkeypatch):
    assert worker_pool.SECONDS == 10
    assert isinstance(worker_pool.run_here(work, "panic"), WorkerFailure)


def test_an_item_that_cannot_be_made_is_left_out_and_told():
    left_out: list[str] = []
    for item in ("good", "bad", "fine"):
        with skip_failure(left_out, item):
            if item == "bad":
                raise KeyError("unit")
    assert left_out == ["bad: KeyError: 'unit'"]


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), MemoryError()])
def test_a_failure_of_the_machine_is_not_left_out(error):
    with pytest.raises(type(error)), skip_failure([], "letter"):
        raise error
