"""Cell addresses as people write them: row 11, column 7 (both from 0) is ``H12``."""

from functools import lru_cache

import polars as pl

LAST_ROW, LAST_COLUMN = 1_048_575, 16_383  # of any .xlsx sheet: XFD1048576


@lru_cache(maxsize=LAST_COLUMN + 1)
def column_letters(column: int) -> str:
    """Return the letters of a column counted from 0."""
    letters = ""
    column += 1
    while column:
        column, letter = divmod(column - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return letters


@lru_cache(maxsize=LAST_COLUMN + 1)
def column_number(letters: str | bytes) -> int:
    """Return the column, counted from 0, of its letters in either case."""
    text = letters.decode("ascii") if isinstance(letters, bytes) else letters
    number = 0
    for letter in text.upper():
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


def address(row: int, column: int) -> str:
    """Return the address of a cell, row and column counted from 0."""
    return f"{column_letters(column)}{row + 1}"


def addresses(row: pl.Expr, column: pl.Expr) -> pl.Expr:
    """Return the addresses of whole columns of cells, the same as ``address`` gives one by one."""
    column = column.cast(pl.Int32)
    first, second, third = (column - 702) // 676, (column - 26) // 26 % 26, column % 26
    letters = [
        pl.when(column >= 702).then(_letter(first)).otherwise(pl.lit("")),
        pl.when(column >= 26).then(_letter(second)).otherwise(pl.lit("")),
        _letter(third),
    ]
    return pl.concat_str(*letters, (row.cast(pl.Int64) + 1).cast(pl.String))


def _letter(number: pl.Expr) -> pl.Expr:
    alphabet = [chr(ord("A") + index) for index in range(26)]
    return number.clip(0, 25).replace_strict(list(range(26)), alphabet, return_dtype=pl.String)
