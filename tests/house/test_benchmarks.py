"""Claims about the benchmark: it runs, counts what it says, and tells the truth about the aim."""

import json
import sys

import pytest
from polars.testing import assert_frame_equal

from benchmarks import history, national_month
from benchmarks.measuring import GIBIBYTE, Measurement, measure
from benchmarks.national_month import main, report
from pipeline import tables
from pipeline.home import Home
from pipeline.judged.judge import JUDGED_TABLES, judge_changed
from pipeline.simulator import simulate
from pipeline.storage import read_tables


def test_benchmark_runs_on_three_workbooks(tmp_path, capsys):
    figures = tmp_path / "figures.json"
    assert main(["--workbooks", "3", "--provinces", "1", "--only", "floor", "--json", str(figures)]) == 0
    told = json.loads(figures.read_text())
    assert told["workbooks"] == 3
    assert told["floor"][0]["output"]["files"] == 3
    assert told["floor"][0]["output"]["rows"] > 300
    assert "3 workbooks" in capsys.readouterr().out


@pytest.mark.slow
def test_load_and_the_other_way_are_measured_on_the_same_workbooks(tmp_path, capsys):
    figures = tmp_path / "figures.json"
    main(["--workbooks", "3", "--provinces", "1", "--sample", "0", "--json", str(figures)])
    told = json.loads(figures.read_text())
    assert told["load"][0]["output"]["verdicts"] == {"accepted": 3}
    assert set(told["load"][0]["output"]["seconds"]) >= {
        "landing",
        "cells",
        "judged",
        "warehouse",
        "published",
        "alerts",
    }
    assert told["other"][0]["output"]["sample"] == 3
    assert told["other"][0]["output"]["failures"] == 0  # the simulated books balance, whoever checks them
    assert "x faster than the other way" in capsys.readouterr().out


def test_a_part_that_fails_is_told_with_the_end_of_its_log(tmp_path):
    with pytest.raises(RuntimeError, match="ended with 3:\nno room"):
        measure([sys.executable, "-c", "import sys; print('no room', file=sys.stderr); sys.exit(3)"], tmp_path / "log")


def test_report_says_which_aims_are_missed():
    load = Measurement(50.0, 80.0, 3 * GIBIBYTE, {"seconds": {"landing": 1.0}})
    floor = Measurement(3.0, 3.0, GIBIBYTE, {"reading_s": 2.0})
    told = {"files": 760, "sample": 40, "start_s": 5, "checking_s": 50, "scaled_s": 955, "scaled_cpu_s": 800}
    other = Measurement(60.0, 60.0, GIBIBYTE, told)
    lines = report({"load": [load], "floor": [floor], "other": [other]}, 760)
    assert any("allowed 6 x 2.00 + 30 = 42.0 s: MISSED" in line for line in lines)
    assert any("19 x faster than the other way, aim 15: met (10 x less CPU)" in line for line in lines)
    assert any("3.00 GiB, allowed 2: MISSED" in line for line in lines)


def test_repeated_run_with_least_cpu_counts():
    busy, quiet = (Measurement(wall, cpu, GIBIBYTE, {"seconds": {}}) for wall, cpu in ((90.0, 60.0), (40.0, 50.0)))
    floor = Measurement(3.0, 3.0, GIBIBYTE, {"reading_s": 2.0})
    assert any("load 40.0 s" in line for line in report({"load": [busy, quiet], "floor": [floor]}, 760))


@pytest.mark.slow
def test_a_history_that_is_copied_is_judged_as_one_that_is_judged(tmp_path):
    simulate(tmp_path / "country", 1, history.FIRST_MONTH, history.LAST_MONTH, seed=1, offices_per_province=1)
    block = history.YearOfReturns(tmp_path / "country" / "inbox", Home(tmp_path / "read"))
    home = history.histories(block, tmp_path, (1, 3))[3]
    judged = Home(tmp_path / "all-judged")
    for years in (-2, -1, 0):
        block.write_cells(judged, years)
    judge_changed(judged)
    # Ids are made from what is looked at, and sentences name its year.
    left_out = ("finding_id", "cause_id", "sentence_vi", "sentence_en")
    for name in JUDGED_TABLES:
        copied, made = (
            read_tables(one.judged, name, getattr(tables, name.upper())).drop(left_out, strict=False)
            for one in (home, judged)
        )
        assert_frame_equal(copied, made, check_row_order=False)
    assert len(list(home.judged.glob("20*"))) == 36


def test_help_names_every_part(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    shown = capsys.readouterr().out
    assert all(part in shown for part in national_month.PARTS)
