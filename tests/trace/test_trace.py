"""Claims about ``thads trace``: every published number leads to cells that the landed bytes prove, or says why not."""

import json
import shutil
from decimal import Decimal

import duckdb
import pytest
from typer.testing import CliRunner

from pipeline.cli.main import app
from pipeline.home import Home
from pipeline.landing.blobs import blob_path
from pipeline.published.query import open_published
from pipeline.trace import Question, Untraceable, trace
from pipeline.trace.derivation import derive
from pipeline.trace.proof import ProofStatus
from pipeline.trace.trace import Tracer

KIEN_GIANG = ("unit_key=kien-giang", "period_id=2022-12")
TOTAL = ("case_kind=total", "initiative=total")
AN_BIEN = ("unit_key=kien-giang.an-bien", "period_id=2023-09")


@pytest.fixture
def tracer(samples_home: Home):
    with open_published(samples_home) as connection:
        yield Tracer(samples_home, connection)


def asked(table: str, column: str, *keys: str) -> Question:
    return Question.parse(table, column, keys)


def test_the_8122_of_the_seed_is_traced_to_the_line_that_prints_it(samples_home):
    found = trace(samples_home, asked("fct_case_results", "carried_over", *KIEN_GIANG, *TOTAL))
    assert (found.value, found.cell.address, found.cell.raw) == (8122, "G7", "8122")
    assert found.version["source_ref"] == "KG-2022-12M"
    assert found.proof is ProofStatus.VERIFIED
    assert {"balance.carried_over"} <= {rule["rule_id"] for rule in found.rules if rule["fails_here"]}


@pytest.mark.parametrize(
    ("column", "value", "cells"),
    [
        ("money_completion_rate_pct", "57.79", {"G10", "G12"}),
        ("money_gap_points", "17.69", {"G10", "G12"}),
        ("money_gap_pro_rata_points", "17.69", {"G10", "G12"}),
        ("money_eligible_share_pct", "59.20", {"G9", "G10"}),
        ("printed_money_completion_rate_pct", "57.7900", {"G15"}),
        ("cases_due", "20352", {"G3"}),
    ],
)
def test_a_headline_goes_back_to_what_it_was_worked_out_from(tracer, column, value, cells):
    found = tracer.trace(asked("mart_scorecard", column, *KIEN_GIANG))
    assert str(found.value) == value
    assert found.is_proven
    assert {end.cell.address for end in found.cells()} == cells


def test_a_change_goes_back_to_both_years_and_after_a_merger_to_all_that_merged(tracer):
    nine_months = ("unit_key=kien-giang", "period_id=2014-09")
    found = tracer.trace(asked("mart_scorecard", "cases_completed_change", *nine_months))
    assert (found.value, found.is_proven, len(list(found.cells()))) == (650, True, 2)

    row = {"report_id": "ab", "period_id": "2025-12", "cases_last_year_report_ids": ["a", "b"]}
    for column, values, worked_out in (
        ("cases_completed_change", [240, 80, 120], 40),
        ("cases_completed_growth_pct", [240, 80, 120], Decimal("20.00")),
        ("cases_completion_rate_change_points", [240, 80, 120, 400, 100, 300], Decimal("10.00")),
    ):
        derived = derive(duckdb.connect(), asked("mart_scorecard", column), row)
        assert derived.work_out(values) == worked_out
        assert [part.keys["report_id"] for part in derived.parts[:3]] == ["ab", "a", "b"]
    with pytest.raises(Untraceable, match="nothing of last year"):
        derive(duckdb.connect(), asked("mart_scorecard", column), row | {"cases_last_year_report_ids": None})


@pytest.mark.parametrize(
    ("column", "said", "part", "whole"),
    [
        ("cases_completion_rate_pct", "100 × completed / eligible", "completed", "eligible"),
        ("cases_eligible_share_pct", "100 × eligible / due", "eligible", "due"),
        ("money_completion_rate_pct", "100 × completed / eligible", "completed_vnd", "eligible_vnd"),
        ("money_eligible_share_pct", "100 × eligible / due", "eligible_vnd", "due_vnd"),
        ("cases_gap_points", "100 × completed / eligible − target 20", "completed", "eligible"),
        ("money_gap_pro_rata_points", "100 × completed / eligible − target 15", "completed_vnd", "eligible_vnd"),
    ],
)
def test_a_share_is_worked_out_from_its_part_by_its_whole_as_the_words_say(column, said, part, whole):
    row = {"report_id": "r", "period_id": "2023-06", "cases_target_pct": "20", "money_target_pct": "30"}
    derived = derive(duckdb.connect(), asked("mart_scorecard", column), row)
    assert [question.column for question in derived.parts] == [part, whole]
    fact = "fct_case_results" if column.startswith("cases") else "fct_money_results"
    assert [question.table for question in derived.parts] == [fact, fact]
    assert derived.description.startswith(said)
    target = {"cases_gap_points": 20, "money_gap_pro_rata_points": 15}.get(column, 0)
    assert derived.work_out([1, 4]) == Decimal(25 - target), "a quarter, and not four hundred per cent"


@pytest.mark.parametrize(
    ("measure", "numerator", "denominator"),
    [
        ("clearance_rate", "completed", "newly_accepted"),
        ("disposition_time", "carried_over", "completed"),
        ("congestion_ratio", "due", "completed"),
        ("ageing_share", "opening", "accepted_total"),
    ],
)
@pytest.mark.parametrize(
    ("basis", "fact", "suffix"), [("cases", "fct_case_results", ""), ("money", "fct_money_results", "_vnd")]
)
def test_an_indicator_names_its_numerator_and_its_denominator(measure, numerator, denominator, basis, fact, suffix):
    """Three hundred by two hundred, as ``mart_indicator`` declares it; its value is multiplied by a hundred here."""
    row = {
        "report_id": "r",
        "measure": measure,
        "basis": basis,
        "numerator": 300,
        "denominator": 200,
        "value": "150.0000",
    }
    parts = {}
    for column in ("numerator", "denominator", "value"):
        derived = derive(duckdb.connect(), asked("mart_indicator", column), row)
        parts[column] = [(part.table, part.column) for part in derived.parts]
    above, below = (fact, f"{numerator}{suffix}"), (fact, f"{denominator}{suffix}")
    assert parts == {"numerator": [above], "denominator": [below], "value": [above, below]}
    assert derived.description == "100 × numerator / denominator"
    assert derived.work_out([300, 200]) == Decimal("150.0000")


@pytest.mark.parametrize(
    ("table", "column", "keys"),
    [
        ("mart_indicator", "value", (*AN_BIEN, "measure=disposition_time", "basis=cases")),
        ("mart_indicator", "value", (*AN_BIEN, "measure=money_per_case")),
        ("mart_indicator", "numerator", (*AN_BIEN, "measure=ageing_share", "basis=money")),
        ("mart_monthly_flow", "completed", (*AN_BIEN, *TOTAL)),
        ("fct_printed_ratio", "printed", (*AN_BIEN, "form=01", "row_code=total.total", "measure=completion_rate")),
        ("fct_case_results_as_known_on('2030-01-01')", "due", (*AN_BIEN, *TOTAL)),
        ("mart_scorecard_as_known_on('2030-01-01')", "cases_completion_rate_pct", AN_BIEN),
    ],
)
def test_marts_printed_ratios_and_tables_of_a_day_are_traced(tracer, table, column, keys):
    found = tracer.trace(asked(table, column, *keys))
    assert found.is_proven
    assert list(found.cells())


def test_a_sum_on_a_territory_goes_back_to_its_parts(tracer):
    table = "fct_case_results_on_territory('2026-01-01')"
    found = tracer.trace(asked(table, "completed", "unit_key=an-giang-2025", "period_id=2023-09", *TOTAL))
    assert found.is_proven
    assert len(found.parts) > 10
    assert sum(part.value for part in found.parts) == found.value


def test_changed_and_missing_bytes_are_told(samples_home, tmp_path):
    home = Home(tmp_path / "home")
    shutil.copytree(samples_home.root, home.root, symlinks=True, ignore=shutil.ignore_patterns("dagster", "bulletin"))
    question = asked("fct_case_results", "due", *AN_BIEN, *TOTAL)
    blob = blob_path(home, trace(home, question).version["sha256"])
    content = blob.read_bytes()
    blob.unlink()
    assert trace(home, question).proof is ProofStatus.MISSING
    blob.write_bytes(content + b" ")
    assert trace(home, question).proof is ProofStatus.TAMPERED
    command = ["trace", "fct_case_results", "due", *AN_BIEN, *TOTAL, "--home", str(home.root), "--json"]
    told = CliRunner().invoke(app, command)
    assert told.exit_code == 1
    assert json.loads(told.stdout)["is_proven"] is False


@pytest.mark.parametrize(
    ("question", "way_out"),
    [
        (("fct_case_result", "due"), "near it are fct_case_results"),
        (("fct_case_results", "duee", *KIEN_GIANG), "it has due"),
        (("fct_case_results", "due", "unit_key=kien-giangg", "period_id=2022-12"), "it is kien-giang"),
        (("fct_case_results", "due", *KIEN_GIANG, "case_kind"), "write column=value"),
        (("fct_case_results", "completed", "period_id=2023-09", "unit_key=kien-giang.an-bien"), "add case_kind="),
        (("fct_case_results_on_territory('soon')", "due"), "is no table"),
        (("fct_case_results_on_territory", "due"), "of a day; write e.g."),
        (("fct_case_results", "delegated", *KIEN_GIANG, *TOTAL), "was not reported, which is not zero"),
        (("fct_case_results; drop table x", "due"), "is no table"),
        (("mart_reporting_record", "versions_received", *AN_BIEN), "lead to no cell"),
        (("mart_scorecard", "cases_completion_rank", *AN_BIEN), "no single cell"),
    ],
)
def test_a_question_that_leads_nowhere_says_what_would(tracer, question, way_out):
    with pytest.raises(Untraceable, match=way_out.replace(".", r"\.")):
        tracer.trace(asked(*question))


def test_the_command_exits_2_and_names_the_way_out(samples_home, tmp_path):
    told = CliRunner().invoke(app, ["trace", "fct_case_results", "due", "--home", str(tmp_path / "none")])
    assert told.exit_code == 2
    told = CliRunner().invoke(
        app, ["trace", "fct_case_results", "carried_over", *KIEN_GIANG, *TOTAL, "--home", str(samples_home.root)]
    )
    assert told.exit_code == 0
    assert "PROVEN" in told.stdout
    assert "published_figures.csv!G7" in told.stdout
