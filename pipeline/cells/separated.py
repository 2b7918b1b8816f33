"""Tables as text. Excel writes a CSV with the list separator of the computer, which in Vietnam is a semicolon."""

import io

import polars as pl

SEPARATORS = (",", ";", "\t")


def header_of(text: str) -> list[str]:
    """Return the names in the first line of a table, without quotes and spaces around them."""
    first = text.partition("\n")[0]
    return [name.strip().strip('"').strip() for name in first.split(_separator(first))]


def table_of(text: str) -> pl.DataFrame:
    """Return a table with every value as text; raises ``polars.exceptions.PolarsError`` where it is none."""
    table = pl.read_csv(io.StringIO(text), separator=_separator(text.partition("\n")[0]), infer_schema=False)
    return table.rename({name: name.strip() for name in table.columns})


def _separator(first: str) -> str:
    return max(SEPARATORS, key=first.count)
