"""Claims about marked workbooks: the office's own file again, with every failing cell shown and nothing else changed."""

import io
import zipfile
from pathlib import Path

import openpyxl
import pytest

from pipeline.check import check_file
from pipeline.home import PROJECT, Home
from pipeline.marked import marked_path, write_marked
from pipeline.marked.styles import COLOURS, IN_THE_SUM
from pipeline.vocabulary import Severity

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


