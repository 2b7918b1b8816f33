"""Builds some dbt models straight in DuckDB, with the project's own SQL and macros and without dbt's start-up.

For claims about what models say night after night. ``test_warehouse`` builds everything with dbt itself.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import jinja2

from pipeline.home import DBT_PROJECT, Home

#: Macros that publish or restate need dbt's own context.
MACROS = ("all_but", "for_engineers", "measure_columns", "percentage", "report_columns", "surrogate_key", "year_spine")


def build_models(home: Home, path: Path, *models: str) -> None:
    """Create ``models``, and all that they read, as tables in the file ``path`` from the stages of ``home``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    built: set[str] = set()
    with duckdb.connect(str(path)) as connection:
        for model in models:
            _build(connection, home, model, built)


def model_sql(model: str) -> str:
    """Return a model's SQL over tables that bear the names of what it reads: for claims about a handful of rows."""
    text = _macro_text() + _sources()[model].read_text()
    return _macros().from_string(text).render(ref=str, config=lambda **_: "")


def ledgers_sql() -> dict[str, str]:
    """Return the SQL of the ledgers ``_as_known_on`` a ``day``, by table."""
    told: list[dict[str, str]] = []
    text = (DBT_PROJECT / "macros" / "as_known_on.sql").read_text() + "{%- do ledgers_as_known_on() -%}"
    _macros().from_string(text).render({"return": told.append})
    return told[0]


def territory_sql(fact: str, measures: dict[str, str]) -> str:
    """Return the SQL of ``fact`` on the territory of a ``day``; measures by name with their types."""
    text = (DBT_PROJECT / "macros" / "on_territory.sql").read_text().partition("{%- macro territory_shape")[0]
    shape = {"dimensions": ["case_kind"], "measures": [{"name": name, "type": of} for name, of in measures.items()]}
    call = "{{ on_territory('" + fact + "', 'day') }}"
    return _macros().from_string(text.rpartition("{#-")[0] + call).render(ref=str, territory_shape=lambda _: shape)


def draw(connection: duckdb.DuckDBPyConnection, table: str, rows: Sequence[Mapping[str, Any]], **types: str) -> None:
    """Create a table of these rows; what a row does not say is missing, what no type is told of is text."""
    columns = {name: types.get(name, "varchar") for row in rows for name in row} | types
    connection.execute(f"create table {table} ({', '.join(f'{name} {of}' for name, of in columns.items())})")
    for row in rows:
        places = ", ".join("?" for _ in row)
        connection.execute(f"insert into {table} ({', '.join(row)}) values ({places})", list(row.values()))


def _build(connection: duckdb.DuckDBPyConnection, home: Home, model: str, built: set[str]) -> None:
    if model in built:
        return
    built.add(model)
    seed = DBT_PROJECT / "seeds" / f"{model}.csv"
    if seed.exists():
        connection.execute(f"create table {model} as from read_csv('{seed}', nullstr = '')")
        return
    text = _sources()[model].read_text()
    for read in re.findall(r"ref\('(\w+)'\)", text):
        _build(connection, home, read, built)
    sql = (
        _macros()
        .from_string(_macro_text() + text)
        .render(
            ref=str,
            source=lambda folder, name: f"read_parquet('{home.root}/{_glob(folder, name)}')",
            config=lambda **_: "",
        )
    )
    connection.execute(f"create table {model} as {sql}")


def _glob(folder: str, name: str) -> str:
    return {"declared": f"declared/{name}.parquet", "landing": f"landing/{name}/*.parquet"}.get(
        folder, f"alerts/{name}/*.parquet" if folder == "alerts" else f"{folder}/*/{name}.parquet"
    )


@cache
def _sources() -> dict[str, Path]:
    return {path.stem: path for path in (DBT_PROJECT / "models").rglob("*.sql")}


@cache
def _macro_text() -> str:
    texts = [(DBT_PROJECT / "macros" / f"{name}.sql").read_text() for name in MACROS]
    # Here every period is written.
    return "".join([*texts, "{%- macro only_tonight(column) -%}{%- endmacro -%}"])


@cache
def _macros() -> jinja2.Environment:
    return jinja2.Environment(extensions=["jinja2.ext.do"], undefined=jinja2.StrictUndefined)
