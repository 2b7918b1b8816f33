"""Claims about ``thads check PATH...``: many files in one process, all that was understood, and findings told together."""

import io
import json
import zipfile
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from rich.console import Console
from typer.testing import CliRunner

from pipeline import check as checking
from pipeline import tables
from pipeline.check import check_files, list_files
from pipeline.cli.findings import group_findings, plain_text, print_findings
from pipeline.cli.main import app
from pipeline.home import PROJECT, Home
from pipeline.vocabulary import Verdict
from tests.support.sheets import HEADER, RECEPTION, draw, table

SAMPLE = PROJECT / "samples" / "kien-giang-2022" / "kien-giang.2022-12.xlsx"
HEDGED = "Cả nước, năm 2023, thi hành xong hơn 379.000 việc, đạt tỷ lệ 82,5% về việc."


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """An inbox with a good return, a bad one in a zip, a text, a file that is no return and a list of arrivals."""
    folder = tmp_path_factory.mktemp("inbox")
    draw(folder / "good.xlsx", {"09": HEADER + RECEPTION})
    (folder / "received.csv").write_text("path,received_at\ngood.xlsx,2023-07-03\n", encoding="utf-8")
    (folder / "~$good.xlsx").write_bytes(b"left by a program")
    below = folder / "below"
    below.mkdir()
    (below / "text.txt").write_text(HEDGED, encoding="utf-8")
    (below / "letter.xlsx").write_text("chưa có báo cáo", encoding="utf-8")
    with zipfile.ZipFile(below / "two.zip", "w") as archive:
        archive.write(SAMPLE, "kien-giang.xlsx")
        archive.write(folder / "good.xlsx", "good.xlsx")
    return folder


@pytest.fixture(scope="module")
def ran(folder, tmp_path_factory):
    home = tmp_path_factory.mktemp("home") / "none"
    return CliRunner().invoke(app, ["check", str(folder), "--json", "--read", "--home", str(home)])


@pytest.fixture(scope="module")
def told(ran) -> dict[str, dict]:
    return {Path(one["file"]).name: one for one in map(json.loads, ran.stdout.splitlines())}


def test_a_folder_is_walked_like_an_inbox(folder):
    names = [path.name for path in list_files([folder, folder / "good.xlsx"], [])]
    assert names == ["good.xlsx", "letter.xlsx", "text.txt", "two.zip"]


@pytest.mark.slow
def test_each_file_is_an_object_on_a_line_and_the_worst_is_the_exit_code(ran, told):
    assert ran.exit_code == 3
    assert {name: one["verdict"] for name, one in told.items()} == {
        "good.xlsx": "accepted",
        "letter.xlsx": "unreadable",
        "text.txt": "accepted",
        "two.zip": "returned",
    }


@pytest.mark.slow
def test_the_returns_of_a_zip_have_each_their_verdict_unit_and_period(told):
    returns = {row["source_ref"]: row for row in told["two.zip"]["submissions"]}
    seen = {
        name.rpartition("/")[2]: (row["verdict"], row["unit_key"], row["period_id"]) for name, row in returns.items()
    }
    assert seen == {
        "good.xlsx": ("accepted", "kien-giang.go-quao", "2023-09"),
        "kien-giang.xlsx": ("returned", "kien-giang", "2022-12"),
    }
    (finding,) = told["two.zip"]["findings"]
    assert (finding["pack"], finding["rule"]) == ("circular-06-2019", "balance.carried_over")
    assert finding["submission_id"] == returns["two.zip!/kien-giang.xlsx"]["submission_id"]


@pytest.mark.slow
def test_read_tells_every_cell_in_base_units_with_the_text_that_stands_there(told):
    (text,) = told["text.txt"]["submissions"]
    places = {f"{cell['form']}.{cell['row']}.{cell['column']}": cell for cell in text["read"]}
    completed = places["01.total.total.completed"]
    assert completed == {
        "form": "01", "row": "total.total", "column": "completed", "value": "379000", "unit": "case",
        "sheet": "text.txt", "address": completed["address"], "raw": "hơn 379.000 việc", "hedged": True,
    }  # fmt: skip
    rate = places["01.total.total.completion_rate"]
    assert (rate["value"], rate["unit"], rate["hedged"]) == ("82.5", "percent", False)
    (good,) = told["good.xlsx"]["submissions"]
    assert {cell["value"] for cell in good["read"]} == {"191", "195", "135", "139"}


@pytest.mark.slow
def test_a_file_for_a_reader_has_its_heading_and_a_zip_a_line_a_return(folder, tmp_path):
    shown = CliRunner().invoke(app, ["check", str(folder / "below" / "two.zip"), "--home", str(tmp_path / "none")])
    assert shown.exit_code == 2
    assert "kien-giang.xlsx: SẼ BỊ TRẢ LẠI" in shown.stdout
    assert "good.xlsx: ĐƯỢC CHẤP NHẬN" in shown.stdout


class _Panic(BaseException):
    """What a panic in native code looks like: no Exception."""


@pytest.mark.parametrize("error", [RecursionError, MemoryError, _Panic, UnicodeDecodeError("utf-8", b"", 0, 1, "x")])
def test_whatever_a_file_does_the_others_are_judged_and_it_is_named(error, monkeypatch, tmp_path):
    paths = [tmp_path / name for name in ("a.xlsx", "b.xlsx")]
    for path in paths:
        path.write_bytes(b"x")

    def fail(file: Path, home: Home, **_: object):
        if file.name == "a.xlsx":
            raise error
        return checking._unreadable_result(file.name, checking.problem("no_file", file=file.name))

    monkeypatch.setattr(checking, "check_file", fail)
    (_, first), (_, second) = check_files(paths, Home(tmp_path / "none"))
    assert (first.verdict, second.verdict) == (Verdict.UNREADABLE, Verdict.UNREADABLE)
    (row,) = first.unreadable.to_dicts()
    assert row["problem"] == "check_failed"
    assert "a.xlsx" in row["problem_vi"]


def test_a_file_that_is_not_there_is_unreadable_among_others(tmp_path):
    ran = CliRunner().invoke(app, ["check", str(tmp_path / "a.xlsx"), str(tmp_path / "b.xlsx"), "--json"])
    assert ran.exit_code == 3
    assert [json.loads(line)["unreadable"][0]["problem"] for line in ran.stdout.splitlines()] == ["no_file"] * 2


@pytest.mark.parametrize("option", ["--marked", "--report"])
def test_what_is_written_of_one_file_is_not_written_of_many(option, tmp_path):
    ran = CliRunner().invoke(app, ["check", str(tmp_path / "a.xlsx"), str(tmp_path / "b.xlsx"), option, "out"])
    assert ran.exit_code == 2


@pytest.mark.parametrize(
    ("value", "text"),
    [("12056.000000", "12056"), ("59.200000", "59.2"), ("0.000000", "0"), ("-46.5", "-46.5"), ("100", "100")],
)
def test_a_value_is_written_without_the_zeros_of_its_type(value, text):
    assert plain_text(Decimal(value)) == text
    assert plain_text(None) is None


# --- findings that are told together


def findings(*rows: tuple[str, str, str]) -> pl.DataFrame:
    """Return findings of (id, rule, form)."""
    return table(
        tables.FINDINGS,
        [
            {"finding_id": name, "submission_id": "s", "pack": "p", "rule_id": rule, "form": form, "on_fail": "return"}
            | {"sentence_vi": f"câu {name}", "sentence_en": f"sentence {name}"}
            for name, rule, form in rows
        ],
    )


def printed(*args: pl.DataFrame) -> str:
    console = Console(file=io.StringIO(), width=200)
    print_findings(args[0], console, *args[1:])
    return console.file.getvalue()  # type: ignore[attr-defined]


def test_five_hundred_findings_of_one_rule_are_a_count_and_three_examples():
    many = findings(*((f"f{n}", "reading.formula_without_value", f"{n % 12:02}") for n in range(513)))
    text = printed(many)
    assert "513 chỗ" in text
    assert text.count("câu f") == 3
    assert "và 510 chỗ nữa" in text
    assert len(text.splitlines()) < 20


def test_findings_of_one_cause_are_one_block_whatever_rules_they_break():
    many = findings(*((f"a{n}", f"rule.{n % 4}", "01") for n in range(8)), ("b", "rule.0", "01"))
    causes = table(tables.CAUSES, [{"submission_id": "s", "cause_id": "c", "kind": "digits_swapped"}])
    of_cause = table(tables.CAUSE_FINDINGS, [{"cause_id": "c", "finding_id": f"a{n}"} for n in range(8)])
    first, second = group_findings(many, causes, of_cause)
    assert (first.is_cause, len(first.rows), second.is_cause, len(second.rows)) == (True, 8, False, 1)
    assert len({row["rule_id"] for row in first.examples()}) == 3, "examples are of different rules"
    assert "Một nguyên nhân, 8 chỗ" in printed(many, causes, of_cause)


def test_up_to_three_findings_are_all_told():
    text = printed(findings(*((f"f{n}", "balance.due", "01") for n in range(3))))
    assert text.count("câu f") == 3
    assert "chỗ nữa" not in text
