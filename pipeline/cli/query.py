"""``thads query``: ask the published warehouse."""

import sys
from pathlib import Path

import duckdb
import polars as pl
from rich.table import Table
from rich.text import Text

from pipeline.cli.terminal import err, out
from pipeline.home import open_home
from pipeline.published.query import NoWarehouse, run_query

FORMATS = ("table", "csv", "json", "parquet")
MOST_ROWS = 200  # of a table on a terminal; the other formats give all
MOST_CELL = 40  # characters of a column; longer text is folded
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def ask(sql: str, fmt: str, output: Path | None, home: Path | None) -> int:
    """Run the query and print or write what it finds; return the exit code."""
    if fmt not in FORMATS:
        return _refuse(f"'{fmt}' is no format; write one of {', '.join(FORMATS)}")
    if fmt == "parquet" and output is None and sys.stdout.isatty():
        return _refuse("parquet is not for a terminal; add -o FILE")
    try:
        frame = run_query(open_home(home), sql)
    except NoWarehouse as error:
        return _refuse(str(error))
    except duckdb.Error as error:
        return _refuse(f"the query fails: {error}")
    if fmt == "table" and output is None:
        _print_table(frame)
    else:
        _write(frame, fmt, output)
    return 0


def _write(frame: pl.DataFrame, fmt: str, output: Path | None) -> None:
    if fmt == "parquet":
        frame.write_parquet(output or sys.stdout.buffer)
    elif fmt == "json":
        text = _plain(frame).write_json()
        output.write_text(text, encoding="utf-8") if output else print(text)
    else:
        text = _harmless(_flat(frame)).write_csv()
        output.write_text(text, encoding="utf-8") if output else print(text, end="")


def _plain(frame: pl.DataFrame) -> pl.DataFrame:
    """Show decimals as JSON numbers: whole where they are whole."""
    decimals = [name for name, dtype in frame.schema.items() if isinstance(dtype, pl.Decimal)]
    whole = [name for name in decimals if (frame[name].drop_nulls() % 1 == 0).all()]
    return frame.with_columns(
        *(pl.col(name).cast(pl.Int64, strict=False) for name in whole),
        *(pl.col(name).cast(pl.Float64) for name in decimals if name not in whole),
    )


def _flat(frame: pl.DataFrame) -> pl.DataFrame:
    """Write lists and structs as JSON text: a CSV cell holds one value."""
    nested = [name for name, dtype in frame.schema.items() if dtype.is_nested()]
    return frame.with_columns(
        pl.col(name).map_elements(lambda value: str(value), return_dtype=pl.String) for name in nested
    )


def _harmless(frame: pl.DataFrame) -> pl.DataFrame:
    """Put an apostrophe before text that a spreadsheet would take for a formula."""
    return frame.with_columns(
        pl.when(pl.any_horizontal(pl.col(name).str.starts_with(start) for start in FORMULA_STARTS))
        .then(pl.concat_str(pl.lit("'"), name))
        .otherwise(name)
        .alias(name)
        for name, dtype in frame.schema.items()
        if dtype == pl.String
    )


def _print_table(frame: pl.DataFrame) -> None:
    """Print rows as a table; where its columns have no room beside each other, one row below the other."""
    shown = frame.head(MOST_ROWS)
    if _width(shown) > out.width:
        _print_records(shown)
    else:
        _print_columns(shown)
    if frame.height > MOST_ROWS:
        err.print(f"... {frame.height - MOST_ROWS} more rows; --format csv gives all")


def _width(frame: pl.DataFrame) -> int:
    """Return the least width at which a table can be read: each column as wide as its name or a word of its values."""
    widths = []
    for name in frame.columns:
        longest = max((len(_text(value)) for value in frame[name]), default=0)
        widths.append(max(len(name), min(longest, MOST_CELL)))
    return sum(widths) + 3 * len(widths)


def _print_records(frame: pl.DataFrame) -> None:
    """Print each row as a block of its columns, one a line."""
    indent = max(map(len, frame.columns))
    for number, row in enumerate(frame.iter_rows(named=True), start=1):
        out.rule(Text(f"{number} / {frame.height}"), style="dim", align="left")
        for name, value in row.items():
            out.print(Text.assemble((f"{name:>{indent}}  ", "bold"), _text(value)), soft_wrap=True)


def _print_columns(frame: pl.DataFrame) -> None:
    table = Table(show_edge=False, pad_edge=False)
    for name, dtype in frame.schema.items():
        table.add_column(name, justify="right" if dtype.is_numeric() else "left", overflow="fold")
    for row in frame.iter_rows():
        table.add_row(*(Text(_text(value)) for value in row))
    out.print(table)


def _text(value: object) -> str:
    text = "" if value is None else str(value)
    return text.rstrip("0").rstrip(".") if hasattr(value, "as_tuple") and "." in text else text


def _refuse(why: str) -> int:
    err.print(Text(f"thads query: {why}"))
    return 2
