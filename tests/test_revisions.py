"""Claims about the last word: which version of a report stands when files come in the wrong order, or come again."""

from datetime import datetime
from pathlib import Path

import polars as pl

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
