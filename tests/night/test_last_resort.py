"""The last resort: a stage that fails over what one submission holds goes on without it, and an engineer is told."""

import json
import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from pipeline import tables
from pipeline.cells import quarantine
from pipeline.cells.read import read_landed
from pipeline.cli.main import app
from pipeline.home import PROJECT, Home
from pipeline.judged import judge as judging
from pipeline.judged.judge import judge_changed
from pipeline.landing.receive import receive
from pipeline.last_resort import find_culprits, is_machine_failure, try_judging, with_last_resort
from pipeline.published.query import run_query
from pipeline.storage import read_tables

LONG = "unit,period_start,period_end,form,row,column,value\n"
OFFICES = ["go-quao", "tan-hiep", "chau-thanh", "giong-rieng", "an-bien", "an-minh", "vinh-thuan", "kien-luong"]
POISON = "giong-rieng.csv"
ARRIVED = datetime(2023, 7, 3, 8)


@pytest.fixture
def home(tmp_path) -> Home:
    """A home with a return of each of eight offices, landed and read."""
    inbox, home = tmp_path / "inbox", Home(tmp_path / "home")
    inbox.mkdir()
    for office in OFFICES:
        line = f"kien-giang.{office},2022-10-01,2023-06-30,09,total,visits,1\n"
        file = inbox / f"{office}.csv"
        file.write_text(LONG + line, encoding="utf-8")
        os.utime(file, (ARRIVED.timestamp(), ARRIVED.timestamp()))
    receive(inbox, home)
    read_landed(home)
    return home


def submissions(home: Home) -> pl.DataFrame:
    return read_tables(home.cells, "submissions", tables.SUBMISSIONS)


def poisoned(monkeypatch, *names: str) -> None:
    """Make judging fail over files of these names, as a bug of ours would."""
    real = judging.judge

    def judge(submissions, *arguments, **options):
        if not submissions.filter(pl.col("file_name").is_in(names)).is_empty():
            raise ZeroDivisionError("a bug of ours")
        return real(submissions, *arguments, **options)

    monkeypatch.setattr(judging, "judge", judge)


class Stage:
    """A stage that fails over some submissions, and counts how often it is tried."""

    def __init__(self, *bad: str) -> None:
        self.bad, self.trials = set(bad), 0

    def __call__(self, home: Home) -> None:
        self.trials += 1
        if self.bad & set(submissions(home).filter("is_readable")["file_name"]):
            raise ZeroDivisionError("a bug of ours")


@pytest.mark.parametrize("bad", [[POISON], ["go-quao.csv", "kien-luong.csv"], [f"{office}.csv" for office in OFFICES]])
def test_the_guilty_and_only_they_are_found(home, bad):
    stage = Stage(*bad)
    assert sorted(suspect.source_ref for suspect in find_culprits(home, stage) or []) == sorted(bad)
    assert stage.trials <= 2 + 2 * len(bad) * 4


def test_a_stage_that_fails_without_them_too_is_not_their_fault(home):
    def stage(_: Home) -> None:
        raise ZeroDivisionError("of our own")

    assert find_culprits(home, stage) is None
    with pytest.raises(ZeroDivisionError):
        with_last_resort(home, "judged", lambda: stage(home), stage)
    assert quarantine.entries(home) == []


def test_a_failure_that_does_not_come_again_blames_nobody(home):
    failures = iter([ZeroDivisionError("once")])

    def run() -> str:
        for failure in failures:
            raise failure
        return "done"

    assert with_last_resort(home, "judged", run, Stage()) == "done"
    assert quarantine.entries(home) == []


@pytest.mark.parametrize(
    "error",
    [OSError(28, "No space left on device"), ImportError("dbt"), MemoryError(), RuntimeError("IO: No space left")],
)
def test_failures_of_the_machine_are_no_submissions_fault(home, error):
    def run() -> None:
        raise error

    assert is_machine_failure(home, error)
    with pytest.raises(type(error)):
        with_last_resort(home, "judged", run, Stage(POISON))
    assert quarantine.entries(home) == []


def test_a_broken_file_of_ours_is_no_submissions_fault(home):
    (home.cells / "000001" / "cells.parquet").write_bytes(b"PAR1")
    assert is_machine_failure(home, ValueError("could not read"))


def test_trials_leave_the_home_as_it_is(home):
    before = {path: path.read_bytes() for path in home.root.rglob("*") if path.is_file()}
    find_culprits(home, Stage(POISON))
    assert {path: path.read_bytes() for path in home.root.rglob("*") if path.is_file()} == before


def test_what_judging_fails_over_is_set_aside_and_the_rest_is_judged(home, monkeypatch):
    poisoned(monkeypatch, POISON)
    said: list[str] = []
    with_last_resort(home, "judged", lambda: judge_changed(home), try_judging, say=said.append)
    (entry,) = quarantine.entries(home)
    assert (entry.source_ref, entry.stage, entry.set_aside_by) == (POISON, "judged", quarantine.THE_NIGHT)
    assert entry.cause == "ZeroDivisionError: a bug of ours"
    verdicts = read_tables(home.judged, "verdicts", tables.VERDICTS)
    assert verdicts.height == len(OFFICES) - 1
    row = submissions(home).filter(pl.col("file_name") == POISON).row(0, named=True)
    assert (row["is_readable"], row["problem"]) == (False, "set_aside")
    assert POISON in row["problem_vi"]
    assert any("set aside: giong-rieng.csv" in line for line in said)
    # The next night has nothing to look for.
    judge_changed(home)


def test_what_is_released_is_judged_again(home):
    judge_changed(home)
    row = submissions(home).filter(pl.col("file_name") == POISON).row(0, named=True)
    entry = quarantine.set_aside(
        home, sha256=row["sha256"], submission_id=row["submission_id"], source_ref=POISON, reason="why", actor="me"
    )
    read_landed(home)
    judge_changed(home)
    assert read_tables(home.judged, "verdicts", tables.VERDICTS).height == len(OFFICES) - 1
    assert read_landed(home).batches == []
    quarantine.release(home, entry, actor="me", reason="mended")
    read_landed(home)
    judge_changed(home)
    assert read_tables(home.judged, "verdicts", tables.VERDICTS).height == len(OFFICES)


def thads(home: Home, *words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["set-aside", *words, "--home", str(home.root)])
    return done.exit_code, done.stdout


def test_people_set_aside_by_file_name_and_let_in_again(home):
    code, told = thads(home, "add", POISON, "--reason", "the seal is in doubt", "--by", "lan", "--json")
    entry = json.loads(told)
    assert (code, entry["set_aside_by"], entry["reason"]) == (0, "lan", "the seal is in doubt")
    assert [one["entry_id"] for one in json.loads(thads(home, "list", "--json")[1])] == [entry["entry_id"]]
    read_landed(home)
    assert submissions(home).filter(pl.col("problem") == "set_aside")["file_name"].to_list() == [POISON]
    assert thads(home, "release", POISON)[0] == 0
    assert json.loads(thads(home, "list", "--json")[1]) == []
    assert json.loads(thads(home, "list", "--all", "--json")[1])[0]["released_at"]


def test_what_names_nothing_is_told(home):
    assert thads(home, "add", "nowhere.csv", "--reason", "x")[0] == 2
    assert thads(home, "release", "nowhere.csv")[0] == 2


def test_one_submission_is_set_aside_by_its_id(home):
    one = submissions(home).row(0, named=True)
    code, told = thads(home, "add", one["submission_id"], "--reason", "x", "--json")
    assert (code, json.loads(told)["submission_id"]) == (0, one["submission_id"])


def test_the_ledger_is_written_once(home, tmp_path: Path):
    first = quarantine.set_aside(home, sha256="a" * 64, submission_id=None, source_ref="x", reason="one", actor="me")
    again = quarantine.set_aside(home, sha256="a" * 64, submission_id="b", source_ref="x", reason="two", actor="you")
    assert first == again
    assert len(list(home.set_aside.glob("*.json"))) == 1


@pytest.mark.slow
def test_a_whole_night_over_a_poison_publishes_the_rest(tmp_path):
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    for office, name in (("go-quao", "good"), ("giong-rieng", "poison")):
        line = f"kien-giang.{office},2022-10-01,2023-06-30,09,total,visits,1\n"
        (inbox / f"{name}.csv").write_text(LONG + line, encoding="utf-8")
    command = [sys.executable, "-m", "tests.support.poisoned_night", str(inbox), str(tmp_path / "home")]
    for number in (1, 2):
        done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        summary = json.loads(done.stdout.splitlines()[-1])
        assert [entry["source_ref"] for entry in summary["set_aside"]] == (["poison.csv"] if number == 1 else [])
    rows = dict(run_query(Home(tmp_path / "home"), "select source_ref, verdict from fct_submission").iter_rows())
    assert rows["poison.csv"] == "unreadable"
    assert rows["good.csv"] != "unreadable"
