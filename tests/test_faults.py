"""A simulated country through landing, reading and judging: every planted fault is found, and nothing else is."""

from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import polars as pl
import pytest

from expectations.rules import packs
from pipeline import tables
from pipeline.cells.read import read_landed
from pipeline.home import Home
from pipeline.judged.judge import judge_changed
from pipeline.landing.receive import receive
from pipeline.simulator import FAULTS, Truth, simulate, write_correction
from pipeline.storage import read_tables
from pipeline.vocabulary import Receipt

pytestmark = pytest.mark.slow

RULES = {rule.id for pack in packs() if pack.pack == "circular-06-2019" for rule in pack.rules}
#: Faults that only a rule of a later issue finds stay out until the rule is there.
FINDABLE = [
    name
    for name, fault in FAULTS.items()
    if fault.is_harmless or fault.is_unreadable or any(rule in RULES for rule in fault.meant)
]


@dataclass
class Night:
    """What landing, reading and judging made of an inbox."""

    home: Home

    @classmethod
    def over(cls, inbox: Path, home: Home) -> "Night":
        receive(inbox, home)
        read_landed(home)
        judge_changed(home)
        return cls(home)

    def table(self, name: str) -> pl.DataFrame:
        return read_tables(self.home.judged, name, getattr(tables, name.upper()))

    @property
    def submissions(self) -> pl.DataFrame:
        """Every file with its verdict, the unreadable ones too, by path."""
        receipts = read_tables_flat(self.home)
        read = read_tables(self.home.cells, "submissions", tables.SUBMISSIONS)
        verdicts = self.table("verdicts").select("submission_id", "verdict", "version", "supersedes")
        refused = receipts.filter(pl.col("verdict") == Receipt.UNREADABLE).select(
            pl.col("path").alias("source_ref"), "problem_vi"
        )
        rows = pl.concat([read.drop("problem_vi"), refused], how="diagonal").join(
            verdicts, on="submission_id", how="left"
        )
        return rows.with_columns(pl.col("verdict").fill_null("unreadable"))

    def fired(self, path: str) -> set[str]:
        """Return the rules that fail on the file at ``path``."""
        at = self.submissions.filter(pl.col("source_ref") == path).select("submission_id")
        return set(self.table("findings").join(at, on="submission_id")["rule_id"])

    def findings(self, path: str) -> list[dict]:
        at = self.submissions.filter(pl.col("source_ref") == path).select("submission_id")
        return self.table("findings").join(at, on="submission_id").to_dicts()


def read_tables_flat(home: Home) -> pl.DataFrame:
    return pl.read_parquet(sorted(home.receipts.glob("*.parquet")))


# --- one province-month: 16 offices, three faults


@pytest.fixture(scope="module")
def month(tmp_path_factory):
    folder = tmp_path_factory.mktemp("month")
    faults = (
        "balance_broken@kien-giang.go-quao",
        "ratio_impossible@kien-giang.hon-dat",
        "truncated_zip@kien-giang.phu-quoc",
    )
    truth = simulate(folder / "country", 1, "2023-06", "2023-06", 2023, faults=faults, consolidated=False)
    return truth, Night.over(folder / "country" / "inbox", Home(folder / "home")), folder


@pytest.fixture(scope="module")
def corrected(month):
    truth, night, folder = month
    before = night.submissions
    (returned,) = [fault.id for fault in truth.faults if fault.kind == "balance_broken"]
    write_correction(truth, returned, folder / "next")
    return before, Night.over(folder / "next", night.home)


def test_of_sixteen_offices_one_is_returned_one_queried_one_unreadable_and_thirteen_accepted(month):
    truth, night, _ = month
    assert len(truth.reports) == 16
    verdicts = night.submissions.filter(pl.col("version").is_null() | (pl.col("version") == 1))[
        "verdict"
    ].value_counts()
    assert dict(verdicts.iter_rows()) == {"accepted": 13, "returned": 1, "accepted_with_query": 1, "unreadable": 1}


def test_the_returned_office_is_told_sheet_and_cell(month):
    truth, night, _ = month
    (fault,) = [fault for fault in truth.faults if fault.kind == "balance_broken"]
    (change,) = fault.changes
    (finding,) = [row for row in night.findings(fault.path) if row["rule_id"] == "balance.carried_over"]
    (found,) = [cell for cell in finding["cells"] if cell["role"] == "found"]
    assert (found["sheet"], found["address"], found["value"]) == (change.sheet, change.address, change.written)
    assert finding["expected"] == change.true
    assert change.address in finding["sentence_vi"]
    assert f"trang «{change.sheet}»" in finding["sentence_vi"]


def test_the_queried_office_is_in_and_asked(month):
    truth, night, _ = month
    (fault,) = [fault for fault in truth.faults if fault.kind == "ratio_impossible"]
    assert night.fired(fault.path) == {"ratio.completion_rate"}
    (finding,) = night.findings(fault.path)
    assert fault.changes[0].address in finding["sentence_vi"]


def test_the_unreadable_file_says_why_and_what_to_do(month):
    truth, night, _ = month
    (fault,) = [fault for fault in truth.faults if fault.kind == "truncated_zip"]
    (row,) = night.submissions.filter(pl.col("source_ref") == fault.path).to_dicts()
    assert row["verdict"] == "unreadable"
    assert "gửi lại" in row["problem_vi"]


def test_the_thirteen_have_no_finding_at_all(month):
    truth, night, _ = month
    clean = [report.path for report in truth.reports if not report.faults]
    assert len(clean) == 13
    assert {path: night.fired(path) for path in clean} == {path: set() for path in clean}


def test_the_corrected_workbook_supersedes_the_first(corrected):
    before, night = corrected
    (first,) = before.filter(pl.col("verdict") == "returned").to_dicts()
    (second,) = night.submissions.filter(pl.col("version") == 2).to_dicts()
    assert (second["verdict"], second["supersedes"]) == ("accepted", first["submission_id"])
    assert second["report_id"] == first["report_id"]
    assert second["revision"] == 2
    assert second["reason"]
    assert first["submission_id"] in night.submissions["submission_id"]


def test_a_second_night_over_the_same_inbox_changes_nothing(corrected, month):
    _, night = corrected
    _, _, folder = month
    before = {name: night.table(name).sort(pl.all().exclude("cells")) for name in ("outcomes", "verdicts")}
    again = Night.over(folder / "country" / "inbox", night.home)
    assert all(again.table(name).sort(pl.all()).equals(frame) for name, frame in before.items())


# --- every kind of fault, each in a report of its own


ALONE = "province_total_off"  # a province is compared with its offices only when all of them are in


@pytest.fixture(scope="module")
def country(tmp_path_factory) -> tuple[Truth, Night]:
    folder = tmp_path_factory.mktemp("country")
    truth = simulate(folder / "a", 2, "2023-05", "2023-06", 7, faults=[kind for kind in FINDABLE if kind != ALONE])
    quiet = simulate(folder / "b", 1, "2023-03", "2023-03", 7, faults=[ALONE])
    home = Home(folder / "home")
    receive(folder / "a" / "inbox", home)
    night = Night.over(folder / "b" / "inbox", home)
    truth.reports += quiet.reports
    truth.faults += quiet.faults
    return truth, night


def planted(truth: Truth, kind: str):
    (fault,) = [fault for fault in truth.faults if fault.kind == kind]
    return fault


@pytest.mark.parametrize("kind", FINDABLE)
def test_a_planted_fault_is_found_by_the_rules_that_are_meant_to_and_by_no_other(kind, country):
    truth, night = country
    fault = planted(truth, kind)
    fired = night.fired(fault.path)
    assert set(fault.meant) & RULES <= fired
    allowed = (*fault.meant, *fault.entails)
    # An office's fault may show in its province's report, never the other way.
    allowed += ("rollup.offices",) if fault.scope == "province" else ()
    assert [rule for rule in fired if not any(fnmatchcase(rule, pattern) for pattern in allowed)] == []
    (verdict,) = night.submissions.filter(pl.col("source_ref") == fault.path)["verdict"]
    assert (verdict == "unreadable") == fault.is_unreadable
    if fault.is_harmless:
        assert (verdict, fired) == ("accepted", set())


def test_a_finding_of_every_planted_fault_names_a_cell_that_was_changed(country):
    truth, night = country
    for fault in truth.faults:
        changed = {(change.sheet, change.address) for change in fault.changes if change.address}
        findings = [row for row in night.findings(fault.path) if row["rule_id"] in fault.meant]
        if changed and findings:
            named = {(cell["sheet"], cell["address"]) for row in findings for cell in row["cells"]}
            assert changed & named, fault.kind


def test_the_clean_reports_of_the_country_are_accepted_in_silence(country):
    truth, night = country
    faulty = {fault.province for fault in truth.faults if not fault.is_harmless}
    for report in truth.reports:
        if not report.faults:
            fired = night.fired(report.path)
            assert fired <= ({"rollup.offices"} if report.scope == "province" and report.province in faulty else set())


def test_every_rule_that_a_fault_is_meant_for_has_been_seen_to_fire(country):
    truth, night = country
    fired = set(night.table("findings")["rule_id"])
    assert {rule for fault in truth.faults for rule in fault.meant} & RULES <= fired
