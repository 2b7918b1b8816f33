"""Claims about marked workbooks: the office's own file again, with every failing cell shown and nothing else changed."""

import io
import re
import zipfile
from datetime import datetime

import openpyxl
import polars as pl
import pytest

from pipeline import tables
from pipeline.check import Checked, check_file
from pipeline.home import PROJECT, Home
from pipeline.judged.verdicts import versions
from pipeline.marked import marked_path, write_marked
from pipeline.marked.styles import COLOURS, IN_THE_SUM
from pipeline.vocabulary import Severity, Verdict

SAMPLE = PROJECT / "samples" / "kien-giang-2022" / "kien-giang.2022-12.xlsx"
THE_174 = "T14"


@pytest.fixture(scope="module")
def seed(tmp_path_factory) -> bytes:
    """The seed's workbook, marked."""
    checked = check_file(SAMPLE, Home(tmp_path_factory.mktemp("seed") / "home"), mark=True)
    ((name, content),) = checked.marked.items()
    assert name == "kien-giang.2022-12.da-danh-dau.xlsx"
    return content


def test_the_seed_shows_the_174_where_it_stands(seed):
    book = openpyxl.load_workbook(io.BytesIO(seed))
    cell = book["01"][THE_174]
    assert cell.fill.fgColor.rgb == COLOURS[Severity.ERROR]
    assert "20.352" in cell.comment.text
    assert "8.296" in cell.comment.text
    assert "lệch −174" in cell.comment.text
    assert book["01"]["L14"].fill.fgColor.rgb == IN_THE_SUM
    assert "174" in book["01"]["J14"].comment.text  # the likely cause stands elsewhere than the sum that fails


def test_the_first_sheet_lists_the_finding_with_a_link_and_the_value_that_would_close(seed):
    sheet = openpyxl.load_workbook(io.BytesIO(seed)).worksheets[0]
    assert sheet.title == "Kết quả kiểm tra"
    links = {cell.hyperlink.location for row in sheet.iter_rows() for cell in row if cell.hyperlink}
    assert links == {f"'01'!{THE_174}"}
    told = "\n".join(str(cell.value) for row in sheet.iter_rows() for cell in row if cell.value)
    assert "nếu đã ủy thác hoặc thu hồi, hủy 174 thì số phải thi hành là 20.178" in told
    assert "BÁO CÁO BỊ TRẢ LẠI" in told


def test_formats_formulas_widths_and_merged_cells_stay(seed):
    before, after = openpyxl.load_workbook(SAMPLE), openpyxl.load_workbook(io.BytesIO(seed))
    cached = openpyxl.load_workbook(SAMPLE, data_only=True), openpyxl.load_workbook(io.BytesIO(seed), data_only=True)
    assert after.sheetnames[1:] == before.sheetnames
    compared = 0
    for old in before:
        new = after[old.title]
        assert new.merged_cells.ranges == old.merged_cells.ranges
        assert new.freeze_panes == old.freeze_panes
        assert new.protection.sheet == old.protection.sheet
        assert [rule.sqref for rule in new.data_validations.dataValidation] == [
            rule.sqref for rule in old.data_validations.dataValidation
        ]
        assert {key: width.width for key, width in new.column_dimensions.items()} == {
            key: width.width for key, width in old.column_dimensions.items()
        }
        for row in old.iter_rows():
            for cell in row:
                twin = new[cell.coordinate]
                assert twin.value == cell.value
                assert cached[1][old.title][cell.coordinate].value == cached[0][old.title][cell.coordinate].value
                for look in ("font", "border", "alignment", "number_format", "protection"):
                    assert repr(getattr(twin, look)) == repr(getattr(cell, look))
                compared += cell.value is not None
    assert compared > 500
    assert after.defined_names.keys() - before.defined_names.keys() == {"_thads_ket_qua_kiem_tra"}


def test_only_the_sheet_with_findings_was_written_into(seed):
    with zipfile.ZipFile(SAMPLE) as old, zipfile.ZipFile(io.BytesIO(seed)) as new:
        changed = {name for name in old.namelist() if old.read(name) != new.read(name)}
    assert changed == {
        "[Content_Types].xml",
        "xl/workbook.xml",
        "xl/_rels/workbook.xml.rels",
        "xl/styles.xml",
        "xl/worksheets/sheet1.xml",
    }


def test_a_night_marks_each_return_that_does_not_add_up_once(samples_home):
    path = marked_path(samples_home, "9e320960c58979e2")
    assert path is not None
    assert path.parent.parent == samples_home.marked / "2022-12"
    assert marked_path(samples_home, "0" * 16) is None
    assert write_marked(samples_home).paths == []


def test_the_same_return_is_marked_with_the_same_bytes(seed, tmp_path):
    again = check_file(SAMPLE, Home(tmp_path / "home"), mark=True)
    assert list(again.marked.values()) == [seed]


# --- coming back


def keyed(content: bytes, *typed: tuple[str, str, float]) -> bytes:
    """Type figures over those of a workbook (part, address, value), as a spreadsheet program would save them."""
    members = {}
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for name in archive.namelist():
            members[name] = archive.read(name)
    for part, address, value in typed:
        pattern = rb'(<c r="' + address.encode() + rb'"(?: s="\d+")?)[^<>]*?(?:/>|>.*?</c>)'
        members[part], count = re.subn(
            pattern, lambda m, value=value: m[1] + f"><v>{value}</v></c>".encode(), members[part]
        )
        assert count == 1
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, member in members.items():
            archive.writestr(name, member)
    return buffer.getvalue()


def told(checked: Checked) -> set[tuple[str, str, str]]:
    return {(row["rule_id"], row["sheet"], row["sentence_vi"]) for row in checked.findings.to_dicts()}


def test_a_marked_workbook_sent_back_unrepaired_is_judged_the_same_and_nothing_is_said_of_our_sheet(seed, tmp_path):
    first = check_file(SAMPLE, Home(tmp_path / "home"))
    (back := tmp_path / "back.xlsx").write_bytes(seed)
    again = check_file(back, Home(tmp_path / "home"), mark=True)
    assert told(again) == told(first)
    assert again.submissions["in_answer_to"].to_list() == first.submissions["submission_id"].to_list()
    book = openpyxl.load_workbook(io.BytesIO(next(iter(again.marked.values()))))
    assert book.sheetnames.count("Kết quả kiểm tra") == 1
    assert "Kết quả kiểm tra (2)" not in book.sheetnames
    assert book["01"][THE_174].comment.text.count("lệch −174") == 1


def test_a_repaired_workbook_is_known_as_the_answer_and_accepted(seed, tmp_path):
    (back := tmp_path / "back.xlsx").write_bytes(keyed(seed, ("xl/worksheets/sheet1.xml", THE_174, 8296)))
    checked = check_file(back, Home(tmp_path / "home"), mark=True)
    assert checked.verdict == Verdict.ACCEPTED
    assert checked.submissions["in_answer_to"].to_list() == ["9e320960c58979e2"]
    assert checked.marked == {}


def test_marked_once_more_only_what_fails_now_is_shown(seed, tmp_path):
    """The 174 is repaired, and an hour later another figure is mistyped."""
    typed = keyed(seed, ("xl/worksheets/sheet1.xml", THE_174, 8296), ("xl/worksheets/sheet3.xml", "D14", 100))
    (back := tmp_path / "back.xlsx").write_bytes(typed)
    checked = check_file(back, Home(tmp_path / "home"), mark=True)
    book = openpyxl.load_workbook(io.BytesIO(next(iter(checked.marked.values()))))
    before = openpyxl.load_workbook(SAMPLE)
    assert {row["sheet"] for row in checked.findings.to_dicts()} == {"09"}
    for address in (THE_174, "J14", "L14"):
        assert repr(book["01"][address].fill) == repr(before["01"][address].fill)
        assert book["01"][address].comment is None
    assert any(cell.comment for row in book["09"].iter_rows() for cell in row)


def test_the_answer_comes_after_what_it_answers_whatever_the_clock_of_the_load_says():
    """Both arrive in one load; the copy that was sent back carries the older time, and its name comes first."""
    shared = {"report_id": "r", "batch": 1, "revision": 1, "period_id": "2023-09"}
    frame = pl.DataFrame(
        [
            {**shared, "submission_id": "first", "source_ref": "b.xlsx", "received_at": datetime(2023, 10, 5)},
            {
                **shared,
                "submission_id": "answer",
                "source_ref": "a.xlsx",
                "received_at": datetime(2023, 10, 4),
                "in_answer_to": "first",
            },
        ],
        schema=tables.SUBMISSIONS,
    )
    assert dict(versions(frame).select("submission_id", "version").iter_rows()) == {"first": 1, "answer": 2}
