"""Forms drawn as text in a test, so that the reader sees the sheet; written as .xlsx, read, judged.

A line is a row, ``|`` parts the cells. ``123`` and ``4.5`` are numbers, ``'123`` is text that looks like one,
``2022-10-01`` a real date, ``#REF!`` an Excel error, ``=B1+B2`` a formula that was never calculated; the rest is text.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import partial
from hashlib import sha256
from pathlib import Path
from textwrap import dedent
from unittest import mock

import polars as pl
import xlsxwriter

from pipeline.cells import read as reader
from pipeline.cells.reading import Reading
from pipeline.cells.workbook import read_workbooks
from pipeline.forms.template import EXCEL_ERRORS

#: Who reports and when; stands above the tables of tests that are about something else.
HEADER = """
    Đơn vị báo cáo      | Chi cục THADS huyện Gò Quao
    Đơn vị nhận báo cáo | Cục THADS tỉnh Kiên Giang
    Từ ngày             | 2022-10-01
    Đến ngày            | 2023-06-30"""
RECEPTION = """
    Biểu số                |         | 09/TK-THA
                           | Số lượt | Số người
    Tổng số tiếp           | 191     | 195
    Trong đó lãnh đạo tiếp | 135     | 139
"""
LONG = "unit,period_start,period_end,form,row,column,value"


def drawn(text: str) -> list[list[str]]:
    """Return the cells of a drawing, row by row."""
    return [[cell.strip() for cell in line.split("|")] for line in dedent(text).strip("\n").splitlines()]


def draw(path: Path, sheets: Mapping[str, str], *, hidden: Sequence[str] = ()) -> Path:
    """Write drawings as the sheets of a workbook."""
    with xlsxwriter.Workbook(path) as book:
        day = book.add_format({"num_format": "dd/mm/yyyy"})
        for name, text in sheets.items():
            sheet = book.add_worksheet(name)
            if name in hidden:
                sheet.hide()
            for r, line in enumerate(drawn(text)):
                for c, cell in enumerate(line):
                    if re.fullmatch(r"-?\d+(\.\d+)?(e\d+)?", cell):
                        sheet.write_number(r, c, float(cell))
                    elif re.fullmatch(r"\d{4}-\d\d-\d\d", cell):
                        sheet.write_datetime(r, c, datetime.fromisoformat(cell), day)
                    elif cell in EXCEL_ERRORS:
                        sheet.write_formula(r, c, "=1/0", None, cell)
                    elif cell.startswith("="):
                        sheet.write_formula(r, c, cell, None, "")
                    elif cell:
                        sheet.write_string(r, c, cell.removeprefix("'"))
    return path


def read(*paths: Path) -> Reading:
    """Read files in this process."""
    receipts = [
        {
            "receipt_id": path.name,
            "batch": 1,
            "path": path.name,
            "file_name": path.name,
            "sha256": sha256(path.read_bytes()).hexdigest(),
            "received_at": datetime(2023, 7, 3, 8),
            "media": path.suffix.removeprefix("."),
        }
        for path in paths
    ]
    with mock.patch.object(reader, "read_workbooks", partial(read_workbooks, workers=0)):
        return reader.read_files(receipts, paths)


def read_sheets(path: Path, *sheets: str, hidden: Sequence[str] = (), **named: str) -> Reading:
    """Draw sheets below the usual header and read them: positional ones as Sheet1, Sheet2 ..."""
    told = {f"Sheet{n}": HEADER + text for n, text in enumerate(sheets, start=1)}
    return read(draw(path, told | named, hidden=hidden))


def read_lines(path: Path, *lines: str, header: str = LONG) -> Reading:
    """Read a long CSV of these lines."""
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return read(path)


def figures(reading: Reading) -> dict[str, float | str]:
    """Return ``row.column`` -> value of every cell that has one, else its state."""
    return {
        f"{cell['row_code']}/{cell['column_code']}": cell["state"] if cell["value"] is None else float(cell["value"])
        for cell in reading.cells.to_dicts()
    }


def told(reading: Reading) -> set[tuple[str, str | None]]:
    """Return what reading stumbled over: code and address."""
    return set(reading.remarks.select("code", "address").iter_rows())


def placed(reading: Reading) -> tuple[str | None, str | None]:
    """Return unit and period of the one submission read."""
    (row,) = reading.submissions.to_dicts()
    return row["unit_key"], row["period_id"]


def table(schema: pl.Schema, rows: Sequence[Mapping[str, object]]) -> pl.DataFrame:
    """Return rows as a table of the pipeline; what is not given is null."""
    return pl.DataFrame([{name: row.get(name) for name in schema} for row in rows], schema=schema)


JUNE_2023 = date(2023, 6, 30)
