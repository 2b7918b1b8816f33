"""Explaining on the command line: the seed's 174 is answered for, silent while that holds, and found again afterwards."""

import json
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner, Result

from pipeline import tables
from pipeline.cli.main import app
from pipeline.home import Home
from pipeline.judged.judge import judge_changed
from pipeline.storage import read_tables
from tests.support import nights

pytestmark = pytest.mark.slow
SAID = ["--reason", "174 việc đã ủy thác, cột không có trong bản in", "--by", "Nguyễn Văn A", "--expires", "2099-12-31"]


def thads(home: Home, *words: str) -> Result:
    return CliRunner().invoke(app, [*words, "--home", str(home.root)])


@pytest.fixture
def home(samples_home: Home, tmp_path: Path) -> Home:
    return nights.copy_of(samples_home, tmp_path / "home")


@pytest.fixture
def incident(home: Home) -> str:
    """The id of the open incident on Kiên Giang's workbook of 2022."""
    listed = json.loads(thads(home, "alerts", "list", "--unit", "kien-giang", "--period", "2022-12", "--json").stdout)
    (row,) = [row for row in listed if row["rule_id"] == "balance.carried_over" and row["origin"] == "submitted"]
    return row["alert_id"]


def of_rule(home: Home) -> set[tuple[str, str]]:
    """Status of the finding, and verdict of its return."""
    findings = read_tables(home.judged, "findings", tables.FINDINGS).filter(
        pl.col("rule_id") == "balance.carried_over", pl.col("period_id") == "2022-12", pl.col("on_fail") == "return"
    )
    verdicts = read_tables(home.judged, "verdicts", tables.VERDICTS)
    return set(findings.join(verdicts, on="submission_id").select("status", "verdict").iter_rows())


def test_an_incident_is_explained_until_its_answer_is_withdrawn(home: Home, incident: str):
    assert of_rule(home) == {("fail", "returned")}
    explained = thads(home, "alerts", "explain", incident[:8], *SAID, "--approver", "Trần Thị B")
    assert explained.exit_code == 0, explained.output
    assert "explained" in thads(home, "alerts", "show", incident).stdout
    judge_changed(home)
    assert of_rule(home) == {("explained", "accepted")}
    (answer,) = json.loads(thads(home, "answers", "list", "--json").stdout)
    assert (answer["standing"], answer["unit_key"], answer["form"]) == ("holds", "kien-giang", "01")
    assert (answer["low"], answer["high"]) == ("-174.000000", "-174.000000")

    assert thads(home, "answers", "withdraw", answer["answer_id"][:6], "--reason", "Đã nộp lại").exit_code == 0
    judge_changed(home)
    assert of_rule(home) == {("fail", "returned")}
    assert "withdrawn" in thads(home, "answers", "list", "--standing", "withdrawn").stdout


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--approver", "nguyễn văn a"], "cannot approve"),
        (["--approver", "B", "--tolerance", "viel"], "no number"),
        (["--approver", "B", "--expires", "2001-01-01"], "expires"),
    ],
)
def test_what_cannot_be_an_answer_is_refused_and_nothing_is_kept(home: Home, incident: str, words: list, told: str):
    refused = thads(home, "alerts", "explain", incident, *SAID, *words)
    assert refused.exit_code == 2
    assert told in refused.output
    assert thads(home, "answers", "list", "--json").stdout.strip() == "[]"
