"""Claims about reading workbooks: every value at its address, and nothing a stranger sends can harm the load."""

import io
import os
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import openpyxl
import polars as pl
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import worker_pool
from pipeline.cells import workbook as reader
from pipeline.cells.workbook import RAW_CELLS, UnreadableWorkbook, Workbook, read_workbook, read_workbooks
from pipeline.home import PROJECT
from pipeline.text.address import LAST_COLUMN, LAST_ROW, address, addresses
from pipeline.worker_pool import FailureKind, run_each
from tests.support.workbook_parts import MAIN, package


def drawn(workbook: Workbook, sheet: int = 0) -> dict[str, object]:
    """Return a sheet as address -> value, errors and formulas as their text."""
    cells = workbook.sheets[sheet].cells
    return {
        address(row, column): text if number is None else number
        for row, column, number, text in zip(cells.row, cells.column, cells.number, cells.text, strict=True)
    }


def problem_of(path: Path) -> str:
    with pytest.raises(UnreadableWorkbook) as refused:
        read_workbook(path)
    assert refused.value.problem.vi
    assert refused.value.problem.en
    return refused.value.problem.code


def test_every_value_keeps_its_address_and_kind(tmp_path):
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as book:
        day = book.add_format({"num_format": "dd/mm/yyyy"})
        moment = book.add_format({"num_format": "dd/mm/yyyy hh:mm"})
        sheet = book.add_worksheet("Biểu 01")
        sheet.write("H12", 20352)
        sheet.write("C5", "Tổng số")
        sheet.write("D6", True)
        sheet.write("E7", 44926, day)
        sheet.write("E8", 44926.5, moment)
        sheet.write("F9", 0)
        sheet.write("G9", " ")
        sheet.write_formula("A20", "=SUM(H12:H13)", None, 20352)
        sheet.write_formula("B20", "=1/0", None, "#DIV/0!")
        book.add_worksheet("hidden").hide()
        book.add_worksheet("very").very_hidden()
    workbook = read_workbook(path)
    assert drawn(workbook) == {
        "C5": "Tổng số",
        "D6": 1.0,
        "E7": "2022-12-31",
        "E8": "2022-12-31T12:00:00",
        "F9": 0.0,
        "G9": " ",
        "H12": 20352.0,
        "A20": 20352.0,
        "B20": "#DIV/0!",
    }
    assert [(sheet.name, sheet.is_hidden) for sheet in workbook.sheets] == [
        ("Biểu 01", False),
        ("hidden", True),
        ("very", True),
    ]
    frame = workbook.frame()
    assert frame.schema == RAW_CELLS
    assert frame["kind"].to_list() == ["text", "bool", "date", "date", "number", "text", "number", "number", "error"]


def test_a_formula_that_was_never_calculated_is_shown_as_written(tmp_path):
    book = openpyxl.Workbook()
    book.active["B2"] = '=SUM(C2:D2)&"<việc>"'
    book.active["C2"] = 5
    book.save(tmp_path / "a.xlsx")
    frame = read_workbook(tmp_path / "a.xlsx").frame()
    assert frame.filter(pl.col("kind") == "formula")["text"].to_list() == ['=SUM(C2:D2)&"<việc>"']


def test_a_shared_formula_that_was_never_calculated_is_shifted_to_its_cell(tmp_path):
    rows = (
        '<row r="1"><c r="A1"><f t="shared" ref="A1:A2" si="0">B1+C1</f></c></row>'
        '<row r="2"><c r="A2"><f t="shared" si="0"/></c><c r="B2"><f t="shared" si="0"/><v>7</v></c></row>'
    )
    assert drawn(read_workbook(package(tmp_path / "a.xlsx", rows))) == {"B2": 7.0, "A1": "=B1+C1", "A2": "=B2+C2"}


def test_a_formula_that_gave_empty_text_is_blank(tmp_path):
    rows = '<row r="1"><c r="A1" t="str"><f>IF(1,"")</f><v></v></c><c r="B1"><v>1</v></c></row>'
    assert drawn(read_workbook(package(tmp_path / "a.xlsx", rows))) == {"B1": 1.0}


def test_cells_without_an_address_are_counted(tmp_path):
    rows = '<row r="3"><c><v>1</v></c><c t="e"><v>#N/A</v></c><c r="F3"><v>2</v></c><c t="e"><v>#REF!</v></c></row>'
    read = drawn(read_workbook(package(tmp_path / "a.xlsx", rows)))
    assert read == {"A3": 1.0, "B3": "#N/A", "F3": 2.0, "G3": "#REF!"}


def test_a_namespace_prefix_changes_nothing(tmp_path):
    rows = '<x:row r="2"><x:c r="B2" t="e"><x:v>#REF!</x:v></x:c></x:row>'
    sheet = f'<x:worksheet xmlns:x="{MAIN}"><x:sheetData>{rows}</x:sheetData></x:worksheet>'
    assert drawn(read_workbook(package(tmp_path / "a.xlsx", "", sheet=sheet.encode()))) == {"B2": "#REF!"}


def test_a_workbook_without_values_has_its_sheets_and_no_cells(tmp_path):
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
        book.add_worksheet("Biểu 01")
    workbook = read_workbook(tmp_path / "a.xlsx")
    assert [sheet.name for sheet in workbook.sheets] == ["Biểu 01"]
    assert workbook.frame().is_empty()


class TestHostile:
    @pytest.fixture(autouse=True)
    def _within_ten_seconds(self):
        started = time.process_time()
        yield
        assert time.process_time() - started < 10  # seconds of work: other tests may run beside this one

    def test_two_gigabytes_of_zeros_are_refused_before_they_are_there(self, tmp_path):
        path = package(tmp_path / "a.xlsx", '<row r="1"><c r="A1"><v>1</v></c></row>')
        with (
            zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
            archive.open("xl/worksheets/sheet2.xml", "w", force_zip64=True) as part,
        ):
            zeros = bytes(16 << 20)
            for _ in range(128):
                part.write(zeros)
        reading = (
            "import re, sys, pathlib, pipeline.cells.workbook as w\n"
            "try: w.read_workbook(pathlib.Path(sys.argv[1]))\n"
            "except w.UnreadableWorkbook as refused:\n"
            # What rusage tells would begin with the peak of the process that started this one.
            "    status = pathlib.Path('/proc/self/status').read_text()\n"
            "    print(refused.problem.code, re.search(r'VmHWM:\\s+(\\d+) kB', status)[1])"
        )
        run = subprocess.run(
            [sys.executable, "-c", reading, path], cwd=PROJECT, capture_output=True, text=True, check=True
        )
        code, peak_kilobytes = run.stdout.split()
        assert code == "inflates_too_much"
        assert int(peak_kilobytes) < 1 << 20

    def test_a_declared_size_is_not_believed(self, tmp_path):
        path = package(tmp_path / "a.xlsx", " " * 5_000_000)
        with zipfile.ZipFile(path) as archive:
            size = archive.getinfo("xl/worksheets/sheet1.xml").file_size
        path.write_bytes(path.read_bytes().replace(size.to_bytes(4, "little"), (100).to_bytes(4, "little")))
        assert problem_of(path) == "damaged_archive"

    @pytest.mark.parametrize(
        "prolog",
        [
            '<!DOCTYPE x [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]>',
            '<!DOCTYPE x [<!ENTITY xxe SYSTEM "file:///etc/passwd">]>',
            '<?xml version="1.0"?><!DOCTYPE x SYSTEM "http://example.com/x.dtd">',
        ],
    )
    def test_no_entity_is_ever_resolved(self, tmp_path, prolog):
        path = package(tmp_path / "a.xlsx", '<row r="1"><c r="A1" t="str"><v>&c;</v></c></row>', prolog=prolog)
        assert problem_of(path) == "declares_entities"

    def test_an_entity_does_not_hide_in_another_encoding(self, tmp_path):
        sheet = f'<?xml version="1.0" encoding="utf-16"?><!DOCTYPE x [<!ENTITY a "b">]><worksheet xmlns="{MAIN}"/>'
        assert problem_of(package(tmp_path / "a.xlsx", "", sheet=sheet.encode("utf-16"))) == "declares_entities"
        sheet = f'<?xml version="1.0" encoding="utf-7"?><worksheet xmlns="{MAIN}"/>'
        assert problem_of(package(tmp_path / "b.xlsx", "", sheet=sheet.encode())) == "damaged_workbook"

    def test_one_cell_at_the_far_corner_is_named(self, tmp_path):
        rows = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
        path = package(tmp_path / "a.xlsx", rows)
        with pytest.raises(UnreadableWorkbook, match="XFD1048576"):
            read_workbook(path)

    def test_the_stray_cell_is_named_and_not_the_last_row(self, tmp_path):
        rows = (
            '<row r="1"><c r="A1"><v>1</v></c><c r="XFD1"><v>1</v></c></row><row r="900"><c r="A900"><v>1</v></c></row>'
        )
        with pytest.raises(UnreadableWorkbook, match="XFD1 "):
            read_workbook(package(tmp_path / "a.xlsx", rows))

    def test_formatted_blank_cells_far_out_do_no_harm(self, tmp_path):
        rows = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576" s="0"/></row>'
        assert drawn(read_workbook(package(tmp_path / "a.xlsx", rows))) == {"A1": 1.0}

    def test_a_sheet_beyond_the_last_cell_is_refused(self, tmp_path):
        assert (
            problem_of(package(tmp_path / "a.xlsx", '<row r="9999999"><c r="ZZZ9999999"><v>1</v></c></row>'))
            == "stray_cell"
        )

    def test_a_long_text_repeated_in_every_cell_is_refused(self, tmp_path):
        cells = "".join(f'<row r="{row}"><c r="A{row}" t="s"><v>0</v></c></row>' for row in range(1, 100_001))
        path = package(tmp_path / "a.xlsx", cells, strings=f"<si><t>{'x' * 30_000}</t></si>")
        assert problem_of(path) == "too_much_text"

    def test_an_announced_number_of_strings_is_not_believed(self, tmp_path):
        rows = '<row r="1"><c r="A1" t="s"><v>0</v></c></row>'
        path = package(tmp_path / "a.xlsx", rows, strings="<si><t>a</t></si>", announced=2**32 - 1)
        assert problem_of(path) == "damaged_workbook"

    def test_a_dimension_is_not_believed(self, tmp_path):
        rows = '<row r="1"><c r="A1"><v>1</v></c></row>'
        sheet = f'<worksheet xmlns="{MAIN}"><dimension ref="A1:XFD1048576"/><sheetData>{rows}</sheetData></worksheet>'
        assert drawn(read_workbook(package(tmp_path / "a.xlsx", "", sheet=sheet.encode()))) == {"A1": 1.0}

    def test_too_many_cells_are_refused(self, tmp_path, monkeypatch):
        monkeypatch.setattr(reader, "MAX_CELLS", 10)
        rows = "".join(f'<row r="{row}"><c r="A{row}"><v>0</v></c></row>' for row in range(1, 20))
        assert problem_of(package(tmp_path / "a.xlsx", rows)) == "too_many_cells"

    @pytest.mark.parametrize("kept", [10, 300, 900])
    def test_a_torn_workbook_is_refused(self, tmp_path, kept):
        path = package(tmp_path / "a.xlsx", '<row r="1"><c r="A1"><v>1</v></c></row>')
        path.write_bytes(path.read_bytes()[:kept])
        assert problem_of(path) == "damaged_archive"

    def test_what_is_no_workbook_is_refused_with_its_own_sentence(self, tmp_path):
        (tmp_path / "a.xlsx").write_bytes(b"1,2,3")
        (tmp_path / "b.xlsx").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
        (tmp_path / "c.xlsx").write_bytes(b"")
        assert problem_of(tmp_path / "a.xlsx") == "text_as_workbook"
        assert problem_of(tmp_path / "b.xlsx") == "damaged_old_office"
        assert problem_of(tmp_path / "c.xlsx") == "empty_file"
        assert problem_of(tmp_path / "gone.xlsx") == "cannot_open"

    def test_a_panic_of_the_reader_is_a_problem_of_the_file(self, tmp_path, monkeypatch):
        class PanicException(BaseException):
            pass

        def panic(path):
            raise PanicException("index out of bounds")

        monkeypatch.setattr(reader, "CalamineWorkbook", type("Panicking", (), {"from_object": staticmethod(panic)}))
        _, _, problems = read_workbooks([package(tmp_path / "a.xlsx", "")], workers=0)
        assert problems["problem"].to_list() == ["reading_crashed"]


class TestManyWorkbooks:
    @pytest.fixture
    def paths(self, tmp_path) -> list[Path]:
        good = [package(tmp_path / f"{n}.xlsx", f'<row r="1"><c r="A1"><v>{n}</v></c></row>') for n in (1, 3)]
        (tmp_path / "2.xlsx").write_bytes(b"torn")
        return [good[0], tmp_path / "2.xlsx", good[1]]

    @pytest.mark.parametrize("workers", [0, 1, 2])
    def test_they_come_back_as_three_frames_in_order(self, paths, workers):
        heard: list[tuple[int, int]] = []
        cells, sheets, problems = read_workbooks(paths, workers=workers, progress=lambda *done: heard.append(done))
        assert cells.select("file", "sheet", "row", "column", "number").rows() == [(0, 0, 0, 0, 1.0), (2, 0, 0, 0, 3.0)]
        assert sheets.select("file", "sheet", "name", "is_hidden").rows() == [
            (0, 0, "Biểu 01", False),
            (2, 0, "Biểu 01", False),
        ]
        assert problems.select("file", "problem").rows() == [(1, "text_as_workbook")]
        assert heard == [(1, 3), (2, 3), (3, 3)]

    def test_none_give_three_empty_frames(self):
        assert [frame.height for frame in read_workbooks([])] == [0, 0, 0]

    def test_one_that_hangs_or_crashes_loses_only_itself(self):
        done = dict(run_each(misbehave, ["good", "crash", "hang", "good"], workers=2, seconds=2))
        assert [done[0], done[1].kind, done[2].kind, done[3]] == [
            "good", FailureKind.CRASHED, FailureKind.TIMED_OUT, "good"
        ]  # fmt: skip

    def test_a_hang_or_crash_is_a_problem_of_its_file(self, monkeypatch):
        monkeypatch.setattr(reader, "_answer", misbehave)
        monkeypatch.setattr(worker_pool, "SECONDS", 2.0)
        _, _, problems = read_workbooks([Path("crash"), Path("hang")], workers=2)
        assert problems["problem"].to_list() == ["reading_crashed", "reading_too_slow"]


def misbehave(what: object) -> object:
    if str(what) == "crash":
        os._exit(1)
    if str(what) == "hang":
        time.sleep(60)
    return what


def test_an_address_is_written_as_people_write_it():
    assert [address(11, 7), address(0, 25), address(0, 26), address(0, 701), address(0, 702)] == [
        "H12",
        "Z1",
        "AA1",
        "ZZ1",
        "AAA1",
    ]
    assert address(LAST_ROW, LAST_COLUMN) == "XFD1048576"


def test_a_column_of_addresses_is_the_same():
    cells = pl.DataFrame({"column": range(LAST_COLUMN + 1)}).with_columns(row=pl.col("column") * 64)
    written = cells.select(addresses(pl.col("row"), pl.col("column"))).to_series().to_list()
    assert written == [address(column * 64, column) for column in range(LAST_COLUMN + 1)]


def test_a_zip_is_no_workbook(tmp_path):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.txt", "a")
    (tmp_path / "a.xlsx").write_bytes(buffer.getvalue())
    assert problem_of(tmp_path / "a.xlsx") == "other_office_file"


@settings(max_examples=60, deadline=None)
@given(
    number=st.one_of(
        st.integers(-(10**15), 10**15), st.integers(-(10**13), 0), st.floats(-1e300, 1e300, allow_nan=False)
    ),
    code=st.sampled_from(["yyyy-mm-dd", "[h]:mm", "hh:mm", "mmm-yy", "dd/mm/yyyy hh:mm", '"ngày" 0', "#,##0"]),
)
def test_a_number_that_no_date_can_be_is_read_as_it_stands_under_any_format(number: float, code: str) -> None:
    """calamine panics, or refuses the file, or answers midnight."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as written:
        sheet = written.add_worksheet()
        sheet.write_string(0, 0, "Tổng số")
        sheet.write_number(1, 1, number, written.add_format({"num_format": code}))
    with tempfile.NamedTemporaryFile(suffix=".xlsx") as path:
        path.write(file.getvalue())
        path.flush()
        cells = read_workbook(Path(path.name)).sheets[0].cells
    if 0 <= number < 2_958_466:
        assert (cells.kind[1] == "date") == (code not in ("[h]:mm", '"ngày" 0', "#,##0"))
    else:
        assert (cells.kind[1], cells.number[1]) == ("number", float(f"{number:.16G}"))
