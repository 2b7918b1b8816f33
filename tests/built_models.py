"""Builds some dbt models straight in DuckDB, with the project's own SQL and macros and without dbt's start-up.

For claims about what models say night after night. ``test_warehouse`` builds everything with dbt itself.
"""

import re
from functools import cache
from pathlib import Path

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
