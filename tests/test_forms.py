"""A form is data: what a declaration may leave to another, what its lines mean, and that every form can be filled."""

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from pipeline import tables
from pipeline.cells.read import read_landed
from pipeline.forms import DeclarationError, Forms, forms
from pipeline.forms.declaration import FOLDER
from pipeline.forms.template import Header, write_workbook
from pipeline.home import Home
from pipeline.judged.judge import judge_changed
from pipeline.landing.receive import receive
from pipeline.registry.units import unit_registry
from pipeline.simulator import simulate
from pipeline.simulator.figures import SUBJECTS
from pipeline.storage import read_tables
from pipeline.vocabulary import Scope

CIRCULAR = [*(f"{n:02}" for n in range(1, 13)), "credit", "discipline"]
JUNE_2023 = forms().in_force(date(2023, 6, 30))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the declarations to change."""
    for path in FOLDER.rglob("*.yaml"):
        target = tmp_path / path.relative_to(FOLDER)
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(path.read_bytes())
    return tmp_path


# --- declarations


def test_all_twelve_forms_discipline_and_credit_are_declared() -> None:
    assert set(CIRCULAR) <= set(JUNE_2023)


@pytest.mark.parametrize("code", CIRCULAR)
def test_every_row_and_column_is_named_once_in_both_languages(code: str) -> None:
    form = JUNE_2023[code]
    for lines in (form.rows, form.columns):
        for names in ([line.code for line in lines], [line.vi for line in lines], [line.en for line in lines]):
            assert all(names)
            assert len(names) == len(set(names))


def test_officers_have_the_columns_of_the_forms_that_they_break_down() -> None:
    for whole, by_officer in (("01", "04"), ("02", "05")):
        assert JUNE_2023[by_officer].columns == JUNE_2023[whole].columns
        assert JUNE_2023[by_officer].unit == JUNE_2023[whole].unit


def test_officers_have_thirty_numbered_lines_below_their_total() -> None:
    total, *lines = JUNE_2023["04"].rows
    assert (total.code, total.is_open) == ("total", False)
    assert [line.code for line in lines] == [f"officer_{n:02}" for n in range(1, 31)]
    assert all(line.is_open for line in lines)
    assert lines[6].vi == "Chấp hành viên số 7"
    (rollup,) = JUNE_2023["04"].rollups
    assert (rollup.total, rollup.dimension, len(rollup.parts)) == ("total", "officer", 30)


def test_each_kind_of_measure_sums_its_own_and_nothing_else() -> None:
    sums = {rollup.total: rollup.parts for rollup in JUNE_2023["07"].rollups}
    assert sums == {
        "security": ("freezing_accounts", "seizing_papers", "suspending_transfer"),
        "coercion": (
            "account_deduction",
            "income_deduction",
            "distraint",
            "exploitation",
            "handover",
            "forced_act",
        ),
    }


def test_form_that_extends_another_states_only_what_differs(folder: Path) -> None:
    (folder / "06-2019" / "13.yaml").write_text('{extends: 12.yaml, form: "13", title: {vi: Khác, en: Other}}')
    declared = Forms(folder).in_force(date(2023, 6, 30))
    assert declared["13"].vi == "Khác"
    assert declared["13"].columns == declared["12"].columns


def test_change_of_the_extended_form_makes_another_version(folder: Path) -> None:
    before = Forms(folder).in_force(date(2023, 6, 30))
    path = folder / "06-2019" / "01.yaml"
    path.write_text(path.read_text(encoding="utf-8") + "# corrected\n", encoding="utf-8")
    after = Forms(folder).in_force(date(2023, 6, 30))
    assert before["04"].version != after["04"].version
    assert before["05"].version == after["05"].version


def test_form_that_extends_nothing_there_says_so(folder: Path) -> None:
    (folder / "06-2019" / "13.yaml").write_text('{extends: 99.yaml, form: "13"}')
    with pytest.raises(DeclarationError, match=r"13\.yaml: extends 99\.yaml"):
        Forms(folder)


def test_measure_names_the_circulars_that_ask_for_it() -> None:
    source = dict(forms().measures_frame().select("measure", "source").iter_rows())
    assert "06/2019/TT-BTP" in source["decisions"]
    assert source["target"] == "published reports"


# --- filled, read and judged


#: Form, rows from the first column on, rules that are to hold the report back or query it. Each is sent by an office
#: of its own, so that all are judged at once.
CASES = {
    # the total and two officers; the other lines are not used
    "officers_add_up": ("04", {"total": [30], "officer_01": [10], "officer_02": [20]}, set()),
    "officers_off": ("04", {"total": [31], "officer_01": [10], "officer_02": [20]}, {"rollup.officers"}),
    "total_alone": ("05", {"total": [31]}, set()),
    # requested, granted, exempted, lowered, refused, undecided
    "exemptions": ("06", {"cases": [10, 7, 4, 3, 1, 2]}, set()),
    "granted_off": ("06", {"cases": [10, 7, 4, 2, 1, 2]}, {"balance.granted"}),
    "undecided_off": ("06", {"cases": [10, 7, 4, 3, 1, 3]}, {"balance.undecided"}),
    # decisions, carried out, with force, without force, not carried out
    "force_off": ("07", {"distraint": [5, 4, 3, 2, 1]}, {"balance.carried_out"}),
    "more_than_decided": ("07", {"distraint": [5, 6, 3, 3, 0]}, {"balance.not_carried_out", "order.carried_out"}),
    # occasions, conclusions, recommendations, carried out, open
    "conclusions_above": ("10", {"procuracy": [2, 3, 4, 1, 3]}, {"order.conclusions"}),
    "open_off": ("10", {"procuracy": [2, 2, 4, 1, 2]}, {"balance.recommendations_open"}),
    # claims, settled, paid, pending
    "paid_above": ("11", {"cases": [3, 1, 2, 2]}, {"order.claims_paid"}),
    "pending_off": ("11", {"cases": [3, 1, 1, 1]}, {"balance.claims_pending"}),
    # due, eligible, completed, not eligible, postponed, suspended, carried over
    "budget": ("03", {"cases": [10, 7, 4, 2, 1, 0, 6]}, set()),
    "budget_off": ("03", {"cases": [10, 7, 4, 1, 1, 0, 5]}, {"balance.due_parts", "balance.carried_over"}),
}
OFFICES = dict(zip(CASES, unit_registry().parts_of("kien-giang", date(2023, 6, 30), is_simulated=False), strict=False))


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """The rules that fail, by case."""
    folder = tmp_path_factory.mktemp("cases")
    for case, (code, lines, _) in CASES.items():
        form = JUNE_2023[code]
        rows = [lines.get(row, []) for row in form.row]
        matrix = [[*row, *[None] * (len(form.columns) - len(row))] for row in rows]
        unit = OFFICES[case]
        header = Header("", unit, "", Scope.OFFICE, date(2022, 10, 1), date(2023, 6, 30))
        write_workbook(folder / "inbox" / f"{case}.xlsx", header, [form], {code: matrix})
    home = Home(folder / "home")
    receive(folder / "inbox", home)
    read_landed(home)
    judge_changed(home)
    units = read_tables(home.cells, "submissions", tables.SUBMISSIONS).select("submission_id", "unit_key")
    findings = read_tables(home.judged, "findings", tables.FINDINGS).filter(pl.col("on_fail") != "note")
    by_unit = dict(units.join(findings, on="submission_id").group_by("unit_key").agg("rule_id").iter_rows())
    assert set(units["unit_key"]) == set(OFFICES.values())
    return {case: set(by_unit.get(unit, ())) for case, unit in OFFICES.items()}


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_form_that_does_not_add_up_is_found(case: str, found: dict[str, set[str]]) -> None:
    assert found[case] == CASES[case][2]


@pytest.mark.slow
def test_simulated_month_on_every_form_has_no_finding(tmp_path: Path) -> None:
    simulate(tmp_path, 1, "2023-06", "2023-06", 11, forms=list(SUBJECTS))
    home = Home(tmp_path / "home")
    receive(tmp_path / "inbox", home)
    read_landed(home)
    judged = judge_changed(home)
    assert (judged.submissions, judged.findings) == (17, 0)
    outcomes = read_tables(home.judged, "outcomes", tables.OUTCOMES)
    passed = set(outcomes.filter(pl.col("status") == "pass").select("form", "rule_id").iter_rows())
    assert {form for form, _ in passed} >= set(CIRCULAR)
    assert {("04", "rollup.officers"), ("05", "rollup.officers"), ("07", "rollup.offices")} <= passed
