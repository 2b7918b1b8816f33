"""What is known of the published reports comes out: which close, which do not, by how much and why."""

import csv
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from pipeline.home import PROJECT
from pipeline.judged.judge import judge
from pipeline.judged.waivers import known_discrepancies
from tests.support.sheets import read

FIGURES = PROJECT / "samples" / "published" / "published_figures.csv"
ORIGINAL = PROJECT.parent / "shared" / "data" / "published_figures.csv"

pytestmark = pytest.mark.slow

#: Every case with the rules that fail on it: the column and by how much, where that is known.
FAILING = {
    "KG-2022-12M": {("balance.carried_over", "01", "carried_over")},
    "KG-2013-9M": {("money_per_case.results", "02", "completed"), ("money_per_case.results", "02", "eligible")},
    "KG-2014-9M": set(),
    "NAT-2017-9M": set(),
    "NAT-2022-12M": {("order.opening_net_of_separate_book", "01", "opening")},
    "NAT-2022-TARGET": set(),
    "NAT-2023-12M-PRELIM": set(),
    "NAT-2023-12M-FINAL": set(),
    "NAT-2013-6M-KNTC": {("balance.letters", "08", "received")},
    "HCM-2019-6M": set(),
    "BT-2021-3M": set(),
    "BT-2021-5M": set(),
    "GL-2021-12M": {
        ("published.unmapped", "*", None),
        ("money_per_case.results", "02", "accepted_total"),
        ("money_per_case.results", "02", "newly_accepted"),
        ("money_per_case.results", "02", "eligible"),
        ("money_per_case.results", "02", "not_eligible"),
    },
    "GL-2022-12M": set(),
    "PLEIKU-2024-9M": set(),
    "DT-2025-9M": set(),
    "QNG-2020-12M": set(),
    "BL-2021-12M": {("ratio.completion_rate", "02", "completion_rate")},
    "LC-2024-12M": {("ratio.completion_rate_of_subset", "03", "completion_rate")},
    "NX-2020-TON": {
        ("order.parts_of_opening", "02", "eligible"),
        ("ratio.completion_rate", "02", "completion_rate"),
        ("published.period", "*", None),
    },
}
#: Let in without a question; a note does not raise one, nor does what is known.
ACCEPTED = {
    "BT-2021-3M", "BT-2021-5M", "DT-2025-9M", "GL-2022-12M", "HCM-2019-6M", "KG-2014-9M", "LC-2024-12M", "NAT-2017-9M",
    "NAT-2022-12M", "NAT-2022-TARGET", "NAT-2023-12M-FINAL", "NAT-2023-12M-PRELIM", "PLEIKU-2024-9M", "QNG-2020-12M",
}  # fmt: skip
#: Printed ratios of Kiên Giang 2022 with their verdicts; of a rate whose terms are not printed nothing is said.
KG_RATIOS = {
    ("02", "eligible_share"): ("59.20", "fits"),
    ("02", "completion_rate"): ("57.79", "fits"),
    ("02", "completed_growth"): ("47.30", "fits"),
    ("02", "over_target"): ("17.69", "fits"),
    ("02", "completion_rate_change"): ("9.9", "not_applicable"),
    ("02", "completed_change"): ("374099782000", "not_applicable"),
    ("credit.cases", "completion_rate"): ("29.24", "not_applicable"),
    ("credit.money", "completion_rate"): ("27.69", "not_applicable"),
    ("credit.money", "share_of_due"): ("47.40", "not_applicable"),
}


@pytest.fixture(scope="module")
def printed() -> list[dict]:
    with FIGURES.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def reading():
    return read(FIGURES, received_at=datetime(2026, 1, 5))


@pytest.fixture(scope="module")
def judgement(reading, tmp_path_factory):
    judged = judge(
        reading.submissions, reading.cells, reading.remarks, database=tmp_path_factory.mktemp("published") / "j.duckdb"
    )
    cases = reading.submissions.select("submission_id", pl.col("source_ref").alias("case"))
    return {name: frame.join(cases, on="submission_id") for name, frame in vars(judged).items()}


def of(judgement, name: str, case: str) -> list[dict]:
    return judgement[name].filter(pl.col("case") == case).to_dicts()


def test_the_samples_are_the_figures_that_were_published():
    if not ORIGINAL.exists():
        pytest.skip("the original of the published figures lies beside the repository, not in it")
    kept, original = (
        [{k: v for k, v in row.items() if k != "source"} for row in csv.DictReader(path.open(encoding="utf-8"))]
        for path in (FIGURES, ORIGINAL)
    )
    assert kept == original


def test_every_published_figure_becomes_one_cell_and_no_figure_is_a_zero_that_was_not_printed(printed, reading):
    assert reading.cells.height == len(printed) == 256
    assert reading.submissions.height == len(FAILING) == 20
    assert reading.cells["address"].n_unique() == 256
    zeros = reading.cells.filter(pl.col("value") == 0)
    assert zeros.height == sum(Decimal(row["value"]) == 0 for row in printed)
    assert reading.cells["value"].null_count() == 0
    assert reading.cells.filter(pl.col("form").is_null())["column_code"].to_list() == ["viec.chua_co_dieu_kien.lan_2"]


def test_every_case_is_placed_at_its_unit(reading):
    units = dict(reading.submissions.select("source_ref", "unit_key").iter_rows())
    assert all(units.values())
    assert units["KG-2022-12M"] == "kien-giang"
    assert units["NAT-2017-9M"] == "viet-nam"
    assert units["HCM-2019-6M"] == "ho-chi-minh"
    assert units["DT-2025-9M"] == "dong-thap-2025"  # nine months on the territory that was still to come


@pytest.mark.parametrize("case", FAILING)
def test_a_published_case_gets_its_verdict_and_nothing_else_is_found_in_it(case, judgement):
    found = {(row["rule_id"], row["form"], row["column_code"]) for row in of(judgement, "findings", case)}
    assert found == FAILING[case]
    (verdict,) = of(judgement, "verdicts", case)
    assert verdict["verdict"] == ("accepted" if case in ACCEPTED else "accepted_with_query")


@pytest.mark.parametrize(
    ("case", "closes"),
    [
        ("NAT-2017-9M", {"balance.accepted_total", "balance.due_parts_before_2020", "balance.carried_over"}),
        ("NAT-2017-9M", {"balance.eligible_carried_over", "ratio.eligible_share", "ratio.completion_rate"}),
        ("HCM-2019-6M", {"balance.through_due_before_2020", "balance.followed", "balance.still_followed"}),
        ("QNG-2020-12M", {"balance.accepted_total"}),
        ("BT-2021-3M", {"balance.accepted_total", "balance.due", "balance.carried_over"}),
        ("BT-2021-5M", {"balance.accepted_total", "balance.due", "balance.carried_over"}),
        ("PLEIKU-2024-9M", {"balance.accepted_total", "ratio.over_target"}),
        ("NAT-2023-12M-PRELIM", {"balance.accepted_total", "balance.due"}),
        ("GL-2022-12M", {"balance.accepted_total", "ratio.over_target"}),
        ("DT-2025-9M", {"balance.due"}),
    ],
)  # fmt: skip
def test_a_case_that_closes_closes_because_it_was_compared(case, closes, judgement):
    passed = {row["rule_id"] for row in of(judgement, "outcomes", case) if row["status"] == "pass" and row["checked"]}
    assert closes <= passed


def test_a_rule_without_its_terms_is_not_applicable_and_never_passed(judgement):
    status = {(row["rule_id"], row["form"]): row["status"] for row in of(judgement, "outcomes", "KG-2022-12M")}
    assert status["balance.accepted_total", "01"] == "not_applicable"
    assert status["balance.due", "02"] == "not_applicable"
    assert status["ratio.completion_rate_of_subset", "credit"] == "not_applicable"
    assert status["money_per_case.results", "02"] == "pass"
    outcomes = judgement["outcomes"]
    assert outcomes.filter((pl.col("checked") == 0) & (pl.col("status") != "not_applicable")).is_empty()


def test_kien_giang_is_off_by_174_and_both_cells_and_the_likely_story_are_named(judgement):
    (found,) = of(judgement, "findings", "KG-2022-12M")
    assert (found["expected"], found["found"], found["difference"]) == (8296, 8122, -174)
    cells = {cell["column_code"]: (cell["raw"], cell["address"]) for cell in found["cells"]}
    assert cells == {"carried_over": ("8122", "G7"), "due": ("20352", "G3"), "completed": ("12056", "G6")}
    for sentence in (found["sentence_vi"], found["sentence_en"]):
        for address in ("G3", "G6", "G7"):
            assert address in sentence
    assert "8.122" in found["sentence_vi"]
    assert "8.296" in found["sentence_vi"]
    for story, gap, implied in ((found["story_vi"], "174", "20.178"), (found["story_en"], "174", "20,178")):
        assert gap in story
        assert implied in story


def test_the_hypothesis_corrects_nothing(reading):
    due = reading.cells.filter(pl.col("column_code") == "due", pl.col("form") == "01", pl.col("raw") == "20352")
    assert due["value"].to_list() == [Decimal(20352)]


def test_every_printed_ratio_of_kien_giang_has_its_verdict(judgement):
    ratios = {
        (f"credit.{row['row_code']}" if row["form"] == "credit" else row["form"], row["column_code"]): (
            row["printed"],
            row["verdict"],
        )
        for row in of(judgement, "ratios", "KG-2022-12M")
    }
    assert ratios == {place: (Decimal(value), verdict) for place, (value, verdict) in KG_RATIOS.items()}


def test_every_printed_ratio_of_every_case_stands_once_with_a_verdict(judgement, reading):
    ratios = judgement["ratios"]
    place = ["submission_id", "form", "row_code", "column_code"]
    assert ratios.select(place).is_unique().all()
    rates = reading.cells.filter(pl.col("unit").is_in(["percent", "point"]))
    assert rates.join(ratios, on=place, how="anti", nulls_equal=True).is_empty()
    impossible = ratios.filter(pl.col("verdict") == "impossible").select("case", "form", "row_code").rows()
    assert set(impossible) == {
        ("BL-2021-12M", "02", "total.total"),
        ("LC-2024-12M", "03", "cases"),
        ("LC-2024-12M", "03", "money"),
        ("NX-2020-TON", "02", "total.total"),
    }


@pytest.mark.parametrize("case", ["KG-2013-9M", "GL-2021-12M"])
def test_a_unit_slip_is_found_by_money_per_case_and_its_story_told(case, judgement):
    slips = [row for row in of(judgement, "findings", case) if row["rule_id"] == "money_per_case.results"]
    assert slips
    for row in slips:
        assert row["found"] < 2_000_000
        assert "1.000 lần" in row["story_vi"]
        assert {cell["form"] for cell in row["cells"]} == {"01", "02"}


def test_genuine_money_per_case_is_left_alone(judgement):
    slipped = judgement["findings"].filter(pl.col("rule_id") == "money_per_case.results")
    assert set(slipped["case"]) == {"KG-2013-9M", "GL-2021-12M"}


def test_lao_cai_prints_rates_on_another_base_and_the_base_is_guessed_aloud(judgement):
    rows = of(judgement, "findings", "LC-2024-12M")
    assert {row["row_code"] for row in rows} == {"cases", "money"}
    assert all("có điều kiện" in row["story_vi"] for row in rows)


def test_what_is_understood_of_a_published_report_is_known_and_still_told(judgement):
    excused = {(row["case"], row["rule_id"]) for row in judgement["findings"].to_dicts() if row["status"] == "known"}
    assert excused == {
        ("LC-2024-12M", "ratio.completion_rate_of_subset"),
        ("NAT-2022-12M", "order.opening_net_of_separate_book"),
    }
    outcomes = judgement["outcomes"].filter(pl.col("status") == "known")
    assert {(row["case"], row["rule_id"]) for row in outcomes.to_dicts()} == excused
    assert (outcomes["failed"] > 0).all()


def test_every_known_discrepancy_excuses_something(judgement):
    assert {entry.id for entry in known_discrepancies()} == set(judgement["waivers"]["waiver_id"])


def test_letters_that_nobody_explains_are_counted(judgement):
    (row,) = of(judgement, "findings", "NAT-2013-6M-KNTC")
    assert row["difference"] == 265


def test_vintages_are_kept_apart(reading):
    vintages = dict(reading.submissions.select("source_ref", "vintage").iter_rows())
    assert (vintages["NAT-2023-12M-PRELIM"], vintages["NAT-2023-12M-FINAL"]) == ("preliminary", "final")
    assert vintages["KG-2022-12M"] == "reported"


def test_the_half_unit_of_a_rounded_amount_is_kept(reading):
    money = reading.cells.filter(pl.col("raw") == "530.5")
    assert money.select("value", "rounding").rows() == [(Decimal(530_500_000_000), Decimal(50_000_000))]
    counted = reading.cells.filter(pl.col("unit").is_in(["case", "thousand_vnd", "vnd"]))
    assert set(counted["rounding"]) == {Decimal(0)}


def test_a_file_with_no_figures_file_is_named(tmp_path: Path):
    empty = tmp_path / "published.csv"
    empty.write_text(FIGURES.read_text(encoding="utf-8").splitlines()[0] + "\n", encoding="utf-8")
    assert read(empty).submissions["is_readable"].to_list() == [False]
