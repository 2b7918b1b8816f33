"""The rows of any SELECT, as text, JSON or Parquet: DuckDB writes the values, so that every type of it can be shown."""

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

import duckdb
import polars as pl

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
_NUMBER = re.compile(r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|BIGNUM|DOUBLE|FLOAT|DECIMAL\(\d+,\d+\)")
_FLOAT = ("DOUBLE", "FLOAT")
_NESTED = re.compile(r"(STRUCT|MAP|UNION)\(|.*\[\d*\]$", re.DOTALL)
#: What Parquet, or the way there, knows no type for; also within a list or a struct.
_NOT_IN_PARQUET = re.compile(r"\b(INTERVAL|U?HUGEINT|BIGNUM|BIT|UNION|TIME WITH TIME ZONE|TIME_NS|VARIANT|GEOMETRY)\b")


@dataclass(frozen=True)
class Column:
    """A column of a result: the name that is shown, which no other column has, and DuckDB's name of its type."""

    name: str
    type: str

    @property
    def is_number(self) -> bool:
        """Whether its values are numbers."""
        return bool(_NUMBER.fullmatch(self.type))

    @property
    def is_nested(self) -> bool:
        """Whether a value holds others."""
        return bool(_NESTED.match(self.type))


class QueryResult:
    """The rows of a query, while its connection is open. Whatever fails raises ``duckdb.Error``."""

    def __init__(self, relation: duckdb.DuckDBPyRelation) -> None:
        self._relation = relation
        names = _unique_names(relation.columns)
        self.columns = [Column(name, str(kind)) for name, kind in zip(names, relation.types, strict=True)]

    def texts(self) -> pl.DataFrame:
        """Return every value as text; decimals without zeros at the end, nested values as DuckDB shows them."""
        return self._frame(lambda column, value: _trim_zeros(column, f"{value}::varchar"))

    def csv(self) -> str:
        """Return CSV: a nested value as JSON, whole; nothing that a spreadsheet would take for a formula."""
        frame = self._frame(lambda column, value: _csv(column, value))
        return frame.rename({name: _escape_formula(name) for name in frame.columns}).write_csv()

    def json(self) -> str:
        """Return a list of objects; a number is written as it is, whatever its size."""
        frame = self._frame(_json)
        keys = [_json_string(column.name) for column in self.columns]
        rows = (
            ", ".join(f"{key}: {value or 'null'}" for key, value in zip(keys, row, strict=True)) for row in frame.rows()
        )
        return "[" + ",\n ".join(f"{{{row}}}" for row in rows) + "]"

    def write_parquet(self, target: Path | IO[bytes]) -> None:
        """Write Parquet. Whole numbers beyond 64 bits are decimals where they fit; what it knows no type for is text."""
        from pyarrow import parquet

        try:
            table = self._query(lambda column, value: _parquet(column, value, "decimal(38, 0)")).to_arrow_table()
        except duckdb.ConversionException:
            table = self._query(lambda column, value: _parquet(column, value, "varchar")).to_arrow_table()
        parquet.write_table(table.rename_columns([column.name for column in self.columns]), target)

    def _query(self, to_sql: Any) -> duckdb.DuckDBPyRelation:
        """Return the same rows with every value converted by the SQL of ``to_sql``; columns go by their position."""
        places = [f"c{place}" for place in range(len(self.columns))]
        values = [f"{to_sql(column, place)} as {place}" for column, place in zip(self.columns, places, strict=True)]
        sql = f"select {', '.join(values)} from answer as answer({', '.join(places)})"
        return cast(duckdb.DuckDBPyRelation, self._relation.query("answer", sql))

    def _frame(self, to_sql: Any) -> pl.DataFrame:
        frame = pl.DataFrame(self._query(to_sql).to_arrow_table())
        frame.columns = [column.name for column in self.columns]
        return frame


def _unique_names(names: list[str]) -> list[str]:
    """Return names that differ, whatever their case: the second ``a`` is ``a_2``."""
    used_names = {name.casefold() for name in names}
    counts: Counter[str] = Counter()
    unique = []
    for name in names:
        counts[name.casefold()] += 1
        candidate, number = name, counts[name.casefold()]
        while number > 1 and (candidate := f"{name}_{number}").casefold() in used_names:
            number += 1
        used_names.add(candidate.casefold())
        unique.append(candidate)
    return unique


def _trim_zeros(column: Column, text: str) -> str:
    """Return SQL for a decimal without zeros at its end."""
    return rf"regexp_replace({text}, '(\.\d*?)0+$', '\1').rtrim('.')" if column.type.startswith("DECIMAL") else text


def _csv(column: Column, value: str) -> str:
    if column.is_number:
        return f"{value}::varchar"
    text = f"to_json({value})::varchar" if column.is_nested else f"{value}::varchar"
    starts = " or ".join(f"starts_with({text}, chr({ord(start)}))" for start in FORMULA_STARTS)
    return f"case when {starts} then '''' || {text} else {text} end"


def _json(column: Column, value: str) -> str:
    if column.type in _FLOAT:
        text = f"to_json({value}::varchar)"
        return f"case when isfinite({value}) then to_json({value})::varchar else {text}::varchar end"
    if column.is_number:
        return _trim_zeros(column, f"{value}::varchar")
    is_native = column.is_nested or column.type in ("BOOLEAN", "JSON")
    return f"to_json({value if is_native else f'{value}::varchar'})::varchar"


def _parquet(column: Column, value: str, whole_number: str) -> str:
    if column.type in ("HUGEINT", "UHUGEINT"):
        return f"{value}::{whole_number}"
    if _NOT_IN_PARQUET.search(column.type) or column.type == '"NULL"':
        return f"to_json({value})::varchar" if column.is_nested else f"{value}::varchar"
    return value


def _escape_formula(name: str) -> str:
    return f"'{name}" if name.startswith(FORMULA_STARTS) else name


def _json_string(name: str) -> str:
    import json

    return json.dumps(name, ensure_ascii=False)
