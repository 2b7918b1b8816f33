"""A home that an older version left behind, and what this one makes of it.

``old_homes/23c41dc.tar.gz`` holds landing, cells and judged as commit 23c41dc left them after two red nights: published
figures of a province that does not exist and of two years (accepted without a place), one scope that is a space (two
submissions of one id); then a blank province, a workbook of year 0000, a long CSV of year 0001, a name of 1 500 slashes.
"""

import tarfile
from pathlib import Path

import polars as pl
import pytest

from pipeline import tables
from pipeline.cells.read import read_landed
from pipeline.cells.version import reader_version
from pipeline.home import Home
from pipeline.judged.judge import judge_changed
from pipeline.landing.receive import read_receipts
from pipeline.storage import read_tables
from pipeline.vocabulary import Receipt, Verdict
from tests.support.nights import load

OLD_HOMES = Path(__file__).parent / "old_homes"


@pytest.fixture
def home(tmp_path) -> Home:
    with tarfile.open(OLD_HOMES / "23c41dc.tar.gz") as archive:
        archive.extractall(tmp_path / "home", filter="data")
    return Home(tmp_path / "home")


def submissions(home: Home) -> pl.DataFrame:
    return read_tables(home.cells, "submissions", tables.SUBMISSIONS)


def test_the_old_home_holds_what_turned_nights_red(home):
    old = submissions(home)
    assert old["submission_id"].is_duplicated().any()
    assert not old.filter(pl.col("unit_key").is_null() | pl.col("period_id").is_null()).is_empty()


def test_what_an_older_reader_read_is_read_and_judged_again(home):
    assert read_landed(home).batches == [1, 2]
    judge_changed(home)
    now = submissions(home)
    assert not now["submission_id"].is_duplicated().any()
    landed = read_receipts(home).filter(pl.col("verdict") == Receipt.LANDED)["receipt_id"]
    assert set(now["receipt_id"]) == set(landed)
    verdicts = read_tables(home.judged, "verdicts", tables.VERDICTS)
    assert verdicts["submission_id"].sort().equals(now["submission_id"].sort())
    accepted = verdicts.filter(pl.col("verdict") != Verdict.RETURNED)
    assert now.join(accepted, on="submission_id").select("report_id", "unit_key", "period_id").null_count().row(0) == (
        0,
        0,
        0,
    )
    assert read_landed(home).batches == []


def test_a_batch_says_which_reader_read_it(home):
    read_landed(home)
    assert (home.cells / "000001" / "fingerprint.txt").read_text().split()[0] == reader_version()


@pytest.mark.slow
def test_one_load_turns_the_old_home_green(home, tmp_path):
    (tmp_path / "inbox").mkdir()
    summary = load(tmp_path / "inbox", home)
    assert summary["ok"]
    assert summary["set_aside"] == []
    assert summary["release"] == 1
