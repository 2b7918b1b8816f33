"""Claims about judging: what adds up passes, what does not is found, and the arithmetic is exact."""

from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from fractions import Fraction

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline import tables
from pipeline.judged.judge import judge
from tests.support.sheets import Returns

BATCHES = settings(
    max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
TOTAL = ("01", "total.total")


@st.composite
def ledgers(draw: st.DrawFn) -> dict[str, int]:
    """A consistent row of form 01 or 02."""
    count = st.integers(0, 10**6)
    row = {
        name: draw(count)
        for name in (
            "completed",
            "in_progress",
            "postponed_by_consent",
            "other_eligible",
            "not_eligible",
            "postponed",
            "suspended",
            "delegated",
            "revoked",
        )
    }
    row["terminated"] = draw(st.integers(0, row["completed"]))
    row["eligible"] = sum(row[n] for n in ("completed", "in_progress", "postponed_by_consent", "other_eligible"))
    row["due"] = row["eligible"] + row["not_eligible"] + row["postponed"] + row["suspended"]
    row["accepted_total"] = row["due"] + row["delegated"] + row["revoked"]
    row["opening"] = draw(st.integers(0, row["accepted_total"]))
    row["newly_accepted"] = row["accepted_total"] - row["opening"]
    row["carried_over"] = row["due"] - row["completed"]
    row["eligible_carried_over"] = row["eligible"] - row["completed"]
    return row


#: Cells of the ledger that stand in a balance: a change of any one of them cannot go unseen.
BALANCED = (
    "completed", "in_progress", "postponed_by_consent", "other_eligible", "not_eligible", "postponed", "suspended",
    "delegated", "revoked", "eligible", "due", "accepted_total", "opening", "newly_accepted", "carried_over",
    "eligible_carried_over",
)  # fmt: skip


@BATCHES
@given(st.lists(ledgers(), min_size=20, max_size=40))
def test_consistent_rows_pass_every_balance_and_order(tmp_path, rows):
    returns = Returns()
    for n, row in enumerate(rows):
        returns.add(f"r{n}", {("01", "total.total"): row, ("02", "civil.total"): row})
    compared = returns.compared(tmp_path)
    ledger = compared.filter(pl.col("rule_id").str.contains(r"^(balance|order)\."))
    assert ledger.filter("fails").is_empty()
    assert ledger.filter(pl.col("rule_id").str.starts_with("balance.")).height == len(rows) * 6 * 2


@BATCHES
@given(
    st.lists(
        st.tuples(ledgers(), st.sampled_from(BALANCED), st.integers(-(10**6), 10**6).filter(bool), st.booleans()),
        min_size=20,
        max_size=40,
    )
)
def test_one_changed_cell_fails_at_least_one_balance(tmp_path, changes):
    returns = Returns()
    for n, (row, column, change, is_money) in enumerate(changes):
        returns.add(f"r{n}", {("02" if is_money else "01", "total.total"): row | {column: row[column] + change}})
    failing = returns.compared(tmp_path).filter("fails", pl.col("rule_id").str.starts_with("balance."))
    assert set(failing["submission_id"]) == {f"r{n}" for n in range(len(changes))}


def printed_ratio(top: Decimal, base: Decimal, places: int, rounding: str, off: int) -> Decimal:
    unit = Decimal(1).scaleb(-places)
    return (100 * top / base).quantize(unit, rounding) + off * unit


@st.composite
def ratios(draw: st.DrawFn) -> tuple[Decimal, Decimal, Decimal, int, Decimal]:
    """Numerator, base, how much rounding may have taken from each, printed places, printed rate."""
    base, slack = Decimal(draw(st.integers(1, 10**4))), Decimal(draw(st.sampled_from([0, 0, 1, 50]))) / 100
    top = Decimal(draw(st.integers(-(10**4), 2 * 10**4)))
    places = draw(st.integers(0, 2))
    rounding = draw(st.sampled_from([ROUND_HALF_UP, ROUND_DOWN]))
    off = draw(st.sampled_from([0, 0, 0, 1, -1, 2, -7]))
    return top, base, slack, places, printed_ratio(top, base, places, rounding, off)


def oracle(top: Decimal, base: Decimal, slack: Decimal, places: int, printed: Decimal) -> str:
    """What a printed rate is, worked out with fractions only."""
    half = Fraction(1, 2 * 10**places)
    corners = [
        100 * (Fraction(top) + s * Fraction(slack)) / (Fraction(base) + t * Fraction(slack))
        for s in (-1, 1)
        for t in (-1, 1)
        if base + t * slack > 0
    ]
    low, high = min(corners), max(corners)
    if base - slack <= 0:  # the base may be next to nothing, and then the rate has no bound
        low, high = (low if top - slack >= 0 else Fraction(-(10**30))), (high if top + slack <= 0 else Fraction(10**30))
    shown = Fraction(printed)
    if low - half <= shown <= high + half:
        return "fits"
    if shown >= 0 and low - 2 * half < shown <= high:
        return "fits_by_truncation"
    if shown <= 0 and low <= shown < high + 2 * half:
        return "fits_by_truncation"
    return "impossible"


@BATCHES
@given(st.lists(ratios(), min_size=60, max_size=120))
def test_a_printed_ratio_is_judged_as_exact_fractions_judge_it(tmp_path, drawn):
    returns = Returns()
    for n, (top, base, slack, places, printed) in enumerate(drawn):
        returns.add(
            f"r{n}",
            {TOTAL: {"eligible_change": top, "eligible": base + top, "eligible_growth": printed}},
            roundings={"eligible_change": slack, "eligible_growth": Decimal(5).scaleb(-places - 1)},
            origin="published",
        )
    compared = returns.compared(tmp_path).filter(pl.col("rule_id") == "ratio.growth")
    verdicts = dict(compared.select("submission_id", "verdict").iter_rows())
    assert verdicts == {f"r{n}": oracle(*ratio) for n, ratio in enumerate(drawn)}
    failing = set(compared.filter("fails")["submission_id"])
    assert failing == {name for name, verdict in verdicts.items() if verdict == "impossible"}


#: Numerator, base, printed rate, verdict.
RATES = [
    (4, 5, "80.00", "fits"),
    (4, 5, "79.99", "impossible"),  # 80 per cent is 80.00 cut off, too
    (2, 3, "66.67", "fits"),
    (2, 3, "66.66", "fits_by_truncation"),
    (2, 3, "66.65", "impossible"),
    (2, 3, "66.68", "impossible"),
    (1, 3, "33.33", "fits"),
    (-2, 3, "-66.66", "fits_by_truncation"),
    (-2, 3, "-66.67", "fits"),
    (-1, 3, "-33.34", "impossible"),
    (1, 200, "0.5", "fits"),
    (1, 8, "12.5", "fits"),
]


def test_rounding_and_cutting_off_are_told_apart(tmp_path):
    returns = Returns()
    for n, (top, base, printed, _) in enumerate(RATES):
        half = Decimal(5).scaleb(-len(printed.partition(".")[2]) - 1)
        figures = {"completed_change": top, "completed": base + top, "completed_growth": printed}
        returns.add(f"{n}", {TOTAL: figures}, roundings={"completed_growth": half}, origin="published")
    compared = returns.compared(tmp_path).filter(pl.col("rule_id") == "ratio.growth")
    verdicts = dict(compared.select("submission_id", "verdict").iter_rows())
    assert verdicts == {f"{n}": verdict for n, (_, _, _, verdict) in enumerate(RATES)}


# --- one judgement for all that needs the rules to have run

GOOD = {
    "accepted_total": 100,
    "opening": 40,
    "newly_accepted": 60,
    "delegated": 3,
    "revoked": 2,
    "due": 95,
    "eligible": 80,
    "completed": 50,
    "in_progress": 30,
    "postponed_by_consent": 0,
    "other_eligible": 0,
    "not_eligible": 15,
    "postponed": 0,
    "suspended": 0,
    "carried_over": 45,
    "eligible_carried_over": 30,
}


@pytest.fixture(scope="module")
def returns():
    from pipeline.forms import forms

    form = forms().current["01"]
    counted = [column for column in form.column if form.column[column].unit != "percent"]
    drawn = Returns()
    drawn.add("good", {TOTAL: GOOD})
    drawn.add("off by 174", {TOTAL: {"due": 20352, "eligible": 14647, "completed": 12056, "carried_over": 8122}})
    drawn.add("money off", {("02", "total.total"): {"due": 20352, "completed": 12056, "carried_over": 8122}})
    drawn.add("one cell", {TOTAL: {"due": 95}})
    drawn.add("blank terms", {TOTAL: {"accepted_total": 100, "opening": None, "newly_accepted": 60}})
    drawn.add("zero terms", {TOTAL: {"accepted_total": 100, "opening": 0, "newly_accepted": 60}})
    drawn.add("everywhere", {("01", row): dict.fromkeys(counted, "0.5") for row in form.row})
    drawn.add("query", {TOTAL: {"eligible": 80, "completed": 50, "completion_rate": "50.00"}})
    drawn.add(
        "note",
        {TOTAL: {"eligible": 3, "completed": 2, "completion_rate": "66.66"}},
        roundings={"completion_rate": "0.005"},
    )
    drawn.add("v1", {TOTAL: GOOD | {"due": 96}}, report_id="report", batch=1)
    drawn.add("v2", {TOTAL: GOOD}, report_id="report", batch=2)
    drawn.add("v3", {TOTAL: GOOD | {"opening": 41}}, report_id="report", batch=3)
    return drawn


@pytest.fixture(scope="module")
def judgement(returns, tmp_path_factory):
    return returns.judged(tmp_path_factory.mktemp("judging"))


def statuses(judgement, submission: str) -> dict[str, str]:
    of = judgement.outcomes.filter(pl.col("submission_id") == submission)
    return dict(of.select("rule_id", "status").iter_rows())


def verdict(judgement, submission: str) -> str:
    return judgement.verdicts.filter(pl.col("submission_id") == submission)["verdict"].item()


def finding(judgement, submission: str) -> dict:
    (row,) = judgement.findings.filter(pl.col("submission_id") == submission).to_dicts()
    return row


@pytest.mark.slow
def test_what_adds_up_is_accepted_without_a_finding(judgement):
    assert verdict(judgement, "good") == "accepted"
    assert judgement.findings.filter(pl.col("submission_id") == "good").is_empty()
    assert {s for r, s in statuses(judgement, "good").items() if r.startswith("balance.")} == {"pass"}


@pytest.mark.slow
def test_a_return_of_one_figure_is_not_applicable_to_every_rule_that_compares_two(judgement):
    of = statuses(judgement, "one cell")
    assert {r for r, s in of.items() if s == "fail"} == set()
    assert of["integer.whole"] == "pass"
    compares = {
        s for r, s in of.items() if r.split(".")[0] in ("balance", "order", "rollup", "ratio", "money_per_case")
    }
    assert compares == {"not_applicable"}


@pytest.mark.slow
def test_a_blank_term_is_missing_and_a_zero_is_a_figure(judgement):
    assert statuses(judgement, "blank terms")["balance.accepted_total"] == "not_applicable"
    assert statuses(judgement, "zero terms")["balance.accepted_total"] == "fail"


@pytest.mark.slow
def test_nothing_compared_is_never_a_pass(judgement):
    outcomes = judgement.outcomes
    assert outcomes.filter((pl.col("checked") == 0) != (pl.col("status") == "not_applicable")).is_empty()
    assert outcomes.filter((pl.col("failed") > 0) != (pl.col("status") == "fail")).is_empty()


@pytest.mark.slow
def test_every_failing_cell_reaches_the_findings(judgement):
    everywhere = judgement.findings.filter(pl.col("submission_id") == "everywhere")
    assert everywhere.filter(pl.col("rule_id") == "integer.whole").height == 30 * 19
    assert everywhere["finding_id"].n_unique() == everywhere.height
    counted = judgement.outcomes.select(pl.col("failed").sum()).item()
    assert judgement.findings.height == counted


@pytest.mark.slow
def test_great_expectations_fails_exactly_what_lies_outside_its_interval(returns, judgement, tmp_path):
    alone = returns.compared(tmp_path).filter("fails")
    key = ["submission_id", "rule_id", "form", "row_code", "column_code"]
    theirs = judgement.findings.select(key).sort(key)
    assert theirs.equals(alone.select(key).sort(key))


@pytest.mark.slow
def test_a_finding_names_cells_sum_and_difference_in_both_languages(judgement):
    row = finding(judgement, "off by 174")
    assert (row["expected"], row["found"], row["difference"]) == (8296, 8122, -174)
    assert [(cell["role"], cell["column_code"], cell["sign"]) for cell in row["cells"]] == [
        ("found", "carried_over", 1),
        ("term", "due", 1),
        ("term", "completed", -1),
    ]
    for part in (
        "Biểu 01/TK-THA",
        "dòng «Tổng số»",
        "«Số chuyển kỳ sau» 8.122",
        "20.352",
        "12.056",
        "= 8.296",
        "lệch −174",
    ):
        assert part in row["sentence_vi"]
    for part in (
        "Form 01/TK-THA",
        "row 'Total'",
        "Carried over",
        "8,122",
        "20,352",
        "12,056",
        "= 8,296",
        "off by −174",
    ):
        assert part in row["sentence_en"]
    for cell in row["cells"]:
        assert cell["address"] in row["sentence_vi"]
    assert "174" in row["story_vi"]
    assert "20.178" in row["story_vi"]
    assert "20,178" in row["story_en"]


@pytest.mark.slow
def test_money_is_kept_in_dong_and_told_as_the_form_prints_it(judgement):
    row = finding(judgement, "money off")
    assert row["difference"] == -174_000
    assert row["unit"] == "vnd"
    assert "lệch −174 1.000 đồng" in row["sentence_vi"]
    assert "20.178" in row["story_vi"]


@pytest.mark.slow
def test_on_fail_decides_return_query_or_note(judgement):
    assert verdict(judgement, "off by 174") == "returned"
    assert verdict(judgement, "query") == "accepted_with_query"
    assert verdict(judgement, "note") == "accepted"
    assert finding(judgement, "note")["rule_id"] == "ratio.truncated"


@pytest.mark.slow
def test_versions_of_a_report_stand_in_a_chain(judgement):
    chain = judgement.verdicts.filter(pl.col("submission_id").str.contains(r"^v\d$")).sort("version")
    assert chain.select("submission_id", "version", "supersedes", "verdict").rows() == [
        ("v1", 1, None, "returned"),
        ("v2", 2, "v1", "accepted"),
        ("v3", 3, "v2", "returned"),
    ]


@pytest.mark.slow
def test_the_frames_keep_their_contract(judgement):
    for name in vars(judgement):
        assert getattr(judgement, name).schema == getattr(tables, name.upper())


def test_judging_nothing_leaves_empty_frames(tmp_path):
    empty = judge(*Returns().frames(), database=tmp_path / "a.duckdb")
    assert all(frame.is_empty() for frame in vars(empty).values())
