"""Reads published-figures CSV: one row a figure, each ``case_id`` one report of origin ``published``.

Columns: case_id, province, level, period_start, period_end, indicator, value, unit, source. Indicators map onto forms
in ``pipeline/forms/published.yaml``; what is not printed is missing, never zero.
"""

from datetime import date
from decimal import Decimal

import polars as pl

from pipeline import tables
from pipeline.cells.figure import is_too_large, rounding_of
from pipeline.cells.gate import Claim, Quote, admit
from pipeline.cells.reading import Reading, submission_id
from pipeline.cells.separated import table_of
from pipeline.forms import Forms
from pipeline.registry.units import UnitRegistry
from pipeline.vocabulary import CellState, Origin, Scope, Vintage

COLUMNS = ["case_id", "province", "level", "period_start", "period_end", "indicator", "value", "unit", "source"]
VALUE_COLUMN = "G"

SCOPES = {"national": Scope.NATION, "province": Scope.PROVINCE, "district": Scope.OFFICE}


def is_published(header: list[str]) -> bool:
    """Tell whether a CSV with this header holds published figures."""
    return {"case_id", "indicator", "value", "unit"} <= set(header)


def read_published(text: str, receipt: dict, forms: Forms, registry: UnitRegistry) -> Reading:
    """Read one CSV; raises ``polars.exceptions.PolarsError`` where it is no table."""
    figures = table_of(text).with_row_index("line", offset=2)
    figures = figures.with_columns(
        *(pl.lit(None, dtype=pl.String).alias(name) for name in COLUMNS if name not in figures.columns),
    ).with_columns(pl.col(pl.String).str.strip_chars())
    cases = figures.unique("case_id", maintain_order=True, keep="first").drop_nulls("case_id")
    submissions, remarks = _submissions(cases.to_dicts(), receipt, forms, registry)
    cells, more = _cells(figures, receipt, forms)
    return Reading(
        pl.DataFrame(submissions, schema=tables.SUBMISSIONS),
        cells.join(
            pl.DataFrame(submissions, schema=tables.SUBMISSIONS).select("submission_id", "period_id"),
            on="submission_id",
        )
        .select(list(tables.CELLS))
        .cast(tables.CELLS),
        pl.concat([pl.DataFrame(remarks, schema=tables.REMARKS), more]),
    )


def _submissions(cases: list[dict], receipt: dict, forms: Forms, registry: UnitRegistry) -> tuple[list, list]:
    submissions, remarks = [], []
    for case in cases:
        line = case["line"]
        claim = Claim(
            sheet=receipt["file_name"],
            place="lines",
            origin=Origin.PUBLISHED,
            vintage=_vintage(case["case_id"], forms),
            report=case["case_id"],
            source_ref=case["case_id"],
            series=case["case_id"],
            period=(_day(case["period_start"]), _day(case["period_end"])),
            period_quotes=(
                Quote(case["period_start"] or "", f"D{line}"),
                Quote(case["period_end"] or "", f"E{line}"),
            ),
            unit=Quote(case["province"] or "", f"B{line}"),
            scope=SCOPES.get(case["level"]),
            forms=frozenset({"figures"}),
        )
        submission, of_header = admit(claim, receipt, forms, registry)
        submissions.append(submission.row())
        remarks += of_header
    return submissions, remarks


def _cells(figures: pl.DataFrame, receipt: dict, forms: Forms) -> tuple[pl.DataFrame, pl.DataFrame]:
    units = pl.DataFrame(
        [(alias, code, forms.units[code].factor) for alias, code in forms.unit_aliases.items()],
        schema=["unit_alias", "unit_code", "factor"],
        orient="row",
    )
    identities = {case: submission_id(receipt["sha256"], case) for case in figures["case_id"].drop_nulls().unique()}
    decimals = pl.col("value").str.extract(r"\.(\d+)$").str.len_chars().fill_null(0)
    read = (
        figures.drop_nulls("case_id")
        .with_columns(
            pl.col("case_id").replace_strict(identities, return_dtype=pl.String).alias("submission_id"),
            pl.col("unit").str.to_lowercase().alias("unit_alias"),
            # These files are written by machine: a plain decimal point, no grouping.
            pl.col("value").cast(tables.AMOUNT, strict=False).alias("amount"),
            decimals.alias("decimals"),
            (pl.lit(VALUE_COLUMN) + pl.col("line").cast(pl.String)).alias("address"),
            pl.lit(receipt["file_name"]).alias("sheet"),
        )
        .join(units, on="unit_alias", how="left", maintain_order="left")
        .with_columns(pl.when(~is_too_large(pl.col("amount") * pl.col("factor"))).then("amount").alias("amount"))
        .join(
            _mapping(figures["indicator"].unique().to_list(), forms), on="indicator", how="left", maintain_order="left"
        )
    )
    is_known = pl.col("unit_code").is_not_null() & pl.col("amount").is_not_null()
    cells = read.with_columns(
        pl.when(is_known).then(pl.col("amount") * pl.col("factor") * pl.col("sign").fill_null(1)).alias("figure"),
        pl.struct("amount", "decimals", "unit_code")
        .map_elements(lambda printed: _rounding(printed, forms), return_dtype=tables.AMOUNT)
        .fill_null(0)
        .alias("rounding"),
    ).select(
        "submission_id",
        # A figure that no form asks for has no form and row, and its indicator for a column.
        "form",
        pl.col("row").alias("row_code"),
        pl.coalesce("measure", "indicator").alias("column_code"),
        pl.coalesce("unit_code", "unit").alias("unit"),
        pl.col("figure").alias("value"),
        "rounding",
        pl.when(is_known)
        .then(pl.lit(str(CellState.NUMBER)))
        .otherwise(pl.lit(str(CellState.ILLEGIBLE)))
        .alias("state"),
        pl.col("value").alias("raw"),
        "sheet",
        "address",
    )
    return cells, _remarks(read)


def _rounding(printed: dict, forms: Forms) -> Decimal:
    """Return how far the true figure may lie from a printed one, in base units."""
    unit = forms.units.get(printed["unit_code"] or "")
    if unit is None or printed["amount"] is None:
        return Decimal(0)
    step = Decimal(1).scaleb(-printed["decimals"]) * unit.factor
    is_whole = not printed["decimals"]
    return rounding_of(printed["amount"] * unit.factor, step, unit, is_whole=is_whole, is_hedged=False)


def _remarks(read: pl.DataFrame) -> pl.DataFrame:
    told = {
        "not_a_number": (
            pl.col("amount").is_null(),
            pl.format("Ô {}: «{}» không phải là số.", "address", pl.col("value").fill_null("")),
            pl.format("Cell {}: '{}' is no number.", "address", pl.col("value").fill_null("")),
        ),
        "unknown_unit_of_measure": (
            pl.col("unit_code").is_null(),
            pl.format("Ô {}: không rõ đơn vị tính «{}».", "address", pl.col("unit").fill_null("")),
            pl.format("Cell {}: unit of measure '{}' is not known.", "address", pl.col("unit").fill_null("")),
        ),
        "unmapped_indicator": (
            pl.col("form").is_null(),
            pl.format("Ô {}: chỉ tiêu «{}» chưa có trong danh mục.", "address", "indicator"),
            pl.format("Cell {}: indicator '{}' is not in the catalogue.", "address", "indicator"),
        ),
    }
    frames = [
        read.filter(condition).select(
            "submission_id",
            pl.lit(code).alias("code"),
            pl.lit(None, dtype=pl.String).alias("form"),
            pl.lit(None, dtype=pl.String).alias("row_code"),
            pl.lit(None, dtype=pl.String).alias("column_code"),
            "sheet",
            "address",
            pl.col("value").alias("raw"),
            pl.lit(None, tables.AMOUNT).alias("worked_out"),
            vi.alias("detail_vi"),
            en.alias("detail_en"),
        )
        for code, (condition, vi, en) in told.items()
    ]
    return pl.concat(frames).cast(tables.REMARKS)


def _mapping(indicators: list[str], forms: Forms) -> pl.DataFrame:
    """Return form, row, measure and sign of each indicator that the catalogue knows."""
    rows = []
    for indicator in indicators:
        if place := _place(indicator or "", forms):
            rows.append((indicator, *place, 1))
            continue
        # What stands behind an indicator says that it is its change on last year: "thahc.thi_hanh_xong.tang_so_cung_ky".
        amount, _, ending = (indicator or "").rpartition(".")
        changed, (change, sign) = _place(amount, forms), forms.change_endings.get(ending, ("", 0))
        if changed and changed[2] + change in forms.measures and sign:
            rows.append((indicator, changed[0], changed[1], changed[2] + change, sign))
    schema = {"indicator": pl.String, "form": pl.String, "row": pl.String, "measure": pl.String, "sign": pl.Int32}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _place(indicator: str, forms: Forms) -> tuple[str, str, str] | None:
    """Return form, row and measure of an indicator that the catalogue lists, itself or under a prefix."""
    catalogue = forms.published
    if entry := catalogue["indicators"].get(indicator):
        return entry["form"], entry["row"], entry["measure"]
    for prefix, place in catalogue["prefixes"].items():
        measure = catalogue["measures"].get(indicator.removeprefix(f"{prefix}."))
        if measure and indicator.startswith(f"{prefix}."):
            return place["form"], place["row"], measure
    return None


def _vintage(case_id: str, forms: Forms) -> str:
    parts = case_id.upper().split("-")
    return next(
        (vintage for mark, vintage in forms.published["vintages"].items() if mark in parts), str(Vintage.REPORTED)
    )


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None
