"""Remarks on what was left blank: "-" says that there is nothing, a blank cell says nothing at all."""

from functools import cache

import polars as pl

from pipeline.forms import Forms
from pipeline.vocabulary import CellState

SHEET = ["file", "sheet"]
FILLED = [str(CellState.NUMBER), str(CellState.NIL)]
SILENT = [str(CellState.BLANK), str(CellState.NOT_APPLICABLE)]

#: The remark on a form on which nothing is filled in, wherever it was read; needs the column ``form``.
EMPTY_FORM = (
    pl.lit("empty_form").alias("code"),
    pl.format(
        "Biểu {} không có số liệu nào; hãy điền số liệu, hoặc ghi «-» hay «0» nếu không phát sinh.", "form"
    ).alias("detail_vi"),
    pl.format(
        "Form {} has not a single figure; fill it in, or write '-' or '0' where there was nothing.", "form"
    ).alias("detail_en"),
)


def empty_forms(cells: pl.DataFrame) -> pl.DataFrame:
    """Report forms on which nothing is filled in."""
    return (
        cells.group_by(*SHEET, "form", maintain_order=True)
        .agg(pl.col("state").is_in(SILENT).all().alias("is_silent"))
        .filter("is_silent")
        .select(*SHEET, "form", *EMPTY_FORM)
    )


def blanks_in_sums(cells: pl.DataFrame, sheets: pl.DataFrame, forms: Forms) -> pl.DataFrame:
    """Report blanks because of which a sum of rows cannot be checked, where most of its rows are filled in.

    ``blank_total`` is a total row that is blank although its rows hold figures. ``blank_part`` is a blank row without
    which the others do not make the total. Where few rows are filled in, a report prints only some of them, and what is
    missing is missing. ``sheets`` gives the regime of each sheet's form.
    """
    sums = _sums_with_blanks(cells, sheets, forms).filter(
        2 * pl.col("filled") > pl.col("rows"), ~pl.col("is_illegible")
    )
    totals = sums.filter(pl.col("total_state") == str(CellState.BLANK), "has_figures").select(
        *SHEET,
        "form",
        pl.lit("blank_total").alias("code"),
        pl.col("total").alias("row_code"),
        "column_code",
        "address",
        *_details(
            "Ô {} (dòng «{}», cột «{}») bỏ trống, trong khi các dòng thành phần có số liệu; hãy điền số.",
            "Cell {} (row '{}', column '{}') is blank, though the rows that it sums hold figures; fill it in.",
            vi=("address", "row_vi", "column_vi"),
            en=("address", "row_en", "column_en"),
        ),
    )
    gap = (pl.col("total_value") - pl.col("together")).abs()
    parts = sums.filter(
        pl.col("total_state").is_in(FILLED), ~pl.col("is_open"), pl.col("blanks").list.len() > 0, gap > pl.col("slack")
    ).select(
        *SHEET,
        "form",
        pl.lit("blank_part").alias("code"),
        pl.col("blank_rows").list.first().alias("row_code"),
        "column_code",
        pl.col("blanks").list.first().alias("address"),
        *_details(
            "Ô {} bỏ trống (cột «{}»), mà các dòng còn lại cộng lại không bằng dòng «{}» ở ô {}; hãy điền số.",
            "{} blank (column '{}'), and the other rows do not make the row '{}' in cell {}; fill in the figure.",
            vi=(pl.col("blanks").list.join(", "), "column_vi", "row_vi", "address"),
            en=(pl.col("blanks").list.join(", "), "column_en", "row_en", "address"),
        ),
    )
    return pl.concat([totals, parts]).unique([*SHEET, "form", "row_code", "column_code"], keep="first").sort(pl.all())


def _details(vi_text: str, en_text: str, *, vi: tuple, en: tuple) -> tuple[pl.Expr, pl.Expr]:
    return pl.format(vi_text, *vi).alias("detail_vi"), pl.format(en_text, *en).alias("detail_en")


def _sums_with_blanks(cells: pl.DataFrame, sheets: pl.DataFrame, forms: Forms) -> pl.DataFrame:
    """Return the sums of rows in which something is blank: their rows added up, with the total."""
    sums = _sums(forms)
    is_blank = pl.col("state") == str(CellState.BLANK)
    blank_cells = (
        cells.filter(is_blank)
        .select(*SHEET, "form", "row_code", "column_code")
        .join(sheets.select(*SHEET, "form", "regime"), on=[*SHEET, "form"])
        .join(_summable_columns(forms), on=["regime", "form", "column_code"])
    )
    labels = ["column_vi", "column_en"]
    affected_sums = [
        blank_cells.join(
            sums.select("regime", "form", "sum", pl.col(side).alias("row_code")).unique(),
            on=["regime", "form", "row_code"],
        )
        for side in ("total", "part")
    ]
    place = [*SHEET, "form", "column_code", *labels, "sum", "total", "row_vi", "row_en"]
    parts = cells.select(
        *SHEET, "form", "column_code", pl.col("row_code").alias("part"), "state", "value", "rounding", "address"
    )
    totals = cells.select(
        *SHEET,
        "form",
        "column_code",
        "address",
        pl.col("row_code").alias("total"),
        pl.col("state").alias("total_state"),
        pl.col("value").alias("total_value"),
        pl.col("rounding").alias("total_rounding"),
    )
    return (
        pl.concat(affected_sums)
        .select(*SHEET, "form", "regime", "column_code", *labels, "sum")
        .unique()
        .join(sums, on=["regime", "form", "sum"])
        .join(parts, on=[*SHEET, "form", "column_code", "part"])
        .sort("order")
        .group_by(place, maintain_order=True)
        .agg(
            pl.len().alias("rows"),
            pl.col("state").is_in(FILLED).sum().alias("filled"),
            (pl.col("state") == str(CellState.ILLEGIBLE)).any().alias("is_illegible"),
            pl.col("is_open").any(),
            (pl.col("value") != 0).any().alias("has_figures"),
            pl.col("value").sum().alias("together"),
            pl.col("rounding").sum().alias("part_rounding"),
            pl.col("address").filter(is_blank).alias("blanks"),
            pl.col("part").filter(is_blank).alias("blank_rows"),
        )
        .join(totals, on=[*SHEET, "form", "column_code", "total"])
        .with_columns((pl.col("part_rounding") + pl.col("total_rounding")).alias("slack"))
    )


@cache
def _sums(forms: Forms) -> pl.DataFrame:
    """Return the sums of rows of every form, a line per part; ``order`` is that of the form."""
    parts = [
        (
            *(form.regime.name, form.code, f"{rollup.total} {rollup.dimension}", rollup.total, part, order),
            *(form.row[part].is_open, form.row[rollup.total].vi, form.row[rollup.total].en),
        )
        for form in forms.all
        for rollup in form.rollups
        for order, part in enumerate(rollup.parts)
    ]
    schema = ["regime", "form", "sum", "total", "part", "order", "is_open", "row_vi", "row_en"]
    return pl.DataFrame(parts, schema=schema, orient="row")


@cache
def _summable_columns(forms: Forms) -> pl.DataFrame:
    """Return the columns of every form whose rows add up: neither rates nor names do."""
    columns = [
        (form.regime.name, form.code, column.code, column.vi, column.en)
        for form in forms.all
        for column in form.columns
        if not (column.ratio or column.is_name)
    ]
    return pl.DataFrame(columns, schema=["regime", "form", "column_code", "column_vi", "column_en"], orient="row")
