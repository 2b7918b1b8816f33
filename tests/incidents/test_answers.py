"""Claims about answers: an explanation silences the finding that it explains, and not one step beyond."""

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from expectations.direct_validation import validate_directly
from expectations.rules import packs
from pipeline import tables
from pipeline.home import Home
from pipeline.judged.answers import AnswerError, answers, explain, idle_answers, idle_lines, record, revoke
from pipeline.judged.judge import Judgement, JudgingContext, judge_changed
from pipeline.judged.waivers import waivers
from pipeline.storage import commit_folder, read_tables
from tests.support.sheets import Returns

OFFICE = "kien-giang.go-quao"
GAP = {("01", "total.total"): {"accepted_total": 100, "opening": 40, "newly_accepted": 57}}  # off by 3
GIVEN = datetime(2023, 7, 1, 9)


def answered(home: Home, **changed: object) -> str:
    """Keep the answer of Gò Quao on its gap of 3 cases, but for what is changed."""
    said = {
        "rule_id": "balance.accepted_total",
        "pack": "circular-06-2019",
        "unit_key": OFFICE,
        "form": "01",
        "row_code": "total.total",
        "column_code": "accepted_total",
        "period_id": "2023-09",
        "low": 3,
        "high": 3,
        "author": "Nguyễn Văn A",
        "reason": "Ba việc nhận bàn giao chưa phân loại",
        "approver": "Trần Thị B",
        "expires_on": date(2023, 12, 31),
        "answered_at": GIVEN,
    }
    return record(home, **said | changed)  # type: ignore[arg-type]


def judged(home: Home, folder: Path, *returns: dict) -> Judgement:
    """Judge returns with the gap, each with what is changed in it, under the answers of ``home``."""
    drawn = Returns()
    for n, changed in enumerate(returns):
        drawn.add(f"r{n}", changed.pop("figures", GAP), **{"unit": OFFICE} | changed)
    nothing = JudgingContext.empty()
    return drawn.judged_in_sql(
        folder, others=JudgingContext(nothing.submissions, nothing.standing, waivers(answers(home), ()))
    )


def outcome(
    judgement: Judgement, submission: str = "r0", rule: str = "balance.accepted_total"
) -> tuple[str, str, set[str]]:
    """Return status of the rule, verdict of the return and the status of the rule's findings."""
    of = pl.col("submission_id") == submission
    (status,) = judgement.outcomes.filter(of, pl.col("rule_id") == rule, pl.col("form") == "01")["status"]
    (verdict,) = judgement.verdicts.filter(of)["verdict"]
    return status, verdict, set(judgement.findings.filter(of, pl.col("rule_id") == rule)["status"])


@pytest.fixture
def home(tmp_path) -> Home:
    return Home(tmp_path / "home")


def test_an_explained_finding_no_longer_returns_the_report_and_is_still_there(home, tmp_path):
    assert outcome(judged(home, tmp_path, {})) == ("fail", "returned", {"fail"})
    answer = answered(home)
    judgement = judged(home, tmp_path, {})
    assert outcome(judgement) == ("explained", "accepted", {"explained"})
    assert judgement.waivers["waiver_id"].to_list() == [answer]
    assert judgement.causes.is_empty()


OFF_BY_4 = {("01", "total.total"): {"accepted_total": 100, "opening": 40, "newly_accepted": 56}}
OTHER_ROW = {("01", "civil.total"): GAP["01", "total.total"]}
OTHER_FORM = {("02", "total.total"): GAP["01", "total.total"]}


@pytest.mark.parametrize(
    "changed",
    [
        {"figures": OFF_BY_4},
        {"unit": "kien-giang.hon-dat"},
        {"period": "2023-08"},
        {"received_at": datetime(2024, 1, 1, 7)},
        {"regime": "05/2024/TT-BTP"},
    ],
    ids=["another value", "another office", "another period", "after expiry", "another pack"],
)
def test_an_answer_does_not_silence(changed, home, tmp_path):
    answered(home)
    assert outcome(judged(home, tmp_path, dict(changed)))[:2] == ("fail", "returned")


def test_an_answer_does_not_silence_another_cell_or_form(home, tmp_path):
    answered(home)
    for figures in (OTHER_ROW, OTHER_FORM):
        judgement = judged(home, tmp_path, {"figures": figures})
        assert judgement.verdicts["verdict"].to_list() == ["returned"]
        assert judgement.waivers.is_empty()


def test_an_answer_does_not_outlive_another_wording_of_its_rule(home, tmp_path):
    (pack,) = [pack for pack in packs() if pack.pack == "circular-06-2019"]
    reworded = tuple(
        rule.model_copy(update={"tolerance": Decimal(1)}) if rule.id == "balance.accepted_total" else rule
        for rule in pack.rules
    )
    answered(home, rule_packs=(pack.model_copy(update={"rules": reworded}),))
    assert outcome(judged(home, tmp_path, {}))[:2] == ("fail", "returned")


def test_one_explained_row_leaves_the_failing_one_failing(home, tmp_path):
    answered(home)
    judgement = judged(home, tmp_path, {"figures": GAP | OTHER_ROW})
    assert outcome(judgement) == ("fail", "returned", {"explained", "fail"})


def test_a_band_and_every_period_hold_as_far_as_they_say(home, tmp_path):
    answered(home, low=2, high=4, period_id=None)
    judgement = judged(home, tmp_path, {"figures": OFF_BY_4}, {"period": "2023-08"})
    assert outcome(judgement, "r0")[0] == outcome(judgement, "r1")[0] == "explained"


def test_a_withdrawn_answer_silences_nothing_and_stays_in_the_ledger(home, tmp_path):
    answer = answered(home)
    revoke(home, answer, author="Trần Thị B", reason="Đã nộp báo cáo bổ sung")
    assert outcome(judged(home, tmp_path, {}))[0] == "fail"
    assert answers(home).select("answer_id", "is_revoked").rows() == [(answer, True)]


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"author": " "}, "author"),
        ({"reason": ""}, "reason"),
        ({"approver": ""}, "approver"),
        ({"approver": "nguyễn văn a"}, "cannot approve"),
        ({"low": 4}, "band"),
        ({"expires_on": date(2023, 6, 30)}, "expires"),
        ({"rule_id": "balance.nothing"}, "no rule"),
    ],
)
def test_an_answer_that_lacks_something_is_refused(changed, named, home):
    with pytest.raises(AnswerError, match=named):
        answered(home, **changed)
    assert answers(home).is_empty()


def test_the_same_answer_again_is_the_same_entry(home):
    assert answered(home) == answered(home)
    assert answers(home).height == 1
    assert answers(home).schema == tables.ANSWERS


# --- in a home


@pytest.fixture
def loaded(home) -> Home:
    drawn = Returns()
    drawn.add("first", GAP, unit=OFFICE, report_id="report", received_at=datetime(2023, 7, 3, 8))
    _load(home, 1, drawn)
    return home


def _load(home: Home, batch: int, drawn: Returns) -> None:
    names = ("submissions", "cells", "remarks")
    frames = dict(zip(names, drawn.frames(), strict=True))
    commit_folder(home, home.cells / f"{batch:06}", frames, fingerprint=str(batch))
    judge_changed(home, validator=validate_directly)


def _finding(home: Home) -> dict:
    (row,) = read_tables(home.judged, "findings", tables.FINDINGS).to_dicts()
    return row


def _explained(home: Home) -> list[str]:
    return explain(
        home,
        [_finding(home)["finding_id"]],
        author="Nguyễn Văn A",
        reason="Ba việc nhận bàn giao",
        approver="Trần Thị B",
        expires_on=date(2030, 12, 31),
        answered_at=GIVEN,
    )


def test_a_finding_is_explained_by_its_id_and_the_next_load_counts_it_so(loaded):
    (answer,) = _explained(loaded)
    judge_changed(loaded, validator=validate_directly)
    assert _finding(loaded)["status"] == "explained"
    assert read_tables(loaded.judged, "verdicts", tables.VERDICTS)["verdict"].to_list() == ["accepted"]
    assert read_tables(loaded.judged, "waivers", tables.WAIVERS)["waiver_id"].to_list() == [answer]
    assert idle_lines(loaded, today=date(2023, 8, 1)) == []


def test_an_answer_that_matches_nothing_any_more_is_reported(loaded):
    (answer,) = _explained(loaded)
    corrected = Returns()
    figures = {("01", "total.total"): {"accepted_total": 100, "opening": 40, "newly_accepted": 60}}
    corrected.add("second", figures, unit=OFFICE, report_id="report", batch=2, received_at=datetime(2023, 7, 9, 8))
    _load(loaded, 2, corrected)
    idle = idle_answers(loaded, today=date(2023, 8, 1))
    assert idle.select("answer_id", "why").rows() == [(answer, "matches_nothing")]
    assert "không còn khớp" in idle_lines(loaded, today=date(2023, 8, 1))[0]
    assert idle_answers(loaded, today=date(2031, 1, 1))["why"].to_list() == ["expired"]
    revoke(loaded, answer, author="Trần Thị B", reason="Đã sửa")
    assert idle_answers(loaded, today=date(2023, 8, 1)).is_empty()


def test_a_finding_that_there_is_not_cannot_be_explained(loaded):
    with pytest.raises(AnswerError, match="nowhere"):
        explain(loaded, ["nowhere"], author="A", reason="r", approver="B", expires_on=date(2030, 1, 1))
