"""Forms drawn as text in a test, so that the reader sees the sheet; written as .xlsx, read, judged.

A line is a row, ``|`` parts the cells. ``123`` and ``4.5`` are numbers, ``'123`` is text that looks like one,
``2022-10-01`` a real date, ``#REF!`` an Excel error, ``TRUE`` a truth value, ``=B1+B2`` a formula that was never
calculated, ``=B1+B2 -> 3`` one that Excel worked out once; ``0.5%`` a number in per-cent format; the rest is text.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from textwrap import dedent

import polars as pl
import xlsxwriter

from expectations.direct_validation import validate_directly
from expectations.rules import packs
from pipeline import tables
from pipeline.calendar.periods import Period
from pipeline.cells import read as reader
from pipeline.cells.reading import ReadingResult
from pipeline.comparison.database import JudgingDatabase
from pipeline.forms import forms
from pipeline.forms.formulas import EXCEL_ERRORS
from pipeline.judged.judge import Judgement, JudgingContext, judge
from pipeline.registry.units import unit_registry
from pipeline.text.address import column_letters

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
KEY = ("pack", "rule_id", "form")
LONG = "unit,period_start,period_end,form,row,column,value"


def drawn(text: str) -> list[list[str]]:
    """Return the cells of a drawing, row by row."""
    return [[cell.strip() for cell in line.split("|")] for line in dedent(text).strip("\n").splitlines()]


def draw(path: Path, sheets: Mapping[str, str], *, hidden: Sequence[str] = ()) -> Path:
    """Write drawings as the sheets of a workbook."""
    with xlsxwriter.Workbook(path) as book:
        day = book.add_format({"num_format": "dd/mm/yyyy"})
        per_cent = book.add_format({"num_format": "0.00%"})
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
                    elif re.fullmatch(r"-?\d+(\.\d+)?%", cell):
                        sheet.write_number(r, c, float(cell[:-1]), per_cent)
                    elif cell in EXCEL_ERRORS:
                        sheet.write_formula(r, c, "=1/0", None, cell)
                    elif cell in ("TRUE", "FALSE"):
                        sheet.write_boolean(r, c, cell == "TRUE")
                    elif cell.startswith("="):
                        formula, _, cached = cell.partition(" -> ")
                        sheet.write_formula(r, c, formula, None, cached and float(cached))
                    elif cell:
                        sheet.write_string(r, c, cell.removeprefix("'"))
    return path


def read(*paths: Path, received_at: datetime = datetime(2023, 7, 3, 8)) -> ReadingResult:
    """Read files in this process, as if they had come at ``received_at``."""
    receipts = [
        {
            "receipt_id": path.name,
            "batch": 1,
            "path": path.name,
            "file_name": path.name,
            "sha256": sha256(path.read_bytes()).hexdigest(),
            "received_at": received_at,
            "media": path.suffix.removeprefix("."),
        }
        for path in paths
    ]
    return reader.read_files(receipts, paths, workers=0)


def read_sheets(path: Path, *sheets: str, hidden: Sequence[str] = (), **named: str) -> ReadingResult:
    """Draw sheets below the usual header and read them: positional ones as Sheet1, Sheet2 ..."""
    told = {f"Sheet{n}": HEADER + text for n, text in enumerate(sheets, start=1)}
    return read(draw(path, told | named, hidden=hidden))


def read_lines(path: Path, *lines: str, header: str = LONG) -> ReadingResult:
    """Read a long CSV of these lines."""
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return read(path)


def figures(reading: ReadingResult) -> dict[str, float | str]:
    """Return ``row.column`` -> value of every cell that has one, else its state."""
    return {
        f"{cell['row_code']}/{cell['column_code']}": cell["state"] if cell["value"] is None else float(cell["value"])
        for cell in reading.cells.to_dicts()
    }


def told(reading: ReadingResult) -> set[tuple[str, str | None]]:
    """Return what reading stumbled over: code and address."""
    return set(reading.remarks.select("code", "address").iter_rows())


def placed(reading: ReadingResult) -> tuple[str | None, str | None]:
    """Return unit and period of the one submission read."""
    (row,) = reading.submissions.to_dicts()
    return row["unit_key"], row["period_id"]


def table(schema: pl.Schema, rows: Sequence[Mapping[str, object]]) -> pl.DataFrame:
    """Return rows as a table of the pipeline; what is not given is null."""
    return pl.DataFrame([{name: row.get(name) for name in schema} for row in rows], schema=schema)


@dataclass
class Returns:
    """Returns as they lie before judging, drawn figure by figure, in printed units."""

    submissions: list[dict] = field(default_factory=list)
    cells: list[dict] = field(default_factory=list)
    remarks: list[dict] = field(default_factory=list)

    def add(
        self,
        submission_id: str,
        figures: Mapping[tuple[str, str], Mapping[str, Decimal | int | str | None]] | None = None,
        remarks: Sequence[str] = (),
        *,
        period: str = "2023-09",
        unit: str = "kien-giang.go-quao",
        scope: str = "office",
        origin: str = "submitted",
        roundings: Mapping[str, Decimal | int | str] | None = None,
        **header: object,
    ) -> str:
        """Add a return: ``figures`` by (form, row) and column; ``remarks`` are codes, with a form behind a colon."""
        end = Period.parse(period).end
        self.submissions.append(
            {
                "submission_id": submission_id,
                "batch": 1,
                "source_ref": submission_id,
                "received_at": datetime(2023, 7, 3, 8),
                "origin": origin,
                "is_simulated": False,
                "vintage": "reported",
                "report_id": submission_id,
                "unit_key": unit,
                "scope": scope,
                "period_id": period,
                "period_start": Period.parse(period).start,
                "period_end": end,
                "regime": next(iter(forms().in_force(end).values())).regime.name,
                "revision": 1,
                "is_readable": True,
            }
            | header
        )
        regime = self.submissions[-1]["regime"]
        for (code, row), values in (figures or {}).items():
            form = next((f for f in forms().all if f.code == code and f.regime.name == regime), forms().current[code])
            for place, (column, value) in enumerate(values.items()):
                measure = form.column[column].unit if column in form.column else forms().measures[column].unit
                line_unit = form.row[row].unit if row in form.row else None
                unit_of = forms().units[measure or line_unit or form.unit]
                places = len(str(value).partition(".")[2])
                rounding = Decimal(5).scaleb(-places - 1) if unit_of.is_rounded else 0
                rounding = (roundings or {}).get(column, rounding)
                self.cells.append(
                    {
                        "submission_id": submission_id,
                        "period_id": period,
                        "form": code,
                        "row_code": row,
                        "column_code": column,
                        "unit": unit_of.code,
                        "value": None if value is None else Decimal(value) * unit_of.factor,
                        "rounding": Decimal(rounding) * unit_of.factor,
                        "state": "blank" if value is None else "number",
                        "raw": str(value),
                        "sheet": code,
                        "address": f"{column_letters(3 + place)}{1 + list(form.row).index(row)}",
                    }
                )
        for remark in remarks:
            code, _, form_code = remark.partition(":")
            self.remarks.append(
                {
                    "submission_id": submission_id,
                    "code": code,
                    "form": form_code or None,
                    "sheet": "S",
                    "address": "B2",
                    "raw": "?",
                    "detail_vi": f"Ô B2: {code}.",
                    "detail_en": f"Cell B2: {code}.",
                }
            )
        return submission_id

    def frames(self) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
        """Return submissions, cells and remarks as the judge takes them."""
        return (
            table(tables.SUBMISSIONS, self.submissions),
            table(tables.CELLS, self.cells),
            table(tables.REMARKS, self.remarks),
        )

    def judged(self, folder: Path) -> Judgement:
        """Judge them all beside each other; takes the seconds that Great Expectations needs to start."""
        return judge(*self.frames(), database=folder / "judging.duckdb")

    def judged_in_sql(self, folder: Path, others: JudgingContext | None = None) -> Judgement:
        """Judge them with an interval in SQL for Great Expectations, which is slow where rules are many."""
        return judge(*self.frames(), database=folder / "judging.duckdb", context=others, validator=validate_directly)

    def compared(self, folder: Path) -> pl.DataFrame:
        """Return every comparison without Great Expectations, with ``fails``."""
        db = JudgingDatabase(folder / "comparing.duckdb", forms(), unit_registry())
        try:
            db.load(*self.frames(), packs())
            db.compare(
                (pack, rule, form)
                for pack in packs()
                for rule in pack.rules
                if not rule.needs_verdicts
                for form in rule.forms
            )
            db.open_comparisons()
            return db.query("select *, not found between low and high as fails from comparison")
        finally:
            db.close()
