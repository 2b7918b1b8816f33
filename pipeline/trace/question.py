"""Which number is asked for: a table or table macro, a column, and the values that choose one row."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from difflib import get_close_matches
from typing import Any

import duckdb

Row = dict[str, Any]

_TABLE = re.compile(
    r"([a-z_][a-z0-9_]*?)(?:(_on_territory|_as_known_on)\(\s*(?:date\s*)?['\"]?(\d{4}-\d{2}-\d{2})['\"]?\s*\))?"
)
MOST_NAMED = 8


class Untraceable(LookupError):
    """There is no such number, or it comes from no cell; the message says what to ask for instead."""


@dataclass(frozen=True)
class Question:
    """A number of a published table; ``suffix`` and ``day`` where the table is a macro of a day."""

    table: str
    column: str
    keys: Mapping[str, str]
    suffix: str = ""
    day: date | None = None

    @classmethod
    def parse(cls, table: str, column: str, keys: Sequence[str]) -> "Question":
        """Read what was typed; keys as ``column=value``. Raises ``Untraceable``."""
        match = _TABLE.fullmatch(table.strip().lower())
        if match is None:
            raise Untraceable(
                f"'{table}' is no table; write e.g. fct_case_results, or \"fct_case_results_on_territory('2026-01-01')\""
            )
        pairs = {}
        for key in keys:
            name, equals, value = key.partition("=")
            if not equals or not name:
                raise Untraceable(f"'{key}' is no key; write column=value, e.g. unit_key=kien-giang")
            pairs[name.strip()] = value.strip()
        try:
            day = date.fromisoformat(match[3]) if match[3] else None
        except ValueError:
            raise Untraceable(f"'{match[3]}' is no day; write YYYY-MM-DD") from None
        return cls(match[1], column, pairs, match[2] or "", day)

    @property
    def source(self) -> str:
        """Return the table as SQL, from which rows are read."""
        return f"main.{self.table}{self.suffix}(date '{self.day}')" if self.day else f"main.{self.table}"

    @property
    def name(self) -> str:
        """Return the table as a person names it."""
        return f"{self.table}{self.suffix}('{self.day}')" if self.day else self.table

    def sibling(self, table: str, column: str, keys: Mapping[str, Any]) -> "Question":
        """Return the question for another number on the same terms: as known on the same day."""
        suffix, day = (self.suffix, self.day) if self.suffix == "_as_known_on" else ("", None)
        values = {name: str(value) for name, value in keys.items() if value is not None}
        return replace(self, table=table, column=column, keys=values, suffix=suffix, day=day)


def fetch_row(connection: duckdb.DuckDBPyConnection, question: Question) -> Row:
    """Return the one row that the question is about; raises ``Untraceable``."""
    columns = _columns(connection, question)
    for name in (question.column, *question.keys):
        if name not in columns:
            suggestions = get_close_matches(name, columns, 3) or columns[:MOST_NAMED]
            raise Untraceable(f"{question.name} has no column '{name}'; it has {', '.join(suggestions)}, ...")
    rows = rows_of(connection, question)
    if len(rows) == 1:
        return rows[0]
    if not rows:
        raise Untraceable(_explain_no_row(connection, question))
    raise Untraceable(_explain_many_rows(rows, question))


def rows_of(connection: duckdb.DuckDBPyConnection, question: Question) -> list[Row]:
    """Return every row that has the values of the question's keys."""
    where = " and ".join(f'cast("{name}" as varchar) = ${place}' for place, name in enumerate(question.keys, start=1))
    relation = connection.execute(
        f"select * from {question.source}{f' where {where}' if where else ''}", list(question.keys.values())
    )
    names = [column[0] for column in relation.description]
    return [dict(zip(names, row, strict=True)) for row in relation.fetchall()]


def _columns(connection: duckdb.DuckDBPyConnection, question: Question) -> list[str]:
    tables = [row[0] for row in connection.execute("select table_name from duckdb_tables() order by 1").fetchall()]
    macros = [
        row[0]
        for row in connection.execute(
            "select function_name from duckdb_functions() where function_type = 'table_macro' and not internal order by 1"
        ).fetchall()
    ]
    name = f"{question.table}{question.suffix}"
    if name not in (macros if question.day else tables):
        suggestions = (
            get_close_matches(name, [*tables, *macros], 3)
            or [table for table in tables if table.startswith("fct_")][:MOST_NAMED]
        )
        hint = (
            " of a day; write e.g. " + f"\"{name}('2026-01-01')\""
            if name in macros
            else f"; near it are {', '.join(suggestions)}"
        )
        raise Untraceable(f"there is no published table '{name}'{hint}")
    return [row[0] for row in connection.execute(f"describe select * from {question.source}").fetchall()]


def _explain_no_row(connection: duckdb.DuckDBPyConnection, question: Question) -> str:
    """Say which key rules out every row, and what values it could have."""
    keys = dict(question.keys)
    for name in reversed(list(keys)):
        others = {key: value for key, value in keys.items() if key != name}
        rows = rows_of(connection, replace(question, keys=others))
        if rows:
            values = sorted({str(row[name]) for row in rows})
            suggestions = get_close_matches(keys[name], values, MOST_NAMED) or values[:MOST_NAMED]
            more = f" and {len(values) - len(suggestions)} more" if len(values) > len(suggestions) else ""
            return f"no row of {question.name} has {name}={keys[name]}; with the other keys it is {', '.join(suggestions)}{more}"
    return f"no row of {question.name} has {', '.join(f'{name}={value}' for name, value in keys.items())}"


def _explain_many_rows(rows: list[Row], question: Question) -> str:
    """Say how many rows there are, and which columns would tell them apart."""
    suggestions = []
    for name in rows[0]:
        values = {str(row[name]) for row in rows}
        is_key = name not in question.keys and len(values) > 1 and not isinstance(rows[0][name], int | float)
        if is_key and name != question.column and not name.endswith(("_id", "_at")):
            examples = sorted(values)[:4]
            suggestions.append(f"{name}=({'|'.join(examples)}{'|...' if len(values) > 4 else ''})")
    suggestions = suggestions or [
        f"{name}=..." for name in ("report_id", "submission_id") if len({row.get(name) for row in rows}) > 1
    ]
    return f"{len(rows)} rows of {question.name} have these keys; add {' '.join(suggestions[:5]) or 'more keys'}"
