"""A form is data: what a declaration may leave to another, what its lines mean, and that every form can be filled."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl
import pytest
import yaml

from expectations.rules import PackError, packs, read_pack
from pipeline import tables
from pipeline.cells.read import read_landed
from pipeline.forms import DeclarationError, Forms, forms
from pipeline.forms.declaration import FOLDER
from pipeline.forms.template import ReportHeader, write_workbook
from pipeline.home import PROJECT, Home
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


# --- circulars


@pytest.mark.parametrize(
    ("day", "circular"),
    [
        (date(2013, 3, 31), "01/2013/TT-BTP"),
        (date(2020, 1, 4), "01/2013/TT-BTP"),
        (date(2020, 1, 5), "06/2019/TT-BTP"),
        (date(2024, 7, 25), "06/2019/TT-BTP"),
        (date(2024, 7, 26), "05/2024/TT-BTP"),
    ],
)
def test_regime_in_force_is_chosen_by_the_reporting_date(day: date, circular: str) -> None:
    assert {form.regime.name for form in forms().in_force(day).values()} == {circular}


def test_new_circular_has_the_forms_of_the_one_before_but_for_its_own(folder: Path) -> None:
    (folder / "05-2024" / "12.yaml").write_text("{extends: ../06-2019/12.yaml, title: {vi: Khác, en: Other}}")
    declared = Forms(folder)
    old, new = declared.in_force(date(2024, 6, 30)), declared.in_force(date(2024, 7, 31))
    assert list(new) == list(old)
    assert [code for code in new if new[code].vi != old[code].vi] == ["12"]
    assert all(new[code].columns == old[code].columns for code in new)


def test_before_2020_cases_were_pulled_up_and_none_revoked() -> None:
    for code in ("01", "02"):
        before, after = (forms().in_force(day)[code].column for day in (date(2019, 9, 30), date(2020, 9, 30)))
        assert set(before) ^ set(after) == {"pulled_up", "revoked", "postponed_by_consent"}
        assert [str(term) for term in before["due"].equals] == ["+accepted_total", "-delegated", "-pulled_up"]


def test_form_has_the_measures_of_all_its_regimes() -> None:
    assert {"pulled_up", "revoked", "postponed_by_consent"} <= set(forms().measures_of("01"))


def test_published_figure_of_an_old_regime_is_judged_by_a_later_form_where_it_had_none() -> None:
    applied = forms().applied_in(forms().regimes["01/2013/TT-BTP"])
    assert applied["01"].regime.name == "01/2013/TT-BTP"
    assert applied["08"].regime.name == "06/2019/TT-BTP"


def test_every_circular_has_one_pack_of_its_own() -> None:
    for name in forms().regimes:
        assert len([pack for pack in packs() if name in pack.regimes]) == 1


# --- packs that extend another


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A pack of two rules to extend."""
    path = tmp_path / "base.yaml"
    path.write_text(
        """
        pack: base
        version: "1"
        origin: submitted
        basis: old
        rules:
          - {id: a, kind: order, forms: ["01", "02"], lesser: [+x], greater: [+y], on_fail: return, vi: a, en: a}
          - {id: b, kind: order, forms: ["03"], lesser: [+x], greater: [+y], on_fail: return, vi: b, en: b}
        """
    )
    return path


def test_pack_that_extends_another_states_only_what_differs(base: Path) -> None:
    path = base.with_name("new.yaml")
    path.write_text("{pack: new, extends: base, basis: new, rules: [{id: a, on_fail: query}]}")
    pack = read_pack(path)
    assert (pack.pack, pack.version, pack.basis) == ("new", "1", "new")
    assert [(rule.id, str(rule.on_fail), rule.forms) for rule in pack.rules] == [
        ("a", "query", ("01", "02")),
        ("b", "return", ("03",)),
    ]


def test_pack_may_take_over_the_rules_of_some_forms_only(base: Path) -> None:
    path = base.with_name("new.yaml")
    path.write_text('{pack: new, extends: base, forms: ["02"]}')
    assert [(rule.id, rule.forms) for rule in read_pack(path).rules] == [("a", ("02",))]


def test_change_of_the_extended_pack_makes_another_version(base: Path) -> None:
    path = base.with_name("new.yaml")
    path.write_text("{pack: new, extends: base}")
    before = read_pack(path).full_version
    base.write_text(base.read_text() + "# corrected")
    assert read_pack(path).full_version != before


def test_pack_that_extends_nothing_there_says_so(tmp_path: Path) -> None:
    path = tmp_path / "new.yaml"
    path.write_text("{pack: new, extends: base}")
    with pytest.raises(PackError, match=r"extends base\.yaml, which is not there"):
        read_pack(path)


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
        header = ReportHeader("", unit, "", Scope.OFFICE, date(2022, 10, 1), date(2023, 6, 30))
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


def test_lines_that_are_not_used_may_be_left_out(tmp_path: Path) -> None:
    form = replace(JUNE_2023["04"], rows=JUNE_2023["04"].rows[:3])
    header = ReportHeader("", "kien-giang.go-quao", "", Scope.OFFICE, date(2022, 10, 1), date(2023, 6, 30))
    rows = [[figure] * len(form.columns) for figure in (30, 10, 20)]
    write_workbook(tmp_path / "inbox" / "short.xlsx", header, [form], {"04": rows})
    home = Home(tmp_path / "home")
    receive(tmp_path / "inbox", home)
    read_landed(home)
    assert read_tables(home.cells, "remarks", tables.REMARKS).rows() == []
    assert set(read_tables(home.cells, "cells", tables.CELLS)["row_code"]) == {"total", "officer_01", "officer_02"}


@pytest.fixture(scope="module")
def years(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Months of three regimes with every form that each has, and two workbooks on forms of an older circular."""
    folder = tmp_path_factory.mktemp("years")
    for month, codes in (("2019-06", ("01", "02")), ("2023-06", SUBJECTS), ("2024-08", SUBJECTS)):
        simulate(folder, 1, month, month, 11, offices_per_province=3, forms=codes)
    for day, end in ((date(2024, 6, 30), date(2024, 9, 30)), (date(2019, 6, 30), date(2021, 6, 30))):
        old = forms().in_force(day)["01"]
        header = ReportHeader("", "kien-giang.go-quao", "", Scope.OFFICE, date(end.year - 1, 10, 1), end)
        write_workbook(
            folder / "inbox" / f"late-{end.year}.xlsx", header, [old], {"01": [[0] * len(old.columns)] * len(old.rows)}
        )
    home = Home(folder / "home")
    receive(folder / "inbox", home)
    read_landed(home)
    judge_changed(home)
    return home


def of_years(home: Home, table: str, schema: pl.Schema) -> pl.DataFrame:
    """Return a table of the judged stage with regime and file of the submission."""
    submissions = read_tables(home.cells, "submissions", tables.SUBMISSIONS)
    return read_tables(home.judged, table, schema).join(
        submissions.select("submission_id", "regime", "file_name", "is_simulated"), on="submission_id"
    )


@pytest.mark.slow
def test_simulated_months_of_every_regime_have_no_finding(years: Home) -> None:
    findings = of_years(years, "findings", tables.FINDINGS).filter("is_simulated")
    assert findings.select("regime", "form", "rule_id").unique().rows() == []


@pytest.mark.slow
def test_every_form_of_every_regime_passes_rules_of_its_own_pack(years: Home) -> None:
    outcomes = of_years(years, "outcomes", tables.OUTCOMES).filter("is_simulated", pl.col("form") != "*")
    passed = outcomes.filter(pl.col("status") == "pass", ~pl.col("rule_id").str.starts_with("reading."))
    assert {(regime, pack) for regime, pack in passed.select("regime", "pack").iter_rows()} == {
        ("01/2013/TT-BTP", "circular-01-2013"),
        ("06/2019/TT-BTP", "circular-06-2019"),
        ("05/2024/TT-BTP", "circular-05-2024"),
    }
    of_regime = dict(passed.group_by("regime").agg(pl.col("form").unique()).iter_rows())
    assert set(of_regime["01/2013/TT-BTP"]) == {"01", "02"}
    assert set(of_regime["06/2019/TT-BTP"]) == set(of_regime["05/2024/TT-BTP"]) == set(SUBJECTS)
    kept = set(passed.filter(pl.col("regime") == "05/2024/TT-BTP").select("form", "rule_id").iter_rows())
    assert {("04", "rollup.officers"), ("05", "rollup.officers"), ("07", "rollup.rows")} <= kept
    assert outcomes["form_version"].null_count() == 0


@pytest.mark.slow
def test_form_of_an_older_circular_is_named_as_such(years: Home) -> None:
    findings = of_years(years, "findings", tables.FINDINGS).filter(~pl.col("is_simulated"))
    told = dict(findings.filter(pl.col("rule_id") == "header.regime").select("file_name", "sentence_en").iter_rows())
    assert set(told) == {"late-2024.xlsx", "late-2021.xlsx"}
    assert "06/2019/TT-BTP; for this period use the forms of 05/2024/TT-BTP" in told["late-2024.xlsx"]
    verdicts = dict(of_years(years, "verdicts", tables.VERDICTS).select("file_name", "verdict").iter_rows())
    # The layout is the same, so nothing is lost; the older one lacks columns.
    assert (verdicts["late-2024.xlsx"], verdicts["late-2021.xlsx"]) == ("accepted", "returned")
    missing = findings.filter(pl.col("rule_id") == "reading.missing_column")
    assert set(missing["column_code"]) == {"revoked", "postponed_by_consent"}


class SaidOnce(yaml.SafeLoader):
    """Refuses a mapping that says one key twice; YAML itself would let the last one win, silently."""

    def construct_mapping(self, node, deep=False):
        keys = [key.value for key, _ in node.value]
        assert len(keys) == len(set(keys)), f"said twice: {sorted({key for key in keys if keys.count(key) > 1})}"
        return super().construct_mapping(node, deep)


@pytest.mark.parametrize(
    "path",
    sorted([*(PROJECT / "pipeline").rglob("*.yaml"), *(PROJECT / "expectations").rglob("*.yaml")]),
    ids=lambda path: path.relative_to(PROJECT).as_posix(),
)
def test_no_declaration_says_a_thing_twice(path):
    assert yaml.load(path.read_text(encoding="utf-8"), SaidOnce)
