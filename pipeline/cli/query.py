"""``thads query``: ask the published warehouse."""

import re
import sys
from pathlib import Path

import duckdb
import polars as pl
from rich.table import Table
from rich.text import Text

from pipeline.cli.terminal import err, out
from pipeline.home import open_home
from pipeline.published.export import QueryResult
from pipeline.published.query import NoWarehouse, select
from pipeline.published.query import ask as ask_warehouse

FORMATS = ("table", "csv", "json", "parquet")
MOST_ROWS = 200  # of a table on a terminal; the other formats give all
MOST_CELL = 40  # characters of a column; longer text is folded


def ask(sql: str, fmt: str, output: Path | None, home: Path | None) -> int:
    """Run the query and print or write what it finds; return the exit code."""
    if fmt not in FORMATS:
        return _refuse(f"'{fmt}' is no format; write one of {', '.join(FORMATS)}")
    if fmt == "parquet" and output is None and sys.stdout.isatty():
        return _refuse("parquet is not for a terminal; add -o FILE")

    def show(connection: duckdb.DuckDBPyConnection) -> None:
        _show(QueryResult(select(connection, sql)), fmt, output)

    try:
        sql.encode()
        ask_warehouse(open_home(home), show)
    except NoWarehouse as error:
        return _refuse(str(error))
    except duckdb.Error as error:
        return _refuse(f"the query fails: {_sentence(error)}")
    except UnicodeEncodeError:
        return _refuse("the query is not valid UTF-8 text")
    return 0


def _sentence(error: duckdb.Error) -> str:
    """Return what DuckDB says in one line, without the query and the arrow below it."""
    return " ".join(re.split(r"\n\s*LINE \d+:", str(error))[0].split())


def _show(result: QueryResult, fmt: str, output: Path | None) -> None:
    if fmt == "parquet":
        result.write_parquet(output or sys.stdout.buffer)
    elif fmt == "table" and output is None:
        _print_table(result)
    else:
        text = result.json() + "\n" if fmt == "json" else result.csv()
        output.write_text(text, encoding="utf-8") if output else print(text, end="")


def _print_table(answer: QueryResult) -> None:
    """Print rows as a table; where the columns do not fit side by side, as one block per row."""
    frame = answer.texts()
    head = frame.head(MOST_ROWS)
    if _width(head) > out.width:
        _print_records(head)
    else:
        _print_columns(head, {column.name for column in answer.columns if column.is_number})
    if frame.height > MOST_ROWS:
        err.print(f"... {frame.height - MOST_ROWS} more rows; --format csv gives all")


def _width(frame: pl.DataFrame) -> int:
    """Return the least width at which a table can be read: each column as wide as its name or a word of its values."""
    widths = []
    for name in frame.columns:
        longest = max((len(value or "") for value in frame[name]), default=0)
        widths.append(max(len(name), min(longest, MOST_CELL)))
    return sum(widths) + 3 * len(widths)


def _print_records(frame: pl.DataFrame) -> None:
    """Print each row as a block of its columns, one a line."""
    indent = max(map(len, frame.columns))
    for number, row in enumerate(frame.iter_rows(named=True), start=1):
        out.rule(Text(f"{number} / {frame.height}"), style="dim", align="left")
        for name, value in row.items():
            out.print(Text.assemble((f"{name:>{indent}}  ", "bold"), value or ""), soft_wrap=True)


def _print_columns(frame: pl.DataFrame, numbers: set[str]) -> None:
    table = Table(show_edge=False, pad_edge=False)
    for name in frame.columns:
        table.add_column(Text(name), justify="right" if name in numbers else "left", overflow="fold")
    for row in frame.iter_rows():
        table.add_row(*(Text(value or "") for value in row))
    out.print(table)


def _refuse(reason: str) -> int:
    err.print(Text(f"thads query: {reason}"))
    return 2
