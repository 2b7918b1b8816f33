"""Clean returns that every inbox of the storm carries, and their figures as another program reads them."""

import csv
import io
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import openpyxl
import polars as pl

from benchmarks.storm.delivery import Delivery
from pipeline import tables
from pipeline.forms import Form, forms
from pipeline.forms.template import CODE, DATA, FIRST
from pipeline.simulator import simulate
from pipeline.simulator.truth import SentReport

MONTH, PERIOD = "2023-09", "2023-12"
LAST_DAY = date(2023, 9, 30)
FORMS = ("01", "02", "08", "09", "discipline")
FIGURES = pl.Schema(
    {
        "unit_key": pl.String,
        "period_id": pl.String,
        "form": pl.String,
        "row_code": pl.String,
        "column_code": pl.String,
        "value": tables.AMOUNT,  # base units
    }
)


@dataclass(frozen=True)
class CleanReturn:
    """A return without a fault: its file, who sent it, and its figures in base units (``FIGURES``)."""

    delivery: Delivery
    unit_key: str
    is_simulated: bool
    figures: pl.DataFrame


def clean_returns(folder: Path, *, offices: int = 4) -> list[CleanReturn]:
    """Simulate a province and return its workbooks, and all of them again as long CSV of other agencies."""
    truth = simulate(
        folder,
        provinces=1,
        first=MONTH,
        last=MONTH,
        seed=11,
        offices_per_province=offices,
        forms=FORMS,
        consolidated=False,
    )
    returns = [_workbook(folder / "inbox", report) for report in truth.reports]
    return returns + [_as_csv(clean_return, number) for number, clean_return in enumerate(returns)]


#: Provincial agencies that send their own caseload as clean CSV; nothing else in the storm names them.
CSV_UNITS = ("lai-chau", "son-la", "dien-bien", "cao-bang", "lang-son")


def _workbook(inbox: Path, report: SentReport) -> CleanReturn:
    path = inbox / report.path
    written_at = datetime.fromisoformat(report.received_at)
    return CleanReturn(
        Delivery(report.path, path.read_bytes(), written_at, "clean workbook"),
        report.unit,
        True,
        _figures(path, report.unit),
    )


def _figures(path: Path, unit_key: str) -> pl.DataFrame:
    """Read the figures of a workbook with openpyxl, by the codes next to them."""
    declarations = {form.number: form for form in forms().in_force(LAST_DAY).values() if form.number}
    rows = []
    for sheet in openpyxl.load_workbook(path, data_only=True).worksheets:
        form = next(
            candidate
            for candidate in declarations.values()
            if candidate.code == sheet.title or candidate.number == sheet.title
        )
        columns = {cell.value: cell.column for cell in sheet[DATA] if cell.column > FIRST and cell.value in form.column}
        for line in sheet.iter_rows(min_row=DATA + 1):
            code = line[CODE].value
            if code not in form.row:
                continue
            rows += [
                (
                    unit_key,
                    PERIOD,
                    form.code,
                    code,
                    column,
                    _in_base(form, code, column, sheet.cell(line[0].row, position).value),
                )
                for column, position in columns.items()
                if isinstance(sheet.cell(line[0].row, position).value, (int, float))
            ]
    return pl.DataFrame(rows, schema=FIGURES, orient="row")


def _in_base(form: Form, row: str, column: str, value: int | float) -> Decimal:
    return Decimal(repr(value)) * forms().units[form.unit_of(row, column)].factor


def _as_csv(source: CleanReturn, number: int) -> CleanReturn:
    """Return the same figures as a long CSV of an agency that only sends CSV."""
    unit = CSV_UNITS[number % len(CSV_UNITS)]
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\r\n")
    lines.writerow(["unit", "period_start", "period_end", "form", "row", "column", "value", "scope"])
    for _, _, form, row, column, value in source.figures.iter_rows():
        declaration = forms().in_force(LAST_DAY)[form]
        printed_value = value / forms().units[declaration.unit_of(row, column)].factor
        figure = f"{printed_value.normalize():f}".replace(".", ",")
        lines.writerow([unit, "2022-10-01", "2023-09-30", form, row, column, figure, "own"])
    delivery = Delivery(
        f"clean/{unit}.csv",
        text.getvalue().encode("utf-8-sig"),
        source.delivery.written_at + timedelta(minutes=number),
        "clean CSV",
    )
    return CleanReturn(delivery, unit, False, source.figures.with_columns(pl.lit(unit).alias("unit_key")))
