"""Reads figures in long form: ``unit,period_start,period_end,form,row,column,value``, one row a cell.

Each unit, period and scope in the file is one submission. Optional columns: scope, revision, reason, signer.
"""

import polars as pl

from pipeline import tables
from pipeline.cells.address import column_letters
from pipeline.cells.blanks import EMPTY_FORM, SILENT
from pipeline.cells.figure import half_unit, is_too_large
from pipeline.cells.gate import Claim, Quote, admit
from pipeline.cells.header import parse_day
from pipeline.cells.numerals import numerals
from pipeline.cells.reading import Reading
from pipeline.cells.separated import table_of
from pipeline.forms import Forms
from pipeline.forms.declaration import NAME
from pipeline.registry.units import UnitRegistry
from pipeline.vocabulary import CellState

COLUMNS = ["unit", "period_start", "period_end", "form", "row", "column", "value"]
OPTIONAL = ["scope", "revision", "reason", "signer"]
REMARK = [
    "submission_id",
    "code",
    "form",
    pl.col("row").alias("row_code"),
    pl.col("column").alias("column_code"),
    "sheet",
    "address",
    pl.col("value").alias("raw"),
    pl.lit(None, tables.AMOUNT).alias("worked_out"),
    "detail_vi",
    "detail_en",
]
REPORT = ["unit", "period_start", "period_end", "scope"]


def is_long(header: list[str]) -> bool:
    """Tell whether a CSV with this header holds figures in long form."""
    return set(COLUMNS) <= set(header)


def read_long(text: str, receipt: dict, forms: Forms, registry: UnitRegistry) -> Reading:
    """Read one CSV; raises ``polars.exceptions.PolarsError`` where it is no table."""
    figures = table_of(text)
    figures = (
        figures.with_columns(
            *(pl.lit(None, dtype=pl.String).alias(name) for name in OPTIONAL if name not in figures.columns)
        )
        # What looks blank is blank: a space is no scope of its own.
        .with_columns(pl.col(pl.String).str.strip_chars().replace("", None))
        .with_row_index("line", offset=2)
        .with_columns(pl.lit(receipt["file_name"]).alias("sheet"), numerals(pl.col("value")).alias("numeral"))
    )
    letter = {name: column_letters(at) for at, name in enumerate(figures.columns[1:])}  # the first is "line"
    figures = figures.with_columns((pl.lit(letter["value"]) + pl.col("line").cast(pl.String)).alias("address"))
    readings = []
    for report in figures.partition_by(REPORT, maintain_order=True, include_key=True):
        first = report.row(0, named=True)
        line = first["line"]
        claim = Claim(
            sheet=receipt["file_name"],
            place="lines",
            period=(parse_day(first["period_start"]), parse_day(first["period_end"])),
            period_quotes=tuple(
                Quote(first[name], f"{letter[name]}{line}") for name in ("period_start", "period_end") if first[name]
            )
            or (Quote("", f"{letter['period_start']}{line}"),),
            unit=Quote(first["unit"] or "", f"{letter['unit']}{line}"),
            unit_code=Quote(first["unit"] or "", f"{letter['unit']}{line}"),
            scope=first["scope"],
            forms=frozenset(report["form"].drop_nulls()) & forms.current.keys(),
            report="|".join(str(first[name] or "") for name in REPORT),
            revision=first["revision"],
            reason=first["reason"],
            signer=first["signer"],
        )
        submission, remarks = admit(claim, receipt, forms, registry)
        row = submission.row()
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
            (form.code, line.code, column.code, unit.code, unit.factor, unit.is_rounded)
            for form in declared.values()
            for line in form.rows
            for column in form.columns
            for unit in [forms.units[form.unit_of(line.code, column.code)]]
        ],
        schema=["form", "row", "column", "unit_code", "factor", "is_rounded"],
        orient="row",
    )
    numeral = pl.col("numeral").struct
    in_base = numeral.field("value") * pl.col("factor")
    read = (
        report.join(places, on=["form", "row", "column"], how="left", maintain_order="left")
        .with_columns(
            pl.lit(row["submission_id"]).alias("submission_id"),
            pl.lit(row["period_id"]).alias("period_id"),
            (pl.int_range(pl.len()).over("form", "row", "column") > 0).alias("is_again"),
            pl.when(pl.col("unit_code") == NAME)
            .then(None)
            .when(numeral.field("reason").is_not_null())
            .then(numeral.field("reason"))
            .when(is_too_large(in_base))
            .then(pl.lit("too_large"))
            .when(numeral.field("is_percent") & ~pl.col("unit_code").is_in(["percent", "point"]))
            .then(pl.lit("percent_of_what"))
            .alias("reason"),
        )
        .with_columns(
            pl.when(pl.col("reason").is_not_null())
            .then(pl.lit(str(CellState.ILLEGIBLE)))
            .when((pl.col("unit_code") == NAME) & pl.col("value").is_not_null())
            .then(pl.lit(str(CellState.TEXT)))
            .otherwise(numeral.field("state"))
            .alias("state")
        )
        .with_columns(
            pl.when(~pl.col("state").is_in([str(CellState.ILLEGIBLE), str(CellState.TEXT)]))
            .then(in_base)
            .alias("in_base"),
            pl.when(pl.col("is_rounded") & (pl.col("state") == str(CellState.NUMBER)))
            .then(half_unit(numeral.field("places")))
            .otherwise(0)
            .alias("rounding"),
        )
    )
    cells = (
        read.filter(pl.col("unit_code").is_not_null(), ~pl.col("is_again"))
        .select(
            "submission_id",
            "period_id",
            "form",
            pl.col("row").alias("row_code"),
            pl.col("column").alias("column_code"),
            pl.col("unit_code").alias("unit"),
            pl.col("in_base").alias("value"),
            "rounding",
            "state",
            pl.col("value").alias("raw"),
            "sheet",
            "address",
        )
        .cast(tables.CELLS)
    )
    remarks = [frame.select(REMARK).cast(tables.REMARKS) for frame in _remarked(read, list(declared))]
    return cells, pl.concat(remarks)


def _remarked(read: pl.DataFrame, declared: list[str]) -> list[pl.DataFrame]:
    """Tell lines that hold no figure, belong nowhere or stand twice, forms that do not exist, forms left blank."""
    numeral = pl.col("numeral").struct
    illegible = read.filter(pl.col("state") == str(CellState.ILLEGIBLE)).with_columns(
        pl.when(pl.col("reason") == "ambiguous_number")
        .then(pl.lit("ambiguous_number"))
        .otherwise(pl.lit("not_a_number"))
        .alias("code"),
        pl.format(
            "Ô {}: {}.",
            "address",
            pl.coalesce(numeral.field("reason_vi"), pl.format("«{}» không thể là số liệu của cột này", "value")),
        ).alias("detail_vi"),
        pl.format(
            "Cell {}: {}.",
            "address",
            pl.coalesce(numeral.field("reason_en"), pl.format("'{}' cannot be a figure of this column", "value")),
        ).alias("detail_en"),
    )
    # A form that does not exist has no rules of its own; the whole file answers for it.
    is_form = pl.col("form").is_in(declared).fill_null(False)
    unknown = read.filter(~is_form).with_columns(
        pl.lit("unknown_form").alias("code"),
        pl.format("Dòng {}: không có biểu «{}».", "line", pl.col("form").fill_null("")).alias("detail_vi"),
        pl.format("Line {}: there is no form '{}'.", "line", pl.col("form").fill_null("")).alias("detail_en"),
        pl.lit(None, pl.String).alias("form"),
    )
    where = [pl.col(name).fill_null("") for name in ("row", "column")]
    nowhere = read.filter(is_form, pl.col("unit_code").is_null()).with_columns(
        pl.lit("unknown_row").alias("code"),
        pl.format("Dòng {}: biểu {} không có dòng «{}», cột «{}».", "line", "form", *where).alias("detail_vi"),
        pl.format("Line {}: form {} has no row '{}' and column '{}'.", "line", "form", *where).alias("detail_en"),
    )
    again = read.filter("is_again", pl.col("unit_code").is_not_null()).with_columns(
        pl.lit("duplicate_row").alias("code"),
        pl.format("Dòng {}: dòng «{}», cột «{}» của biểu {} xuất hiện hai lần.", "line", "row", "column", "form").alias(
            "detail_vi"
        ),
        pl.format("Line {}: row '{}', column '{}' of form {} stands twice.", "line", "row", "column", "form").alias(
            "detail_en"
        ),
    )
    empty = (
        read.filter(is_form, pl.col("state").is_in(SILENT).all().over("form"))
        .unique("form", keep="first", maintain_order=True)
        .with_columns(
            *EMPTY_FORM, *(pl.lit(None, pl.String).alias(name) for name in ("row", "column", "address", "value"))
        )
    )
    return [illegible, unknown, nowhere, again, empty]
