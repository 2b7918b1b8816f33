"""Claims about marked workbooks: the office's own file again, with every failing cell shown and nothing else changed."""

import hashlib
import io
import json
import re
import time
import zipfile
from datetime import date, datetime
from pathlib import Path

import openpyxl
import polars as pl
import pytest
import xlsxwriter
from typer.testing import CliRunner

from pipeline import tables
from pipeline.cells.reading import submission_id
from pipeline.check import CheckResult, check_file
from pipeline.cli.main import app
from pipeline.forms import forms
from pipeline.forms.formulas import recalculate
from pipeline.forms.template import ReportHeader, write_workbook
from pipeline.forms.template import address as place_of
from pipeline.home import PROJECT, Home
from pipeline.judged.verdicts import versions
from pipeline.marked import marked_path, write_marked
from pipeline.marked.dossier import Dossier, build_dossiers
from pipeline.marked.findings_sheet import MOST_FINDINGS
from pipeline.marked.stage import mark_file
from pipeline.marked.styles import COLOURS, IN_THE_SUM
from pipeline.marked.workbook import mark_workbook
from pipeline.vocabulary import Scope, Severity, Verdict
from tests.support import office

SAMPLE = PROJECT / "samples" / "kien-giang-2022" / "kien-giang.2022-12.xlsx"
THE_174 = "T14"
OF_THE_SEED = submission_id(hashlib.sha256(SAMPLE.read_bytes()).hexdigest())


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
                for look in ("font", "border", "alignment", "number_format"):
                    assert repr(getattr(twin, look)) == repr(getattr(cell, look))
                is_marked = twin.fill.fgColor.rgb != cell.fill.fgColor.rgb
                assert twin.protection.locked == (cell.protection.locked and not is_marked)
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
    path = marked_path(samples_home, OF_THE_SEED)
    assert path is not None
    assert path.parent.parent == samples_home.marked / "2022-12"
    assert marked_path(samples_home, "0" * 16) is None
    assert write_marked(samples_home).paths == []


def test_the_same_return_is_marked_with_the_same_bytes(seed, tmp_path):
    again = check_file(SAMPLE, Home(tmp_path / "home"), mark=True)
    assert list(again.marked.values()) == [seed]


# --- what the clerk can do in it


def test_the_formula_that_was_typed_over_is_given_back_with_what_it_yields(seed):
    book = openpyxl.load_workbook(io.BytesIO(seed))
    told = "\n".join(str(cell.value) for row in book.worksheets[0].iter_rows() for cell in row if cell.value)
    for place in (book["01"][THE_174].comment.text, told):
        assert "Công thức của biểu ở ô này: =SUM(J14)-SUM(L14), cho kết quả 8.296" in place


def test_protection_is_told_in_one_line(seed, tmp_path):
    def said(content: bytes) -> str:
        first = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]
        return "\n".join(str(cell.value) for (cell,) in first.iter_rows(max_col=1) if cell.value)

    assert "Các trang được bảo vệ nhưng không đặt mật khẩu: ô cần sửa đã được tô màu và mở khóa" in said(seed)
    for password, words in (("bí mật", "“a” được đơn vị bảo vệ bằng mật khẩu"), (None, None)):
        path = tmp_path / "own.xlsx"
        with xlsxwriter.Workbook(path) as book:
            sheet = book.add_worksheet("a")
            sheet.write("B2", 1)
            if password:
                sheet.protect(password)
        told = said(mark_workbook(path, dossier(finding(1, "a", "B2"))))
        assert words in told if words else "bảo vệ" not in told


def test_a_live_formula_in_a_sum_stays_locked_and_a_failing_one_stays_a_formula(tmp_path):
    path = tmp_path / "own.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("a")
        sheet.protect()
        sheet.write_formula("B2", "=1+1", None, 2)
        sheet.write_formula("B3", "=2+2", None, 4)
        sheet.write("B4", 5)
    failing = finding(1, "a", "B3")
    failing["cells"] += [dict(failing["cells"][0], role="term", address=address) for address in ("B2", "B4")]
    sheet = openpyxl.load_workbook(io.BytesIO(mark_workbook(path, dossier(failing))))["a"]
    assert {at: sheet[at].protection.locked for at in ("B2", "B3", "B4")} == {"B2": True, "B3": False, "B4": False}
    assert (sheet["B2"].value, sheet["B3"].value) == ("=1+1", "=2+2")
    assert "Công thức của biểu" not in sheet["B3"].comment.text


def test_marks_taken_away_lock_again_what_marking_unlocked(tmp_path):
    path, back = tmp_path / "own.xlsx", tmp_path / "back.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("a")
        sheet.protect()
        sheet.write("B2", 1, book.add_format({"align": "center", "hidden": True}))
        sheet.write("B3", 2, book.add_format({"locked": False}))
        sheet.write("B4", 3)
    back.write_bytes(mark_workbook(path, dossier(finding(1, "a", "B2"), finding(2, "a", "B3"))))
    sheet = openpyxl.load_workbook(back)["a"]
    assert {at: sheet[at].protection.locked for at in ("B2", "B3", "B4")} == {"B2": False, "B3": False, "B4": True}
    assert (sheet["B2"].protection.hidden, sheet["B2"].alignment.horizontal) == (True, "center")
    sheet = openpyxl.load_workbook(io.BytesIO(mark_workbook(back, dossier(finding(1, "a", "B4"), in_answer_to=SENT))))[
        "a"
    ]
    assert {at: sheet[at].protection.locked for at in ("B2", "B3", "B4")} == {"B2": True, "B3": False, "B4": False}


@pytest.mark.slow
def test_in_a_program_that_obeys_protection_the_clerk_mends_the_red_cell_and_the_totals_follow(tmp_path):
    """A total of administrative judgments was typed over its formula: the return is checked, marked, mended and accepted."""
    header = ReportHeader(
        "Chi cục THADS huyện Gò Quao", "kien-giang.go-quao", "Cục THADS Kiên Giang", Scope.OFFICE, date(2022, 10, 1),
        date(2023, 6, 30),
    )  # fmt: skip
    form = forms().in_force(date(2023, 6, 30))["12"]
    row = recalculate(form, [[4 if column.code.startswith(("brought", "newly")) else 1 for column in form.columns]])
    row[0][list(form.column).index("still_followed")] = 99
    write_workbook(tmp_path / "sent.xlsx", header, [form], {"12": row})
    sent = check_file(tmp_path / "sent.xlsx", Home(tmp_path / "home"), mark=True)
    assert sent.verdict == Verdict.RETURNED
    (path := tmp_path / "marked.xlsx").write_bytes(next(iter(sent.marked.values())))

    red, part, other = (place_of(form, "all", column) for column in ("still_followed", "followed", "to_be_enforced"))
    comment = openpyxl.load_workbook(path)["12"][red].comment.text
    formula = re.search(r"Công thức của biểu ở ô này: (=\S+), cho kết quả 7;", comment)[1]
    first = place_of(form, "all", "brought_forward")
    acts = [
        *(("type", "12", closed, 5) for closed in (part, other)),
        ("type", "12", red, formula),
        ("show", "12", red),
        ("type", "12", first, 14),
        ("show", "12", red),
        ("type", "12", first, 4),
    ]
    told = office.use(path, acts, save_as=tmp_path / "mended.xlsx")
    assert told == [False, False, True, 7, True, 17, True]
    mended = check_file(tmp_path / "mended.xlsx", Home(tmp_path / "home"))
    assert mended.findings.rows() == []
    assert mended.verdict == Verdict.ACCEPTED
    assert mended.submissions["in_answer_to"].to_list() == sent.submissions["submission_id"].to_list()


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


def told(checked: CheckResult) -> set[tuple[str, str, str]]:
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
    assert checked.submissions["in_answer_to"].to_list() == [OF_THE_SEED]
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


# --- files from strangers


SENT = "0123456789abcdef"
HOSTILE = "=A1+'x\"&<b>"
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360000000000200015de4d1a40000000049454e44ae426082"
)


def finding(number: int, sheet: str, address: str, severity: str = "error", said: str = "=HYPERLINK(1)") -> dict:
    cell = {"role": "found", "submission_id": SENT, "sheet": sheet, "address": address}
    return {
        "finding_id": f"f{number:04}", "submission_id": SENT, "rule_id": f"rule.{number}", "status": "fail",
        "severity": severity, "on_fail": "return", "form": "01", "sheet": sheet, "cells": [cell],
        "sentence_vi": said, "sentence_en": said,
    }  # fmt: skip


def dossier(*findings: dict, **said: str) -> Dossier:
    header = {"submission_id": SENT, "unit_text": "@SUM(A1)", "file_name": "a.xlsx", "is_simulated": False, **said}
    verdict = {"submission_id": SENT, "verdict": "returned", "version": 1}
    (one,) = build_dossiers(
        pl.DataFrame([header], schema=tables.SUBMISSIONS),
        pl.DataFrame([verdict], schema=tables.VERDICTS),
        pl.DataFrame(list(findings), schema=tables.FINDINGS),
        pl.DataFrame(schema=tables.CAUSES),
        pl.DataFrame(schema=tables.CAUSE_FINDINGS),
    )
    return one


@pytest.fixture
def foreign(tmp_path) -> Path:
    """A workbook with all that a rewriting program would lose, and a sheet whose name is an attack."""
    path = tmp_path / "foreign.xlsx"
    (tmp_path / "seal.png").write_bytes(PIXEL)
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet(HOSTILE[:31])
        sheet.write_formula("B2", "=1+1", book.add_format({"bold": True, "bg_color": "#00FF00"}), 2)
        sheet.write_comment("B2", "Đã hỏi kế toán")
        sheet.insert_image("D4", str(tmp_path / "seal.png"))
        sheet.conditional_format("B2:B9", {"type": "data_bar"})
        sheet.set_column("B:B", 33)
        chart = book.add_chart({"type": "column"})
        chart.add_series({"values": [HOSTILE[:31], 1, 1, 3, 1]})
        sheet.insert_chart("F8", chart)
        book.add_worksheet("ẩn").hide()
        book.define_name("Tong", "='ẩn'!$A$1")
    return path


def members(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_pictures_charts_hidden_sheets_and_an_offices_own_comment_stay(foreign):
    sheet = HOSTILE[:31]
    content = mark_workbook(foreign, dossier(finding(1, sheet, "B2"), finding(2, sheet, "C30", "warning")))
    before, after = members(foreign.read_bytes()), members(content)
    for name in before:
        if name.startswith(("xl/media/", "xl/charts/", "xl/drawings/drawing", "xl/theme")) or "sheet2" in name:
            assert after[name] == before[name]
    book = openpyxl.load_workbook(io.BytesIO(content))
    assert book.sheetnames == ["Kết quả kiểm tra", sheet, "ẩn"]
    assert book["ẩn"].sheet_state == "hidden"
    assert book[sheet]["B2"].value == "=1+1"
    assert openpyxl.load_workbook(io.BytesIO(content), data_only=True)[sheet]["B2"].value == 2
    assert book[sheet]["B2"].font.b
    assert book[sheet]["B2"].fill.fgColor.rgb == COLOURS[Severity.ERROR]
    assert book[sheet]["B2"].comment.text.startswith("Đã hỏi kế toán")
    assert "LỖI" in book[sheet]["B2"].comment.text
    assert book[sheet]["C30"].fill.fgColor.rgb == COLOURS[Severity.WARNING]  # a cell that was not there before
    assert b"dataBar" in after["xl/worksheets/sheet1.xml"]


def test_marks_are_taken_away_to_the_last_and_what_was_the_offices_stays(foreign, tmp_path):
    sheet = HOSTILE[:31]
    (back := tmp_path / "back.xlsx").write_bytes(mark_workbook(foreign, dossier(finding(1, sheet, "B2"))))
    again = mark_workbook(back, dossier(finding(1, sheet, "B9"), in_answer_to=SENT))
    book = openpyxl.load_workbook(io.BytesIO(again))
    assert book[sheet]["B2"].fill.fgColor.rgb == "FF00FF00"
    assert book[sheet]["B2"].comment.text == "Đã hỏi kế toán"
    assert book[sheet]["B9"].fill.fgColor.rgb == COLOURS[Severity.ERROR]
    assert book.sheetnames == ["Kết quả kiểm tra", sheet, "ẩn"]
    assert book.defined_names["Tong"].attr_text == "'ẩn'!$A$1"


def test_a_strangers_text_is_never_a_formula_and_links_lead_to_the_cell(foreign):
    sheet = HOSTILE[:31]
    content = mark_workbook(
        foreign, dossier(finding(1, sheet, "B2"), finding(2, sheet, "C3", said="+cmd|' /C calc'!A0\x07_x0041_"))
    )
    first = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]
    assert b"<f" not in members(content)["xl/worksheets/sheet_thads1.xml"]
    values = [cell.value for row in first.iter_rows() for cell in row if cell.value]
    assert {cell.data_type for row in first.iter_rows() for cell in row if cell.value} == {"s"}
    assert any(value.startswith("+cmd|' /C calc'!A0_x") for value in values)  # without the control character
    locations = {cell.hyperlink.location for row in first.iter_rows() for cell in row if cell.hyperlink}
    assert locations == {f"'{sheet.replace(chr(39), chr(39) * 2)}'!{address}" for address in ("B2", "C3")}


def test_every_cell_of_a_long_list_is_coloured_and_the_list_is_cut(foreign):
    sheet = HOSTILE[:31]
    many = [finding(number, sheet, f"H{number}") for number in range(1, 1501)]
    started = time.process_time()
    content = mark_workbook(foreign, dossier(*many))
    assert time.process_time() - started < 10
    book = openpyxl.load_workbook(io.BytesIO(content))
    grounds = [book[sheet][f"H{number}"].fill.fgColor.rgb for number in range(1, 1501)]
    assert set(grounds) == {COLOURS[Severity.ERROR]}
    first = book.worksheets[0]
    told = [str(cell.value) for (cell,) in first.iter_rows(max_col=1) if cell.value]
    assert sum(text.isdecimal() for text in told) == MOST_FINDINGS
    assert f"… và {1500 - MOST_FINDINGS} chỗ khác" in told[-1]
    assert len(content) < 500_000


@pytest.mark.parametrize(
    ("part", "change"),
    [
        ("xl/workbook.xml", lambda xml: xml.replace(b"http://schemas.openxmlformats.org/spreadsheetml/2006/main", b"http://purl.oclc.org/ooxml/spreadsheetml/main")),
        ("xl/worksheets/sheet1.xml", lambda xml: xml.replace(b"<sheetData>", b"<sheetData><!-- x -->")),
        ("xl/worksheets/sheet1.xml", lambda xml: xml.replace(b'<c r="B2"', b"<c")),
        ("_xmlsignatures/sig1.xml", lambda _: b"<Signature/>"),
    ],
)  # fmt: skip
def test_what_cannot_be_marked_safely_gets_a_report_beside_it_that_says_why(foreign, part, change):
    changed = members(foreign.read_bytes())
    changed[part] = change(changed.get(part, b""))
    with zipfile.ZipFile(foreign, "w") as archive:
        for name, content in changed.items():
            archive.writestr(name, content)
    name, content, is_beside = mark_file(foreign, dossier(finding(1, HOSTILE[:31], "B2")))
    assert is_beside
    assert name == "a.ket-qua-kiem-tra.xlsx"
    (first,) = openpyxl.load_workbook(io.BytesIO(content)).worksheets
    told = "\n".join(str(cell.value) for row in first.iter_rows() for cell in row if cell.value)
    assert "Không đánh dấu được ngay trong tệp của đơn vị vì" in told


def test_a_csv_gets_a_report_beside_it_that_quotes_the_lines(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text('unit,value\n"=1+1",5\nAn Biên,=2+2\n', encoding="utf-8")
    name, content, is_beside = mark_file(path, dossier(finding(1, "a.csv", "B3"), file_name="a.csv"))
    assert (name, is_beside) == ("a.ket-qua-kiem-tra.xlsx", True)
    first, quoted = openpyxl.load_workbook(io.BytesIO(content)).worksheets
    assert [cell.value for cell in quoted[2]] == ["B3", "An Biên,=2+2"]
    assert {cell.data_type for row in quoted.iter_rows() for cell in row} == {"s"}
    assert "không phải báo cáo" in "\n".join(str(cell.value) for (cell,) in first.iter_rows(max_col=1))


def test_a_text_is_quoted_around_the_figure(tmp_path):
    (path := tmp_path / "a.txt").write_text("Số phải thi hành là 20.352 việc.", encoding="utf-8")
    _, content, _ = mark_file(path, dossier(finding(1, "a.txt", "c20-26"), file_name="a.txt"))
    quoted = openpyxl.load_workbook(io.BytesIO(content)).worksheets[1]
    assert quoted["B2"].value == "… Số phải thi hành là [20.352] việc. …"


def test_the_report_beside_a_file_is_nobodys_return(tmp_path):
    (path := tmp_path / "a.csv").write_text("unit,value\n", encoding="utf-8")
    name, content, _ = mark_file(path, dossier(finding(1, "a.csv", "B3"), file_name="a.csv"))
    (sent := tmp_path / name).write_bytes(content)
    checked = check_file(sent, Home(tmp_path / "home"))
    assert checked.unreadable["problem"].to_list() == ["findings_report"]


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "a\r\nBcc: x", "=1+1.xlsx", "....", "Biểu 01 (sửa).xlsx", "x" * 300]
)
def test_the_name_of_a_file_does_no_harm(foreign, name):
    named, _, _ = mark_file(foreign, dossier(finding(1, HOSTILE[:31], "B2"), file_name=name))
    assert re.fullmatch(r"[\w()-][\w.()-]{0,120}\.da-danh-dau\.xlsx", named)


def test_findings_for_machines_have_the_european_shape(tmp_path):
    report = tmp_path / "report.json"
    command = ["check", str(SAMPLE), "--report", str(report), "--home", str(tmp_path / "home")]
    assert CliRunner().invoke(app, command).exit_code == 2
    entries = json.loads(report.read_text(encoding="utf-8"))
    assert {entry["value"] for entry in entries} == {"0", "1"}
    assert len({entry["id"] for entry in entries}) == len(entries)
    (failing,) = [entry for entry in entries if entry["value"] == "0"]
    assert failing["rule"]["expression"].startswith("carried_over = due - completed")
    assert failing["data"]["target"] == [f"{OF_THE_SEED}/01/total.total/carried_over 01!T14"]
    for entry in entries:
        assert entry.keys() == {"id", "type", "event", "rule", "data", "value"}
        assert entry["event"]["time"] == "2022-10-06T16:00:00+07:00"
        assert entry["rule"]["severity"] in ("error", "warning", "information")
        assert entry["rule"].keys() >= {"language", "expression", "severity"}
        assert entry["data"].keys() >= {"source", "target"}


def test_the_file_under_check_is_never_written_over(tmp_path):
    (path := tmp_path / "mine.xlsx").write_bytes(SAMPLE.read_bytes())
    told = CliRunner().invoke(app, ["check", str(path), "--marked", str(path), "--home", str(tmp_path / "home")])
    assert told.exit_code == 2
    assert path.read_bytes() == SAMPLE.read_bytes()
