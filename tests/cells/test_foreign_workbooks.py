"""What our reader says of workbooks that nobody here made, held against openpyxl cell by cell."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline.cells.workbook import RawCells, RawKind, UnreadableWorkbook, address, read_workbook
from pipeline.home import PROJECT

FOLDER = PROJECT.parent / "shared" / "data" / "foreign_workbooks"
FILES = sorted(FOLDER.glob("*.xls[xm]"))
SECONDS = 10

pytestmark = pytest.mark.skipif(not FILES, reason="the foreign workbooks lie beside the repository, not in it")

#: Files that cannot be read, by the code of their problem.
UNREADABLE = {
    "calamine-issue252.xlsx": "damaged_archive",
    "calamine-pass_protected.xlsx": "encrypted_workbook",
    "poi-54764.xlsx": "declares_entities",
    "poi-clusterfuzz-testcase-minimized-POIFuzzer-5040805309710336.xlsx": "word",
    "poi-clusterfuzz-testcase-minimized-POIXSSFFuzzer-6123461607817216.xlsx": "damaged_archive",
    "poi-clusterfuzz-testcase-minimized-XLSX2CSVFuzzer-6504225896792064.xlsx": "damaged_archive",
    "poi-protected_sha512.xlsx": "encrypted_workbook",
}

#: Files of which openpyxl is no judge, each with the reason and how many cells we read in it.
OPENPYXL_IS_WRONG = {
    "calamine-strict_iso_paths.xlsx": ("Strict Open XML: openpyxl returns no sheets and no error", 1368),
    "poi-SampleSS.strict.xlsx": ("Strict Open XML: openpyxl returns no sheets and no error", 15),
    "calamine-empty_s_attribute.xlsx": ("openpyxl raises TypeError on a cell with an empty style", 10),
    "calamine-issue_530.xlsx": ("openpyxl finds no part whose path has backslashes", 30),
    "calamine-minimal_package.xlsx": ("openpyxl raises IndexError without a style sheet", 5083),
    "calamine-pivots.xlsx": ("openpyxl raises TypeError on its pivot tables", 278),
    "calamine-has_x000D_inline.xlsx": ("openpyxl leaves the escape _x000D_ in inline text", 1),
}

#: Cells of which we are the ones that say less, with the reason.
WE_SAY_BLANK = {"calamine-encoded_entities.xlsx": ("calamine drops a text that is nothing but a line end", "A2")}

# Runs apart because openpyxl hangs on some of these files. Dates as ISO text, as our reader gives them.
OPENPYXL = """
import datetime as dt, json, sys, warnings, openpyxl
warnings.simplefilter("ignore")
def said(value):
    if isinstance(value, dt.timedelta): return value / dt.timedelta(days=1)
    if isinstance(value, dt.datetime) and value.time() == dt.time(): value = value.date()
    if isinstance(value, (dt.date, dt.time)): return value.isoformat()
    return float(value) if isinstance(value, (int, float)) else value
book = openpyxl.load_workbook(sys.argv[1], data_only=True)
filled = lambda sheet: {c.coordinate: said(c.value) for row in sheet for c in row if c.value not in (None, "")}
json.dump({sheet.title: filled(sheet) for sheet in book.worksheets}, sys.stdout)
"""


def ours(path: Path) -> dict[str, dict[str, object]]:
    return {sheet.name: values(sheet.cells) for sheet in read_workbook(path).sheets}


def values(cells: RawCells) -> dict[str, object]:
    columns = zip(cells.row, cells.column, cells.kind, cells.number, cells.text, strict=True)
    return {
        address(row, column): text if number is None else number
        for row, column, kind, number, text in columns
        if kind != RawKind.FORMULA  # openpyxl gives no value for a formula that was never calculated
    }


def theirs(path: Path) -> dict[str, dict[str, object]]:
    command = [sys.executable, "-c", OPENPYXL, str(path)]
    return json.loads(subprocess.run(command, capture_output=True, text=True, timeout=6 * SECONDS, check=True).stdout)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_we_read_what_openpyxl_reads(path):
    started = time.process_time()
    read: dict[str, dict[str, object]] = {}
    problem = None
    try:
        read = ours(path)
    except UnreadableWorkbook as refused:
        problem = refused.problem.code
    assert time.process_time() - started < SECONDS
    assert problem == UNREADABLE.get(path.name)
    if problem:
        return
    if path.name in OPENPYXL_IS_WRONG:
        reason, cells = OPENPYXL_IS_WRONG[path.name]
        assert sum(map(len, read.values())) == cells, reason
    else:
        judged = theirs(path)
        if path.name in WE_SAY_BLANK:
            reason, place = WE_SAY_BLANK[path.name]
            assert str(judged["Sheet1"].pop(place)).isspace(), reason
        assert read == judged


@pytest.mark.parametrize("name", OPENPYXL_IS_WRONG)
def test_openpyxl_is_still_wrong_where_we_do_not_believe_it(name):
    try:
        judged = theirs(FOLDER / name)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        return
    assert judged != ours(FOLDER / name)


def test_every_named_file_is_there():
    assert {path.name for path in FILES} >= {*UNREADABLE, *OPENPYXL_IS_WRONG}
