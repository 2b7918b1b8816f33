"""Claims about reports compared with each other: a text with its workbook, a month with the one before, in any order."""

import shutil
from datetime import date, datetime
from pathlib import Path
from unittest import mock

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expectations.direct_validation import validate_directly
from pipeline import tables
from pipeline.calendar.deadlines import working_day_after, working_days_after
from pipeline.cells.read import read_files
from pipeline.cells.reading import ReadingResult
from pipeline.home import PROJECT, Home
from pipeline.judged.judge import Judgement, divide, judge, judge_changed
from pipeline.judged.partners import compared_reports
from pipeline.simulator import samples
from pipeline.storage import commit_folder, read_tables
from tests.support.narratives import SEED, receipt
from tests.support.sheets import Returns, read

WORKBOOK = PROJECT / "samples" / "kien-giang-2022" / "kien-giang.2022-12.xlsx"
TEXT = """
Năm 2022, Cục Thi hành án dân sự tỉnh Kiên Giang báo cáo kết quả công tác.
Về việc: tổng số phải thi hành 20.352 việc, trong đó có điều kiện thi hành 14.647 việc; đã thi hành xong 12.056 việc.
"""
AGREES = "text.agrees_with_forms"


# --- a text and the workbook of the same agency and period


def judged_together(folder: Path, text: bytes, workbook: Path) -> tuple[Judgement, str]:
    """Judge a text and a workbook side by side; return the judgement and the text's submission."""
    path = folder / "bao-cao.txt"
    path.write_bytes(text)
    told = read_files([receipt(path.name, text)], [path])
    together = ReadingResult.concatenate([told, read(workbook)])
    judgement = judge(
        together.submissions,
        together.cells,
        together.remarks,
        database=folder / "judging.duckdb",
        validator=validate_directly,
    )
    return judgement, told.submissions["submission_id"][0]


def agreement(judgement: Judgement, submission: str) -> dict[str, tuple[str, int]]:
    """Return status and number of comparisons of the rule by form, where it compared anything."""
    of = judgement.outcomes.filter(
        pl.col("submission_id") == submission, pl.col("rule_id") == AGREES, pl.col("checked") > 0
    )
    return {form: (status, checked) for form, status, checked in of.select("form", "status", "checked").iter_rows()}


def workbook_with(folder: Path, place: tuple[str, str], column: str, figure: int) -> Path:
    """Write the workbook of Kiên Giang 2022 with one other figure."""
    path = folder / "kien-giang.2022-12.xlsx"
    printed = samples.KIEN_GIANG_2022
    samples.write_kien_giang(path, {**printed, place: {**printed[place], column: figure}})
    return path


def test_the_text_and_the_workbook_of_the_seed_agree_on_every_figure_that_both_print(tmp_path):
    if not SEED.exists():
        pytest.skip("the seed report lies beside the repository and is not here")
    judgement, text = judged_together(tmp_path, SEED.read_bytes(), WORKBOOK)
    assert agreement(judgement, text) == {
        "01": ("pass", 6),
        "02": ("pass", 6),
        "09": ("pass", 4),
        "credit": ("pass", 3),
        "discipline": ("pass", 1),
    }


@pytest.mark.parametrize(("column", "printed", "changed"), [("completed", "12.056", 12065), ("due", "20.352", 20178)])
def test_one_changed_figure_is_a_contradiction_that_quotes_both_places(column, printed, changed, tmp_path):
    workbook = workbook_with(tmp_path, ("01", "total.total"), column, changed)
    judgement, text = judged_together(tmp_path, TEXT.encode(), workbook)
    assert agreement(judgement, text) == {"01": ("fail", 3)}
    (finding,) = judgement.findings.filter(pl.col("rule_id") == AGREES).to_dicts()
    told, sent = finding["cells"]
    assert (told["submission_id"], told["column_code"], told["sheet"]) == (text, column, "bao-cao.txt")
    start, end = told["address"].removeprefix("c").split("-")
    assert TEXT[int(start) : int(end)] == told["raw"]
    assert printed in told["raw"]
    assert (sent["sheet"], sent["value"]) == ("01", changed)
    for sentence in (finding["sentence_vi"], finding["sentence_en"]):
        for part in (told["address"], sent["address"], "bao-cao.txt", "01/TK-THA"):
            assert part in sentence
    assert finding["on_fail"] == "query"


def test_a_contradiction_is_a_cause_apart_from_what_does_not_add_up_within_the_text(tmp_path):
    off = TEXT.replace("12.056 việc", "12.056 việc; số chuyển kỳ sau 8.122 việc")
    for column, changed in (("completed", 12065), ("carried_over", 8133)):
        workbook = workbook_with(tmp_path, ("01", "total.total"), column, changed)
        judgement, text = judged_together(tmp_path, off.encode(), workbook)
        causes = judgement.cause_findings.filter(pl.col("submission_id") == text)
        rules = causes.join(judgement.findings, on="finding_id").select("rule_id", "cause_id")
        assert sorted(rules["rule_id"]) == ["balance.carried_over", AGREES]
        assert rules["cause_id"].n_unique() == 2, column


def test_a_rounded_figure_of_a_text_agrees_within_what_it_rounds_away(tmp_path):
    text = TEXT + "Về tiền: đã thi hành xong 1.165 tỷ đồng.\n"
    judgement, submission = judged_together(tmp_path, text.encode(), WORKBOOK)
    assert agreement(judgement, submission) == {"01": ("pass", 3), "02": ("pass", 1)}


def test_a_text_alone_or_of_another_year_has_nothing_to_agree_with(tmp_path):
    other = TEXT.replace("Năm 2022", "Năm 2021")
    judgement, submission = judged_together(tmp_path, other.encode(), WORKBOOK)
    assert agreement(judgement, submission) == {}
    of_rule = judgement.outcomes.filter(pl.col("submission_id") == submission, pl.col("rule_id") == AGREES)
    assert set(of_rule["status"]) == {"not_applicable"}


# --- months beside each other

MONTHS = ("2023-01", "2023-02", "2023-03", "2023-04")


def month(period: str, completed: int, version: int = 1, **cells: int) -> Returns:
    """Draw what Gò Quao sends for a month."""
    drawn = Returns()
    drawn.add(
        f"{period}/{version}/{completed}",
        {("01", "total.total"): {"completed": completed} | cells},
        period=period,
        report_id=period,
        batch=version,
        received_at=datetime(2023, 1, 1 + version, 8),
    )
    return drawn


def arrive(home: Home, *batches: Returns) -> None:
    """Let returns arrive, each as a load of its own."""
    for drawn in batches:
        number = len(list(home.cells.glob("*"))) + 1
        frames = dict(zip(("submissions", "cells", "remarks"), drawn.frames(), strict=True))
        commit_folder(home, home.cells / f"{number:06}", frames, fingerprint=str(number))


def load(home: Home) -> list[str]:
    return judge_changed(home, validator=validate_directly).periods


def falling(home: Home) -> set[str]:
    """Return the periods in which a cumulative flow falls."""
    findings = read_tables(home.judged, "findings", tables.FINDINGS)
    return set(findings.filter(pl.col("rule_id") == "cumulative.flows")["period_id"])


def everything(home: Home) -> dict[str, pl.DataFrame]:
    """Return all that judging left, but for the batch in which a report came."""
    names = {
        "outcomes": tables.OUTCOMES,
        "findings": tables.FINDINGS,
        "verdicts": tables.VERDICTS,
        "standing": tables.STANDING,
    }
    keys = {"outcomes": ["submission_id", "form", "rule_id"], "findings": ["finding_id"], "verdicts": ["submission_id"]}
    return {
        name: read_tables(home.judged, name, schema).sort(
            keys.get(name, ["submission_id", "form", "row_code", "column_code"])
        )
        for name, schema in names.items()
    }


def test_a_month_below_the_one_before_is_returned_and_quotes_both_cells(tmp_path):
    home = Home(tmp_path)
    arrive(home, month("2023-01", 10), month("2023-02", 30), month("2023-03", 25))
    load(home)
    assert falling(home) == {"2023-03"}
    (finding,) = (
        read_tables(home.judged, "findings", tables.FINDINGS).filter(pl.col("rule_id") == "cumulative.flows").to_dicts()
    )
    assert [cell["submission_id"] for cell in finding["cells"]] == ["2023-03/1/25", "2023-02/1/30"]
    assert "báo cáo 2 tháng năm 2023" in finding["sentence_vi"]
    assert "the 2-month report of 2023" in finding["sentence_en"]
    verdicts = dict(read_tables(home.judged, "verdicts", tables.VERDICTS).select("period_id", "verdict").iter_rows())
    assert verdicts == {"2023-01": "accepted", "2023-02": "accepted", "2023-03": "returned"}


def test_a_correction_judges_the_month_that_looks_at_it_again_and_no_other(tmp_path):
    home = Home(tmp_path)
    arrive(home, month("2023-01", 10), month("2023-02", 30), month("2023-03", 25), month("2023-04", 40))
    assert load(home) == list(MONTHS)
    arrive(home, month("2023-02", 20, version=2))
    assert load(home) == ["2023-02", "2023-03"]
    assert falling(home) == set()
    assert load(home) == []


def test_what_does_not_agree_with_itself_is_compared_with_nothing(tmp_path):
    home = Home(tmp_path)
    arrive(home, month("2023-01", 10), month("2023-02", 99, eligible=50), month("2023-03", 25))
    load(home)
    assert falling(home) == set()
    outcomes = read_tables(home.judged, "outcomes", tables.OUTCOMES).filter(pl.col("rule_id") == "cumulative.flows")
    assert dict(outcomes.select("period_id", "status").iter_rows())["2023-03"] == "not_applicable"


@settings(max_examples=3, deadline=None)
@given(st.permutations(range(5)), st.lists(st.booleans(), min_size=5, max_size=5))
def test_any_order_of_arrival_in_any_number_of_loads_ends_in_the_same_tables(tmp_path_factory, order, pauses):
    sent = [
        month("2023-01", 10),
        month("2023-02", 30),
        month("2023-03", 25),
        month("2023-04", 40),
        month("2023-02", 20, 2),
    ]
    at_once, in_turn = (Home(tmp_path_factory.mktemp("order")) for _ in range(2))
    arrive(at_once, *sent)
    load(at_once)
    for n, pause in zip(order, pauses, strict=True):
        arrive(in_turn, sent[n])
        if pause:
            load(in_turn)
    load(in_turn)
    expected, found = everything(at_once), everything(in_turn)
    assert expected["verdicts"].height == 5
    assert {name for name in expected if not found[name].equals(expected[name])} == set()


def test_judging_period_by_period_ends_as_judging_all_at_once(tmp_path):
    sent = [month("2022-12", 50), month("2023-01", 10), month("2023-02", 30), month("2023-03", 25)]
    at_once, in_portions = Home(tmp_path / "at-once"), Home(tmp_path / "in-portions")
    for home, most in ((at_once, 1_000), (in_portions, 1)):
        arrive(home, *sent)
        told: list[str] = []
        with mock.patch("pipeline.judged.judge.MOST_CELLS", most):
            judge_changed(home, validator=validate_directly, progress=told.append)
        portions = [line for line in told if line.startswith("judging ")]
        assert len(portions) == (1 if most > 1 else 4), portions
    assert falling(in_portions) == {"2023-03"}
    expected, found = everything(at_once), everything(in_portions)
    assert expected["verdicts"].height == 4
    assert {name for name in expected if not found[name].equals(expected[name])} == set()


def test_a_first_period_without_a_cell_stops_nothing(tmp_path):
    # Drawn by the storm: a long CSV of two periods, of which the first had a figure on no row of its form.
    home, empty = Home(tmp_path), Returns()
    empty.add("empty", remarks=["unknown_row:09"], period="2022-12", report_id="empty")
    arrive(home, empty, month("2023-01", 10))
    assert load(home) == ["2022-12", "2023-01"]
    verdicts = read_tables(home.judged, "verdicts", tables.VERDICTS)
    assert set(verdicts["submission_id"]) == {"empty", "2023-01/1/10"}


@given(st.lists(st.integers(0, 5), max_size=12), st.integers(1, 8))
def test_periods_are_divided_in_their_order_and_a_portion_is_too_large_only_alone(sizes, most):
    periods = [f"{number:02}" for number in range(len(sizes))]
    cells = {period: size for period, size in zip(periods, sizes, strict=True) if size}
    portions = divide(periods, cells, most)
    assert [period for portion in portions for period in portion] == periods
    for portion in portions:
        assert sum(cells.get(period, 0) for period in portion) <= most or len([p for p in portion if p in cells]) == 1


def test_a_load_killed_between_two_periods_is_finished_by_the_next(tmp_path):
    home = Home(tmp_path)
    arrive(home, month("2023-01", 10), month("2023-02", 30), month("2023-03", 25))
    load(home)
    whole = everything(home)
    shutil.rmtree(home.judged / "2023-02")
    assert load(home) == ["2023-02"]
    assert whole["verdicts"].height == 3
    finished = everything(home)
    assert {name for name in whole if not finished[name].equals(whole[name])} == set()


def test_the_report_before_is_the_nearest_that_was_sent_and_the_first_of_a_year_looks_at_last_year(tmp_path):
    drawn = Returns()
    for period in ("2022-03", "2022-12", "2023-03", "2023-10", "2023-12"):
        drawn.add(period, period=period, report_id=period)
    submissions, _, _ = drawn.frames()
    looked_at = {
        (row["submission_id"], row["relation"]): row["period_id"]
        for row in compared_reports(submissions, submissions).to_dicts()
    }
    assert looked_at == {
        ("2022-12", "previous"): "2022-03",
        ("2023-03", "last_year"): "2022-03",
        ("2023-03", "year_end"): "2022-12",
        ("2023-10", "previous"): "2023-03",
        ("2023-12", "previous"): "2023-10",
        ("2023-12", "tenth_month"): "2023-10",
        ("2023-12", "last_year"): "2022-12",
    }


# --- lateness


def test_days_late_are_working_days_without_tet_and_week_ends():
    assert working_days_after(date(2023, 1, 19), date(2023, 1, 27)) == 1
    assert working_days_after(date(2023, 7, 4), date(2023, 7, 10)) == 4
    assert working_days_after(date(2023, 7, 4), date(2023, 7, 4)) == 0
    assert working_days_after(date(2023, 7, 7), date(2023, 7, 8)) == 1  # a Saturday after a Friday is late all the same


@given(st.dates(date(2015, 1, 1), date(2027, 12, 1)), st.integers(1, 20))
def test_so_many_working_days_later_is_so_many_days_late(day, count):
    assert working_days_after(day, working_day_after(day, count)) == count
