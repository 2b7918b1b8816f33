"""Claims about the last word: which version of a report stands when files come in the wrong order, or come again."""

from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipeline import tables
from pipeline.cells.read import read_landed
from pipeline.home import Home
from pipeline.judged.judge import judge_changed
from pipeline.judged.revisions import lower_revisions, revision_remarks, unconfirmed_ids
from pipeline.judged.verdicts import current_forms, versions
from pipeline.judged.waivers import WAIVER
from pipeline.landing.receive import receive
from pipeline.simulator.samples import write_kien_giang
from pipeline.storage import read_tables

RULE = "header.revision_order"


def sent(*revisions: int, batch: int | None = None) -> pl.DataFrame:
    """Return versions of one report that state these numbers, a night apart or all in one."""
    rows = [
        {
            "submission_id": f"v{number}", "report_id": "r", "batch": batch or number, "revision": revision,
            "received_at": datetime(2022, 10, number), "origin": "submitted", "unit_key": "kien-giang",
            "period_id": "2022-12", "source_ref": f"{number}.xlsx",
        }
        for number, revision in enumerate(revisions, start=1)
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=tables.SUBMISSIONS)


def judged(submissions: pl.DataFrame, returned: tuple[str, ...] = ()) -> pl.DataFrame:
    """Return the verdicts on versions by rules that look at one workbook."""
    is_returned = pl.col("submission_id").is_in(returned)
    verdict = pl.when(is_returned).then(pl.lit("returned")).otherwise(pl.lit("accepted"))
    return versions(submissions).with_columns(verdict=verdict, is_out_of_order=pl.lit(False))


def falling(submissions: pl.DataFrame, returned: tuple[str, ...] = ()) -> dict[str, str]:
    """Return which versions fall below which."""
    stood = lower_revisions(submissions, judged(submissions, returned))
    return dict(stood.select("submission_id", "standing_id").iter_rows())


def test_a_lower_number_than_the_one_that_stands_falls():
    assert falling(sent(1, 3, 2)) == {"v3": "v2"}
    assert falling(sent(3, 2, 1, 3, 4)) == {"v2": "v1", "v3": "v1"}
    assert falling(sent(1, 3, 2, batch=1)) == {"v3": "v2"}


def arrived(*rows: dict[str, Any]) -> pl.DataFrame:
    """Return versions of one report, in the order in which they are given; each says what differs from the usual."""
    usual = {
        "report_id": "r", "period_id": "2022-12", "batch": 1, "received_at": datetime(2022, 10, 5), "revision": 1,
        "source_ref": "a.xlsx",
    }  # fmt: skip
    return pl.DataFrame([usual | row for row in rows], schema=tables.SUBMISSIONS)


EARLIER, LATER = datetime(2022, 10, 4), datetime(2022, 10, 5)


@pytest.mark.parametrize(
    ("first", "then"),
    [
        # What a load has judged is never put behind what comes in a later load, whatever the clocks of files say.
        ({"batch": 1, "received_at": LATER}, {"batch": 2, "received_at": EARLIER}),
        ({"received_at": EARLIER, "revision": 2}, {"received_at": LATER, "revision": 1}),
        # Of the same moment: the answer, the number, the path, the id decide, in this order.
        ({"revision": 3, "submission_id": "x"}, {"revision": 2, "in_answer_to": "x", "submission_id": "a"}),
        ({"revision": 1, "source_ref": "b.xlsx"}, {"revision": 2, "source_ref": "a.xlsx"}),
        ({"source_ref": "a.xlsx", "submission_id": "y"}, {"source_ref": "b.xlsx", "submission_id": "x"}),
        ({"submission_id": "x"}, {"submission_id": "y"}),
    ],
)
@pytest.mark.parametrize("is_turned", [False, True])
def test_of_two_versions_the_load_then_the_moment_then_the_number_decides(first: dict, then: dict, is_turned: bool):
    first, then = {"submission_id": "f"} | first, {"submission_id": "g"} | then
    chain = versions(arrived(*((then, first) if is_turned else (first, then))))
    assert sorted(chain.select("version", "submission_id", "supersedes").rows()) == [
        (1, first["submission_id"], None),
        (2, then["submission_id"], first["submission_id"]),
    ]


def test_an_answer_to_a_version_that_came_later_still_follows_it_and_not_the_one_after():
    """It answers the first, bears an older time, and is overtaken by the version of the next day."""
    chain = versions(
        arrived(
            {"submission_id": "next", "received_at": datetime(2022, 10, 6)},
            {"submission_id": "answer", "received_at": datetime(2022, 10, 1), "in_answer_to": "first"},
            {"submission_id": "first", "received_at": datetime(2022, 10, 5)},
        )
    )
    assert chain["submission_id"].to_list() == ["first", "answer", "next"]
    assert chain["supersedes"].to_list() == [None, "first", "answer"]


def test_what_has_no_place_is_a_report_of_its_own_and_supersedes_nothing():
    chain = versions(
        arrived(
            {"submission_id": "a", "report_id": None},
            {"submission_id": "b", "report_id": None},
            {"submission_id": "c"},
        )
    )
    assert sorted(chain.select("submission_id", "version", "supersedes", "is_placed").rows()) == [
        ("a", 1, None, False),
        ("b", 1, None, False),
        ("c", 1, None, True),
    ]


def test_the_last_accepted_version_stands_form_by_form_in_whatever_order_the_rows_lie():
    """The second brings one form only, the third is sent back; they lie in the tables the other way round."""
    submissions = sent(1, 2, 3).reverse()
    forms = pl.DataFrame({"submission_id": ["v3", "v3", "v2", "v1", "v1"], "form": ["02", "01", "01", "02", "01"]})
    current = current_forms(submissions, judged(submissions, returned=("v3",)), forms)
    assert sorted(current.select("form", "submission_id").rows()) == [("01", "v2"), ("02", "v1")]


def test_an_office_that_forgets_to_raise_the_number_is_not_asked():
    assert falling(sent(1, 1, 2, 2, 5)) == {}


def test_a_number_that_was_sent_back_never_stood():
    assert falling(sent(1, 3, 1, 2), returned=("v2",)) == {}


def test_what_falls_replaces_nothing_until_the_office_confirms_it():
    submissions = sent(3, 2)
    verdicts = judged(submissions)
    forms = pl.DataFrame({"submission_id": ["v1", "v2"], "form": ["01", "01"]})
    asked = lower_revisions(submissions, verdicts)
    waiting = unconfirmed_ids(asked, submissions, pl.DataFrame(schema=WAIVER), {RULE})
    assert waiting.to_list() == ["v2"]
    held = verdicts.with_columns(is_out_of_order=pl.col("submission_id").is_in(waiting.implode()))
    assert current_forms(submissions, held, forms)["submission_id"].to_list() == ["v1"]
    said = {"rule_id": RULE, "unit_key": "kien-giang", "period_id": "2022-12"}
    answer = pl.DataFrame([{name: said.get(name) for name in WAIVER}], schema=WAIVER)
    assert unconfirmed_ids(asked, submissions, answer, {RULE}).is_empty()


def test_the_remark_says_both_numbers_and_what_to_do():
    submissions = sent(3, 2)
    verdicts = judged(submissions)
    (remark,) = revision_remarks(lower_revisions(submissions, verdicts)).to_dicts()
    assert (remark["submission_id"], remark["raw"]) == ("v2", "2")
    assert "lần báo cáo 2, thấp hơn lần 3 đang được dùng (tệp “1.xlsx”, nhận ngày 01/10/2022)" in remark["detail_vi"]
    assert "write report no. 4" in remark["detail_en"]


def test_report_no_2_after_no_3_is_a_query_and_no_3_stands(tmp_path: Path):
    home, inbox = Home(tmp_path / "home"), tmp_path / "inbox"
    inbox.mkdir()
    for revision, visits in ((3, 191), (2, 190)):
        reception = {
            ("09", "total"): {"visits": visits, "people": 195},
            ("09", "leaders"): {"visits": 135, "people": 139},
        }
        write_kien_giang(inbox / f"{revision}.xlsx", reception, revision=revision, reason="đính chính")
        receive(inbox, home)
    read_landed(home)
    judge_changed(home)
    submissions = read_tables(home.cells, "submissions", tables.SUBMISSIONS)
    verdicts = read_tables(home.judged, "verdicts", tables.VERDICTS).join(
        submissions.select("submission_id", "revision"), on="submission_id"
    )
    findings = read_tables(home.judged, "findings", tables.FINDINGS).filter(rule_id=RULE)
    late = verdicts.filter(revision=2).row(0, named=True)
    assert (late["version"], late["is_out_of_order"]) == (2, True)
    assert findings["submission_id"].to_list() == [late["submission_id"]]
    assert findings["on_fail"].to_list() == ["query"]
    assert "lần 3" in findings["sentence_vi"][0]
    assert verdicts.filter(revision=3)["is_out_of_order"].to_list() == [False]
