"""Claims about likely causes: one broken cell is one cause, and the hypothesis names the cell and the figure that closes."""

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from expectations.constraints import Cell, Place
from pipeline.causes import frames
from pipeline.causes.digits import is_one_off, is_transposed, slip_kind
from pipeline.causes.search import AGREEMENT
from pipeline.forms import forms
from pipeline.forms.template import ReportHeader, write_workbook
from pipeline.home import PROJECT
from pipeline.judged.judge import Judgement, judge
from pipeline.vocabulary import Scope
from tests.support.sheets import Returns, read

#: A row of form 01 in which everything closes.
ROW = {
    "judgments_received": 900, "accepted_total": 1325, "opening": 415, "newly_accepted": 910, "delegated": 25, "revoked": 10,
    "due": 1290, "eligible": 1042, "completed": 617, "terminated": 31, "in_progress": 380, "postponed_by_consent": 20,
    "other_eligible": 25, "not_eligible": 198, "postponed": 30, "suspended": 20, "carried_over": 673,
    "eligible_carried_over": 425, "separate_book": 77,
}  # fmt: skip
TOTAL = ("01", "total.total")


def judged(folder: Path, **changed: int) -> Judgement:
    """Judge one return on the total row with some figures changed."""
    returns = Returns()
    returns.add("r", {TOTAL: ROW | changed})
    return returns.judged_in_sql(folder)


def first(judgement: Judgement) -> dict:
    """Return the likeliest hypothesis of the one cause that there is."""
    assert judgement.causes["cause_id"].n_unique() == 1
    return judgement.causes.sort("rank").row(0, named=True)


# --- what the hand does to a number


@pytest.mark.parametrize(
    ("found", "would_be", "kind"),
    [
        (1352, 1325, "digits_swapped"),
        (3152, 1325, None),  # two pairs
        (1425, 1325, "digit_wrong"),
        (132, 1325, "digit_wrong"),
        (13255, 1325, "digit_wrong"),
        (-1325, 1325, "sign"),
        (1325000, 1325, "unit_thousand"),
        (1325, 1325000, "unit_thousand"),
        (987, 1325, None),
        (7, 8, None),  # of short numbers every one is one digit off
    ],
)
def test_a_slip_of_the_hand_is_known_by_its_digits(found, would_be, kind):
    assert slip_kind(Decimal(found), Decimal(would_be)) == kind


@given(st.integers(10, 10**9), st.data())
def test_two_digits_that_changed_places_are_told_apart_from_one_mistyped(number, data):
    digits = list(str(number))
    places = st.integers(0, len(digits) - 1)
    a, b = data.draw(places), data.draw(places)
    digits[a], digits[b] = digits[b], digits[a]
    swapped = "".join(digits)
    assert is_transposed(swapped, str(number)) == (swapped != str(number))
    assert not is_one_off(swapped, str(number))


# --- one broken cell


def test_a_clean_return_has_no_cause(tmp_path):
    assert judged(tmp_path).causes.is_empty()


def test_a_cell_that_breaks_several_balances_is_one_cause(tmp_path):
    judgement = judged(tmp_path, completed=671)
    assert judgement.findings.height == 3
    likeliest = first(judgement)
    assert (likeliest["kind"], likeliest["column_code"]) == ("digits_swapped", "completed")
    assert (likeliest["found"], likeliest["would_be"], likeliest["closes"], likeliest["of"]) == (671, 617, 3, 3)
    assert "ghi 671, nếu là 617" in likeliest["sentence_vi"]


@pytest.mark.parametrize(
    ("column", "written", "kind"),
    [
        ("delegated", -25, "sign"),
        ("in_progress", 380000, "unit_thousand"),
        ("eligible", 1043, "total_typed_over"),
        ("due", 1325, "term_left_out"),
        ("not_eligible", 199, "digit_wrong"),
    ],
)
def test_the_kind_of_slip_is_told(tmp_path, column, written, kind):
    likeliest = first(judged(tmp_path, **{column: written}))
    assert (likeliest["column_code"], likeliest["would_be"]) == (column, ROW[column])
    assert likeliest["kind"] == kind


def test_two_columns_that_changed_places_are_one_cause_of_two_cells(tmp_path):
    judgement = judged(tmp_path, completed=ROW["in_progress"], in_progress=ROW["completed"])
    likeliest = first(judgement)
    assert likeliest["kind"] == "columns_swapped"
    assert {c["column_code"]: c["would_be"] for c in likeliest["changes"]} == {"completed": 617, "in_progress": 380}


def test_two_cells_that_have_nothing_in_common_are_two_causes(tmp_path):
    judgement = judged(tmp_path, opening=514, eligible_carried_over=400)
    roots = judgement.causes.filter(pl.col("rank") == 1)
    assert set(roots["column_code"]) == {"opening", "eligible_carried_over"}


# --- what was left blank


def blanked(folder: Path, *cells: tuple[str, str]) -> Judgement:
    """Judge a return on form 01, every row filled in, with some cells left blank."""
    form = forms().in_force(date(2023, 6, 30))["01"]

    def leaves(row: str) -> int:
        rollup = next((rollup for rollup in form.rollups if rollup.total == row), None)
        return sum(map(leaves, rollup.parts)) if rollup else 1

    matrix = [
        [None if column not in ROW or (row, column) in cells else ROW[column] * leaves(row) for column in form.column]
        for row in form.row
    ]
    header = ReportHeader("Gò Quao", "kien-giang.go-quao", "", Scope.OFFICE, date(2022, 10, 1), date(2023, 6, 30))
    write_workbook(folder / "book.xlsx", header, [form], {"01": matrix})
    reading = read(folder / "book.xlsx")
    return judge(reading.submissions, reading.cells, reading.remarks, database=folder / "judged.duckdb")


def test_a_blank_total_is_told_with_the_figure_that_closes(tmp_path):
    judgement = blanked(tmp_path, ("total.total", "carried_over"))
    likeliest = first(judgement)
    assert (likeliest["kind"], likeliest["column_code"]) == ("cell_blank", "carried_over")
    assert likeliest["would_be"] == 18 * ROW["carried_over"]


def test_a_row_left_blank_is_one_cause_however_many_cells_it_has(tmp_path):
    judgement = blanked(tmp_path, *(("total.total", column) for column in ROW))
    assert judgement.findings.filter(pl.col("rule_id") == "reading.blank_total").height == len(ROW)
    assert judgement.causes["cause_id"].n_unique() == 1


def test_a_form_with_every_row_filled_in_has_no_cause(tmp_path):
    assert blanked(tmp_path).causes.is_empty()


def test_a_root_keeps_its_id_in_the_next_version(tmp_path):
    ids = set()
    for version, completed in (("a", 671), ("b", 640)):
        returns = Returns()
        returns.add(version, {TOTAL: ROW | {"completed": completed}}, report_id="same")
        (cause,) = returns.judged_in_sql(tmp_path).causes["cause_id"].unique()
        ids.add(cause)
    assert len(ids) == 1


@settings(
    max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(
    st.lists(st.dictionaries(st.sampled_from(sorted(ROW)), st.integers(0, 3000), min_size=1, max_size=5), min_size=5)
)
def test_every_failing_finding_is_in_exactly_one_cause_and_every_hypothesis_closes_what_it_says(tmp_path, changes):
    returns = Returns()
    for n, changed in enumerate(changes):
        returns.add(f"r{n}", {TOTAL: ROW | changed})
    judgement = returns.judged_in_sql(tmp_path)
    members = judgement.cause_findings
    assert sorted(members["finding_id"]) == sorted(judgement.findings["finding_id"])
    assert set(members["cause_id"]) == set(judgement.causes["cause_id"])
    for cause in judgement.causes.filter(pl.col("rank") == 1).to_dicts():
        assert members.filter(cause_id=cause["cause_id"], submission_id=cause["submission_id"]).height == cause["of"]
        assert 0 <= cause["closes"] <= cause["of"]


# --- what was published


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    reading = read(PROJECT / "samples" / "published" / "published_figures.csv", received_at=datetime(2026, 1, 5))
    judgement = judge(
        reading.submissions, reading.cells, reading.remarks, database=tmp_path_factory.mktemp("causes") / "j.duckdb"
    )
    return judgement.causes.join(reading.submissions.select("submission_id", case="source_ref"), on="submission_id")


@pytest.mark.slow
def test_the_first_hypothesis_of_the_seed_is_the_accepted_total_printed_as_due(published):
    causes = published.filter(case="KG-2022-12M")
    assert causes["cause_id"].n_unique() == 1
    likeliest = causes.filter(rank=1).row(0, named=True)
    assert (likeliest["kind"], likeliest["column_code"]) == ("term_left_out", "due")
    assert (likeliest["found"], likeliest["would_be"]) == (20352, 20178)
    assert "ủy thác hoặc thu hồi, hủy 174" in likeliest["sentence_vi"]
    assert "174 delegated or revoked" in likeliest["sentence_en"]


@pytest.mark.slow
@pytest.mark.parametrize("case", ["KG-2013-9M", "GL-2021-12M"])
def test_unit_slips_that_were_published_are_told_as_such(published, case):
    likeliest = published.filter(case=case, form="02", rank=1).row(0, named=True)
    assert (likeliest["kind"], likeliest["would_be"] / likeliest["found"]) == ("unit_thousand", 1000)
    assert likeliest["closes"] == likeliest["of"]


@pytest.mark.parametrize(
    ("sheets", "foreign"),
    [
        ({"01": "a", "02": "b", "03": "b"}, {"01"}),
        ({"01": "a", "02": "b"}, set()),  # of two that disagree neither is known to be the wrong one
        ({"01": "a", "02": "a", "03": "b"}, set()),
        ({"01": "a", "02": "a"}, set()),  # a CSV stands on one sheet: there is no other that speaks
        ({"01": "b", "02": "c"}, set()),
        ({"01": None, "02": "b"}, set()),
    ],
)
def test_a_form_is_foreign_only_where_most_are_not(sheets, foreign) -> None:
    cells = {
        (at := Place("s", form, "total.total", "due")): Cell(at, Decimal(1), None, sheet, "A1", "1")
        for form, sheet in sheets.items()
    }
    disagree = [{"rule_id": AGREEMENT, "sheet": "a"}, {"rule_id": AGREEMENT, "sheet": None}]
    assert frames._foreign_forms("s", cells, disagree) == foreign
