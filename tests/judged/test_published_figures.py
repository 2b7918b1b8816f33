"""What published figures are judged by: growth of every measure, how exact a figure is, and whose target."""

from datetime import datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from expectations.direct_validation import validate_directly
from pipeline.cells.figure import rounding_of
from pipeline.forms import forms
from pipeline.judged.judge import Judgement, judge
from tests.support.sheets import read

HEADER = "case_id,province,level,period_start,period_end,indicator,value,unit,source"
NATION = "(toàn quốc),national,2022-10-01,2023-09-30"
KIEN_GIANG = "Kiên Giang,province,2021-10-01,2022-09-30"
GIA_LAI = "Gia Lai,province,2021-10-01,2022-09-30"


def judged(folder: Path, *lines: str, who: str = NATION) -> Judgement:
    """Judge one published report of ``indicator value unit`` lines, without Great Expectations."""
    path = folder / "published.csv"
    rows = [f"C1,{who},{','.join(line.split(' ', 2))},a paper" for line in lines]
    path.write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")
    found = read(path, received_at=datetime(2026, 1, 5))
    database = folder / "judging.duckdb"
    return judge(found.submissions, found.cells, found.remarks, database=database, validator=validate_directly)


def failing(judgement: Judgement) -> set[tuple[str, str, str]]:
    return set(judgement.findings.select("rule_id", "form", "column_code").iter_rows())


def status(judgement: Judgement, rule: str, form: str) -> str:
    (found,) = judgement.outcomes.filter(pl.col("rule_id") == rule, pl.col("form") == form)["status"]
    return found


ADMINISTRATIVE = ("thahc.thi_hanh_xong 1412 bản án", "thahc.thi_hanh_xong.tang_so_cung_ky 599 bản án")


def test_the_growth_of_administrative_judgments_is_checked(tmp_path):
    fits = judged(tmp_path, *ADMINISTRATIVE, "thahc.thi_hanh_xong.ty_le_tang 73.7 %")
    assert (status(fits, "ratio.growth", "12"), failing(fits)) == ("pass", set())
    wrong = judged(tmp_path, *ADMINISTRATIVE, "thahc.thi_hanh_xong.ty_le_tang 83.7 %")
    (finding,) = wrong.findings.to_dicts()
    assert (finding["rule_id"], finding["on_fail"], finding["found"]) == ("ratio.growth", "query", Decimal("83.7"))
    assert {cell["raw"] for cell in finding["cells"]} == {"1412", "599", "83.7"}
    assert "73,68 %" in finding["sentence_vi"]


@pytest.mark.parametrize("fall", [True, False])
def test_a_fall_is_a_negative_growth(tmp_path, fall):
    ending, change = ("giam_so_cung_ky", "ty_le_giam") if fall else ("tang_so_cung_ky", "ty_le_tang")
    lines = ["viec.uy_thac 90 việc", f"viec.uy_thac.{ending} 10 việc", f"viec.uy_thac.{change} 10 %"]
    found = judged(tmp_path, *lines)  # down from 100 it is 10 %, up from 80 it is 12,5 %
    assert (status(found, "ratio.growth", "01") == "pass") is fall


def test_every_amount_of_the_catalogue_may_be_printed_with_its_change_and_its_growth(tmp_path):
    catalogue = forms().published
    amounts = [code for code, measure in catalogue["measures"].items() if forms().measures[measure].kind != "ratio"]
    indicators = [*catalogue["indicators"], *(f"viec.{code}" for code in amounts if "chi_tieu" not in code)]
    lines = [
        f"{one}.{ending} 5 {unit}"
        for one in indicators
        for ending, unit in (("tang_so_cung_ky", "việc"), ("ty_le_tang", "%"))
    ]
    found = judged(tmp_path, *lines, "viec.ty_le_co_dieu_kien.tang_diem 2 điểm")
    assert found.findings.filter(pl.col("rule_id") == "published.unmapped").is_empty()
    assert found.ratios.height == len(lines) + 1


def test_changes_of_the_parts_are_not_summed_to_the_change_of_a_whole(tmp_path):
    # Fewer petitions: all letters rise by less than complaints and denunciations do.
    changes = ("kntc.don.tong.tang_so_cung_ky 3 đơn", "kntc.don.khieu_nai.tang_so_cung_ky 5 đơn")
    assert failing(judged(tmp_path, "kntc.don.tong 40 đơn", "kntc.don.khieu_nai 20 đơn", *changes)) == set()


# --- how exact a figure is


def test_a_ratio_of_round_figures_is_not_impossible(tmp_path):
    round_figures = ("tien.co_dieu_kien 267000 tỷ", "tien.thi_hanh_xong 150000 tỷ", "tien.ty_le_xong 56.35 %")
    assert failing(judged(tmp_path, *round_figures)) == set()
    to_the_last = ("tien.co_dieu_kien 267012 tỷ", "tien.thi_hanh_xong 150021 tỷ", "tien.ty_le_xong 56.35 %")
    assert failing(judged(tmp_path, *to_the_last)) == {("ratio.completion_rate", "02", "completion_rate")}


@pytest.mark.parametrize(
    ("value", "step", "unit", "is_hedged", "rounding"),
    [
        ("267000e9", "1e9", "billion_vnd", False, "500e9"),
        ("267000e9", "1e9", "billion_vnd", True, "1000e9"),
        ("267012e9", "1e9", "billion_vnd", False, "0.5e9"),
        ("1270e9", "1e9", "billion_vnd", False, "0.5e9"),  # one figure in ten ends with a zero
        ("76e9", "1e9", "billion_vnd", True, "1e9"),
        ("530.5e9", "0.1e9", "billion_vnd", False, "0.05e9"),
        ("577000", "1", "case", False, "500"),
        ("2800", "1", "case", False, "0"),
        ("2800", "1", "case", True, "100"),
        ("20352", "1", "case", False, "0"),
        ("1050802668000", "1", "vnd", False, "0"),
        ("7000000", "1000", "thousand_vnd", False, "0"),
        ("500000000000", "1000", "thousand_vnd", False, "50e9"),
        ("100", "1", "percent", False, "0.5"),
        ("0", "1e9", "billion_vnd", False, "0.5e9"),
    ],
)
def test_a_figure_is_as_exact_as_its_last_digit_that_is_not_zero(value, step, unit, is_hedged, rounding):
    measured = rounding_of(
        Decimal(value), Decimal(step), forms().units[unit], is_whole="." not in value, is_hedged=is_hedged
    )
    assert measured == Decimal(rounding)


# --- whose target


def test_the_printed_target_comes_first_even_where_another_fits(tmp_path):
    lines = ("viec.ty_le_xong 82.50 %", "viec.chi_tieu 81.00 %", "viec.vuot_chi_tieu 1.00 điểm")
    found = judged(tmp_path, *lines, who=KIEN_GIANG)  # above the nation's 81.50 it would be 1.00
    assert failing(found) == {("ratio.over_target", "01", "over_target")}


def test_a_unit_with_a_target_of_its_own_is_judged_by_it_and_not_by_the_nations(tmp_path):
    rate = "viec.ty_le_xong 82.57 %"
    assert failing(judged(tmp_path, rate, "viec.vuot_chi_tieu 0.57 điểm", who=GIA_LAI)) == set()
    wrong = judged(tmp_path, rate, "viec.vuot_chi_tieu 1.07 điểm", who=GIA_LAI)  # what the nation's would make it
    assert failing(wrong) == {("ratio.over_target", "01", "over_target")}
    (finding,) = wrong.findings.to_dicts()
    assert (finding["on_fail"], finding["expected"]) == ("query", Decimal("0.57"))
    assert "− 82 (chỉ tiêu) = 0,57" in finding["sentence_vi"]


def test_against_the_nations_target_a_difference_is_a_note_with_the_implied_one(tmp_path):
    found = judged(tmp_path, "viec.ty_le_xong 80.00 %", "viec.vuot_chi_tieu 9.00 điểm", who=KIEN_GIANG)
    (finding,) = found.findings.to_dicts()
    assert (finding["rule_id"], finding["on_fail"]) == ("target.implied", "note")
    assert (finding["story_vi"], finding["story_en"]) == ("Chỉ tiêu ngầm hiểu là 71 %", "The implied target is 71 %")
    assert status(found, "ratio.over_target", "01") == "not_applicable"
    assert found.verdicts["verdict"].to_list() == ["accepted"]
    (ratio,) = found.ratios.filter(pl.col("column_code") == "over_target").to_dicts()
    assert ratio["verdict"] == "not_applicable"


@pytest.mark.parametrize("over", ["-1.50", "18.875"])
def test_what_fits_the_nations_target_of_the_year_or_pro_rata_is_explained_by_it(tmp_path, over):
    who = "Kiên Giang,province,2021-10-01,2022-06-30"  # 81.50, and three quarters of it
    found = judged(tmp_path, "viec.ty_le_xong 80.00 %", f"viec.vuot_chi_tieu {over} điểm", who=who)
    assert failing(found) == set()
    assert (status(found, "ratio.over_target", "01"), status(found, "target.implied", "01")) == ("pass", "pass")
