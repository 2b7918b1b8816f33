"""The files that broke an earlier version, all in one night with the samples: what each became, line by line of ``expected.csv``."""

import csv
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path

import duckdb
import polars as pl
import pytest

from benchmarks.storm.claims import find_lost_receipts
from pipeline.home import PROJECT, VIETNAM, Home
from pipeline.landing.receive import read_receipts
from pipeline.simulator.samples import SAMPLES
from tests.support.nights import load
from tests.support.sheets import read

TROUBLE = PROJECT.parent / "shared" / "data" / "trouble"
RECEIVED = datetime(2023, 10, 2, 9, tzinfo=VIETNAM)
#: An office reports after a merger, and one before its period has ended; both need a later day or an earlier one.
RECEIVED_OF = {
    "e01_old_office_after_merger.xlsx": datetime(2026, 1, 5, 8, tzinfo=VIETNAM),
    "e02_future_period.xlsx": datetime(2025, 11, 20, 8, tzinfo=VIETNAM),
}

#: It becomes two thousand returns; the night would spend most of its time on their letters.
MANY_OFFICES = "11_2000_units_96kB.csv"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not TROUBLE.exists(), reason="these files lie beside the repository, not in it"),
]


@dataclass(frozen=True)
class Became:
    """What one file became: the rows of ``fct_submission`` under its path, and what is told of them."""

    file: str
    home: Home

    def rows(self, sql: str) -> pl.DataFrame:
        with duckdb.connect(str(self.home.live), read_only=True) as connection:
            return connection.sql(sql, params={"file": self.file}).pl()

    @cached_property
    def receipts(self) -> pl.DataFrame:
        path = pl.col("path")
        return read_receipts(self.home).filter((path == self.file) | path.str.starts_with(f"{self.file}!/"))

    @cached_property
    def submissions(self) -> pl.DataFrame:
        ids = self.receipts["receipt_id"].to_list()
        with duckdb.connect(str(self.home.live), read_only=True) as connection:
            sql = "select * from fct_submission where list_contains($ids, receipt_id) order by submission_id"
            return connection.sql(sql, params={"ids": ids}).pl()

    @cached_property
    def verdicts(self) -> list[str]:
        return self.submissions["verdict"].to_list()

    @cached_property
    def problems(self) -> list[str]:
        return self.submissions["problem"].drop_nulls().to_list()

    @cached_property
    def findings(self) -> pl.DataFrame:
        with duckdb.connect(str(self.home.live), read_only=True) as connection:
            sql = "select * from fct_finding where list_contains($ids, submission_id) order by finding_id"
            return connection.sql(sql, params={"ids": self.submissions["submission_id"].to_list()}).pl()

    @cached_property
    def rules(self) -> set[str]:
        return set(self.findings["rule_id"])

    @cached_property
    def causes(self) -> pl.DataFrame:
        with duckdb.connect(str(self.home.live), read_only=True) as connection:
            sql = "select * from fct_likely_cause where list_contains($ids, submission_id) order by hypothesis_rank"
            return connection.sql(sql, params={"ids": self.submissions["submission_id"].to_list()}).pl()

    def sentences(self, rule: str) -> str:
        """What the findings of a rule say, in both languages."""
        told = self.findings.filter(pl.col("rule_id") == rule)
        return " ".join([*told["sentence_vi"], *told["sentence_en"]])

    @property
    def is_in_the_facts(self) -> bool:
        """Whether any figure of the file is in a table of cases, money, reception or discipline."""
        ids = self.submissions["submission_id"].to_list()
        facts = ("fct_case_results", "fct_money_results", "fct_reception", "fct_discipline", "fct_complaints")
        with duckdb.connect(str(self.home.live), read_only=True) as connection:
            return any(
                connection.execute(
                    f"select count(*) from {fact} where list_contains($ids, submission_id)", {"ids": ids}
                ).fetchall()[0][0]
                for fact in facts
            )


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, Path, dict]:
    """One night over the samples and every file of trouble, those that are made by a script among them."""
    folder = tmp_path_factory.mktemp("trouble")
    inbox = folder / "inbox"
    shutil.copytree(SAMPLES, inbox)
    for file in sorted(TROUBLE.iterdir()):
        if file.suffix not in (".sh", ".py") and file.name not in ("expected.csv", MANY_OFFICES):
            shutil.copyfile(file, inbox / file.name)
            moment = RECEIVED_OF.get(file.name, RECEIVED).timestamp()
            os.utime(inbox / file.name, (moment, moment))
    (inbox / "deep").mkdir()
    subprocess.run(["bash", str(TROUBLE / "05_make_deep_path.sh"), str(inbox / "deep")], check=True)
    with (inbox / "16_wide_header.csv").open("w") as wide:
        subprocess.run([sys.executable, str(TROUBLE / "16_make_wide_header.py"), "600000"], stdout=wide, check=True)
    home = Home(folder / "home")
    return home, inbox, load(inbox, home)


def test_every_file_has_a_receipt_and_every_return_a_verdict(night):
    home, inbox, summary = night
    assert [lost for lost in find_lost_receipts(inbox, read_receipts(home)) if "x.csv" not in lost] == []
    with duckdb.connect(str(home.live), read_only=True) as connection:
        rows, silent, doubled = connection.execute(
            "select count(*), count(*) filter (where verdict is null), count(*) - count(distinct submission_id) from fct_submission"
        ).fetchall()[0]
    assert rows > 60
    assert (silent, doubled) == (0, 0)
    assert summary["release"] == 1


#: A report of which a later version came with the trouble does not stand any more.
STANDS = """
    submission_id not in (
        select submission_id from alone.fct_submission where report_id in (
            select report_id from together.fct_submission
            where report_id is not null and submission_id not in (select submission_id from alone.fct_submission)
        )
    )
"""


def test_the_samples_are_in_the_facts_as_if_they_had_come_alone(night, samples_home):
    home, _, _ = night
    with duckdb.connect() as connection:
        for name, at in (("together", home), ("alone", samples_home)):
            connection.execute(f"attach '{at.live}' as {name} (read_only)")
        for fact in ("fct_case_results", "fct_money_results", "fct_reception", "fct_discipline"):
            kept, lost = (
                connection.execute(f"from alone.{fact} where {STANDS} {less}").fetchall()
                for less in ("", f"except all from together.{fact}")
            )
            assert lost == [], fact
            assert kept, fact


def test_a_folder_too_deep_for_the_system_is_told(night):
    home, _, _ = night
    log = (home.root / "logs" / "night.log").read_text(encoding="utf-8")
    told = read_receipts(home).filter(pl.col("path").str.starts_with("deep/"))
    assert "ddd" in log or not told.is_empty()


def is_returned_for(*rules: str) -> Callable[[Became], bool]:
    return lambda it: set(it.verdicts) == {"returned"} and set(rules) <= it.rules and not it.is_in_the_facts


def is_refused_as(*problems: str) -> Callable[[Became], bool]:
    return lambda it: it.verdicts == ["unreadable"] and it.problems[0] in problems


def is_accepted(it: Became) -> bool:
    """Several are versions of one report: the last of them is in the facts."""
    return it.verdicts in (["accepted"], ["accepted_with_query"])


#: By file of ``expected.csv``: what must be true of it.
MUST: dict[str, Callable[[Became], bool]] = {
    "01_published_blank_province.csv": is_returned_for("header.unit"),
    "02a_workbook_nam_0000.xlsx": is_returned_for("header.period"),
    "02c_long_0001.csv": is_returned_for("header.period"),
    "03a_one_scope_is_a_space.csv": lambda it: len(it.verdicts) == 1,
    "04a_lzma_corrupt.zip": lambda it: "damaged_archive" in it.problems and len(it.receipts) >= 2,
    "06a_unit_slashes.csv": is_returned_for("header.unit"),
    "07_correct_return_at_national_size.xlsx": is_accepted,
    "08_row_cut_short.csv": lambda it: it.verdicts in (["returned"], ["unreadable"]),
    "09a_case_of_two_provinces.csv": is_returned_for("header.agreement"),
    "10a_number_without_value.txt": lambda it: (
        it.verdicts != ["accepted"] and "99999" in it.sentences("published.reading")
    ),
    "12_13_thang.txt": is_returned_for("header.period"),
    "13_cr_only.csv": lambda it: len(it.verdicts) == 1 and it.verdicts != ["unreadable"],
    "14_mixed_separators.csv": lambda it: it.verdicts == ["unreadable"],
    "16_wide_header.csv": lambda it: it.verdicts == ["unreadable"],
    "a02_lo.xls": is_refused_as("old_excel"),
    "a03_lo.ods": is_refused_as("opendocument"),
    "a05_lo_utf8_semicolon.csv": lambda it: is_accepted(it) or it.problems == ["form_as_csv"],
    "a06_lo.pdf": is_refused_as("pdf"),
    "a07_lo.docx": is_refused_as("word"),
    "a08_lo.doc": is_refused_as("old_word"),
    "a09_lo.fods": is_refused_as("flat_opendocument"),
    "a15.7z": is_refused_as("seven_zip"),
    "a16.rar": is_refused_as("rar"),
    "a17.eml": is_refused_as("email"),
    "a18_outlook.msg": is_refused_as("outlook_message", "damaged_old_office"),
    "b05_percent_format.xlsx": is_accepted,
    "b06_money_in_dong_shown_in_thousands.xlsx": lambda it: it.verdicts == ["returned"] and not it.is_in_the_facts,
    "b09_dates_as_serial.xlsx": is_accepted,
    "b14_div0_in_rates.xlsx": lambda it: not any("-0,08" in text for text in it.causes["sentence_vi"]),
    "b17_stale_cache.xlsx": lambda it: it.causes["kind"][0] == "not_recalculated",
    "b18_extra_subtotal_row.xlsx": is_accepted,
    "b20_extra_column.xlsx": lambda it: is_accepted(it) and not it.findings.is_empty(),
    "b22b_last_month_sheet_first.xlsx": lambda it: it.verdicts == ["returned"] and not it.is_in_the_facts,
    "b25_period_month_words.xlsx": lambda it: is_accepted(it) or "Tháng 9" in it.sentences("header.period"),
    "b27_bool_and_wrong.xlsx": lambda it: "TRUE" in it.sentences("reading.number"),
    "c01_xlsx_and_signed_pdf.zip": lambda it: sorted(it.verdicts)[:1] == ["accepted"] and it.problems == [],
    # Its workbook has the bytes of the one in the zip before it.
    "c02_powershell_backslash.zip": lambda it: it.verdicts == ["duplicate"] and it.receipts.height == 2,
    "d02_sep_line.csv": is_accepted,
    "d03_bom_semicolon_trailing_blank.csv": is_accepted,
    "d05_quoted_header_upper.csv": is_accepted,
    "e01_old_office_after_merger.xlsx": lambda it: (
        it.verdicts == ["returned"] and "An Giang" in it.sentences("header.unit")
    ),
    "e02_future_period.xlsx": is_returned_for("header.period"),
    "e03_blank_first_filled_second.xlsx": is_accepted,
    "e06_template_never_calculated.xlsx": lambda it: (
        it.verdicts == ["returned"] and set(it.causes["kind"]) - {"unknown"} == {"not_recalculated"}
    ),
}


@pytest.mark.parametrize("file", MUST)
def test_each_file_becomes_what_it_must(night, file):
    it = Became(file, night[0])
    told = it.findings.select("rule_id", "sentence_en").head(5).rows() if not it.findings.is_empty() else []
    assert MUST[file](it), (it.verdicts[:5], it.problems, told, it.causes.head(3).to_dicts())


def test_every_line_of_the_list_has_its_claim():
    with (TROUBLE / "expected.csv").open(encoding="utf-8") as file:
        listed = {line["file"] for line in csv.DictReader(file)}
    made = {"05_make_deep_path.sh", "16_make_wide_header.py"}
    assert listed - made == (set(MUST) | {MANY_OFFICES}) - {"16_wide_header.csv"}


def test_two_thousand_offices_in_one_file_are_read_within_the_time_that_any_file_has():
    started = time.process_time()
    found = read(TROUBLE / MANY_OFFICES)
    assert time.process_time() - started < 10
    assert found.submissions["submission_id"].n_unique() == 2000
    assert found.submissions["unit_key"].null_count() == 2000
    assert set(found.remarks.filter(code="header_unit")["submission_id"]) == set(found.submissions["submission_id"])
