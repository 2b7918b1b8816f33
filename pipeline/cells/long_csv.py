"""Reads figures in long form: ``unit,period_start,period_end,form,row,column,value``, one row a cell.

Each unit, period and scope in the file is one submission. Optional columns: scope, revision, reason, signer.
"""

import io

import polars as pl

from pipeline import tables
from pipeline.cells.header import parse_day
from pipeline.cells.numerals import numerals
from pipeline.cells.reading import Reading, submission_id
from pipeline.cells.submission import Heading, submission
from pipeline.forms import Forms
from pipeline.registry.units import UnitRegistry
from pipeline.vocabulary import CellState

COLUMNS = ["unit", "period_start", "period_end", "form", "row", "column", "value"]
OPTIONAL = ["scope", "revision", "reason", "signer"]
REPORT = ["unit", "period_start", "period_end", "scope"]


def is_long(header: list[str]) -> bool:
    """Tell whether a CSV with this header holds figures in long form."""
    return set(COLUMNS) <= set(header)


def read_long(text: str, receipt: dict, forms: Forms, registry: UnitRegistry) -> Reading:
    """Read one CSV; raises ``polars.exceptions.PolarsError`` where it is no table."""
    figures = pl.read_csv(io.StringIO(text), infer_schema=False)
    figures = (
        figures.with_columns(
            *(pl.lit(None, dtype=pl.String).alias(name) for name in OPTIONAL if name not in figures.columns)
        )
        .with_columns(pl.col(pl.String).str.strip_chars())
        .with_row_index("line", offset=2)
        .with_columns(pl.lit(receipt["file_name"]).alias("sheet"), numerals(pl.col("value")).alias("numeral"))
    )
    value_letter = chr(ord("A") + figures.columns.index("value") - 1)
    figures = figures.with_columns((pl.lit(value_letter) + pl.col("line").cast(pl.String)).alias("address"))
    readings = []
    for report in figures.partition_by(REPORT, maintain_order=True, include_key=True):
        first = report.row(0, named=True)
        heading = Heading(
            unit_text=first["unit"],
            unit_code=first["unit"],
            scope=first["scope"],
            period=(parse_day(first["period_start"]), parse_day(first["period_end"])),
            revision=first["revision"],
            reason=first["reason"],
            signer=first["signer"],
            sheet=receipt["file_name"],
            unit_address=f"A{first['line']}",
            period_address=f"B{first['line']}",
        )
        identity = submission_id(receipt["sha256"], "|".join(str(first[name] or "") for name in REPORT))
        row, remarks = submission(identity, receipt, heading, forms, registry)
        cells, more = _cells(report, row, forms)
        readings.append(
            Reading(
                pl.DataFrame([row], schema=tables.SUBMISSIONS),
                cells,
                pl.concat([pl.DataFrame(remarks, schema=tables.REMARKS), more]),
            )
        )
    return Reading.together(readings)


def _cells(report: pl.DataFrame, row: dict, forms: Forms) -> tuple[pl.DataFrame, pl.DataFrame]:
    declared = forms.in_force(row["period_end"]) if row["period_end"] else forms.current
    places = pl.DataFrame(
        [
            (form.code, line.code, column.code, unit.code, unit.factor)
            for form in declared.values()
            for line in form.rows
            for column in form.columns
            for unit in [forms.units[form.unit_of(line.code, column.code)]]
        ],
        schema=["form", "row", "column", "unit_code", "factor"],
        orient="row",
    )
    numeral = pl.col("numeral").struct
    read = report.join(places, on=["form", "row", "column"], how="left", maintain_order="left").with_columns(
        pl.lit(row["submission_id"]).alias("submission_id"),
        pl.lit(row["period_id"]).alias("period_id"),
        numeral.field("state").alias("state"),
    )
    cells = (
        read.filter(pl.col("unit_code").is_not_null())
        .with_columns(
            (numeral.field("value") * pl.col("factor")).alias("value_in_base"), pl.lit(0).alias("rounding")
        )
        .select(
            "submission_id", "period_id", "form", pl.col("row").alias("row_code"), pl.col("column").alias("column_code"),
            pl.col("unit_code").alias("unit"), pl.col("value_in_base").alias("value"), "rounding", "state",
            pl.col("value").alias("raw"), "sheet", "address",
        )
        .cast(dict(tables.CELLS))
    )
    place = [
        "submission_id", "code", "form", pl.col("row").alias("row_code"), pl.col("column").alias("column_code"),
        "sheet", "address", pl.col("value").alias("raw"), "detail_vi", "detail_en",
    ]
    illegible = read.filter(pl.col("state") == str(CellState.ILLEGIBLE)).with_columns(
        pl.when(numeral.field("reason") == "ambiguous_number")
        .then(pl.lit("ambiguous_number"))
        .otherwise(pl.lit("not_a_number"))
        .alias("code"),
        pl.format("Ô {}: {}.", "address", numeral.field("reason_vi")).alias("detail_vi"),
        pl.format("Cell {}: {}.", "address", numeral.field("reason_en")).alias("detail_en"),
    )
    nowhere = read.filter(pl.col("unit_code").is_null()).with_columns(
        pl.lit("unknown_row").alias("code"),
        pl.format("Dòng {}: biểu {} không có dòng «{}», cột «{}».", "line", "form", "row", "column").alias("detail_vi"),
        pl.format("Line {}: form {} has no row '{}' and column '{}'.", "line", "form", "row", "column").alias("detail_en"),
    )
    remarks = pl.concat([illegible.select(place), nowhere.select(place)]).cast(dict(tables.REMARKS))
    return cells, remarks
