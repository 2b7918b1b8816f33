"""Claims about a whole form that is off by a power of ten: it is held back until confirmed or corrected, and told once."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.judged.judge import Judgement, JudgingContext
from pipeline.judged.waivers import waivers
from pipeline.tables import ANSWERS
from tests.support.sheets import Returns

ROW = "total.total"
MEASURES = ("accepted_total", "due", "eligible", "completed")
CASES = {"accepted_total": 1395, "due": 1360, "eligible": 1100, "completed": 833}
#: In thousand đồng, 20 to 150 million a case.
MONEY = {"accepted_total": 210769788, "due": 204160883, "eligible": 120000000, "completed": 16660000}


def judged(
    folder: Path, money: dict[str, Decimal | int], cases: dict[str, int] | None = None, **header: object
) -> Judgement:
    """Judge one return that prints these totals on forms 01 and 02."""
    returns = Returns()
    returns.add("r", {("01", ROW): cases or CASES, ("02", ROW): money}, **header)
    return returns.judged_in_sql(folder)


def scaled(factor: Decimal | int) -> dict[str, Decimal | int]:
    return {measure: amount * factor for measure, amount in MONEY.items()}


def verdict(judgement: Judgement) -> str:
    return judgement.verdicts["verdict"].item()


@pytest.mark.parametrize("factor", [1000, Decimal("0.001"), 10**6])
def test_a_whole_form_off_by_a_power_of_ten_is_held_back_with_one_cause(tmp_path, factor):
    judgement = judged(tmp_path, scaled(factor))
    assert verdict(judgement) == "returned"
    assert "scale.money" in set(judgement.findings["rule_id"])
    assert judgement.causes["cause_id"].n_unique() == 1
    likeliest = judgement.causes.sort("rank").row(0, named=True)
    assert likeliest["closes"] == likeliest["of"] == judgement.findings.height
    assert likeliest["would_be"] * factor == likeliest["found"]
    assert len(likeliest["changes"]) == len(MEASURES)


def test_large_figures_that_nobody_multiplied_are_asked_about_and_not_held_back(tmp_path):
    judgement = judged(tmp_path, {measure: amount * 1000 + 7 for measure, amount in MONEY.items()})
    assert verdict(judgement) == "accepted_with_query"
    assert "scale.money" not in set(judgement.findings["rule_id"])
    assert "money_per_case.results" in set(judgement.findings["rule_id"])


def test_the_finding_says_what_a_case_would_be_worth_and_that_the_figures_are_in_no_total(tmp_path):
    (finding,) = judged(tmp_path, scaled(1000)).findings.filter(rule_id="scale.money").to_dicts()
    assert "«Thi hành xong» 20.000.000.000 đồng" in finding["sentence_vi"]
    assert "chưa vào tổng hợp nào" in finding["sentence_vi"]
    assert "in no total" in finding["sentence_en"]


def test_a_form_that_is_held_back_stands_for_nothing_that_others_are_compared_with(tmp_path):
    assert judged(tmp_path, MONEY).standing.filter(form="02").height > 0
    assert judged(tmp_path, scaled(1000)).standing.filter(form="02").is_empty()


@pytest.mark.parametrize("measure", MEASURES)
def test_one_measure_in_another_unit_stays_a_query(tmp_path, measure):
    judgement = judged(tmp_path, MONEY | {measure: MONEY[measure] * 1000})
    assert "scale.money" not in set(judgement.findings["rule_id"])


def test_too_few_cases_say_nothing_of_the_scale(tmp_path):
    few = dict.fromkeys(MEASURES, 19)
    assert verdict(judged(tmp_path, scaled(1000), few)) == "accepted"


def test_published_figures_cannot_be_returned_and_stay_a_query(tmp_path):
    judgement = judged(tmp_path, scaled(1000), origin="published")
    assert verdict(judgement) == "accepted_with_query"


def test_an_office_that_confirms_its_amounts_is_let_in(tmp_path):
    returns = Returns()
    returns.add("r", {("01", ROW): CASES, ("02", ROW): scaled(1000)})
    held = returns.judged_in_sql(tmp_path).findings
    answered = [
        {
            "answer_id": row["finding_id"],
            "rule_id": row["rule_id"],
            "pack": "circular-06-2019",
            "unit_key": "kien-giang.go-quao",
            "form": row["form"],
            "row_code": row["row_code"],
            "column_code": row["column_code"],
            "period_id": row["period_id"],
            "low": row["difference"],
            "high": row["difference"],
            "expires_on": date(2099, 12, 31),
            "is_revoked": False,
        }
        for row in held.to_dicts()
    ]
    answers = pl.DataFrame([{name: row.get(name) for name in ANSWERS} for row in answered], schema=ANSWERS)
    judgement = returns.judged_in_sql(
        tmp_path,
        others=JudgingContext(JudgingContext.empty().submissions, JudgingContext.empty().standing, waivers(answers)),
    )
    assert verdict(judgement) == "accepted"
    assert set(judgement.findings["status"]) == {"explained"}
    assert judgement.standing.filter(form="02").height > 0


@settings(
    max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(
    st.lists(
        st.tuples(
            st.fixed_dictionaries({measure: st.integers(0, 5000) for measure in MEASURES}),
            st.fixed_dictionaries({measure: st.integers(15_000, 1_850_000) for measure in MEASURES}),
        ),
        min_size=20,
        max_size=20,
    )
)
def test_genuine_amounts_are_never_held_back_and_their_thousandfold_always_is(tmp_path, drawn):
    returns = Returns()
    for n, (cases, worth) in enumerate(drawn):
        money = {measure: worth[measure] * cases[measure] for measure in MEASURES}
        for factor in (1, 1000):
            scaled = {measure: amount * factor for measure, amount in money.items()}
            returns.add(f"{n}x{factor}", {("01", ROW): cases, ("02", ROW): scaled})
    held = set(returns.judged_in_sql(tmp_path).findings.filter(rule_id="scale.money")["submission_id"])
    enough = {n for n, (cases, _) in enumerate(drawn) if sum(count >= 20 for count in cases.values()) >= 2}
    assert held == {f"{n}x1000" for n in enough}
