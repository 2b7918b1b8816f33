"""Commands on what is published: ask it, trace it, show it, judge it again, take it back."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.options import HomeOption, JsonOption


def query(
    sql: Annotated[str, typer.Argument(help="A SELECT on the published warehouse.")],
    fmt: Annotated[str, typer.Option("--format", "-f", help="table, csv, json or parquet.")] = "table",
    output: Annotated[Path | None, typer.Option("-o", "--output", help="File to write (parquet needs one).")] = None,
    home: HomeOption = None,
) -> None:
    """Ask the published warehouse, read-only. Exit 2: the SQL is wrong."""
    from pipeline.cli.query import ask

    raise typer.Exit(ask(sql, fmt, output, home))


def status(
    period: Annotated[str | None, typer.Option("--period", help="e.g. 2023-09; default: the latest.")] = None,
    unit: Annotated[
        str | None, typer.Option("--unit", help="Key or name; a province with all its offices.", show_default=False)
    ] = None,
    on: Annotated[
        str | None, typer.Option("--on", help="As it stood on that day (default: today).", show_default=False)
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show, office by office and form by form, what came for a period, what is due or late, and what totals lack."""
    from pipeline.cli.status import show_status

    raise typer.Exit(show_status(period, unit, on, home, as_json=as_json))


def bulletin(
    folder: Annotated[
        Path | None,
        typer.Option("--out", help="Folder to write to (default: bulletin/ of the home).", show_default=False),
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write the static site of the published warehouse: pages that open without us, offline."""
    from pipeline.cli.bulletin import write_bulletin

    raise typer.Exit(write_bulletin(folder, home, as_json=as_json))


def trace(
    table: Annotated[
        str,
        typer.Argument(help="A fact, a mart, or a table of a day: \"fct_case_results_on_territory('2026-01-01')\"."),
    ],
    column: Annotated[str, typer.Argument(help="The column of the number.")],
    keys: Annotated[
        list[str] | None, typer.Argument(help="column=value, as many as choose one row.", show_default=False)
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Trace a published number to sheet and cell, proven by the landed bytes. Exit 1: not proven; 2: no such number."""
    from pipeline.cli.trace import show_trace

    raise typer.Exit(show_trace(table, column, keys or [], home, as_json=as_json))


def replay(
    pack: Annotated[
        Path, typer.Option("--pack", help="The changed pack, a YAML file; its name says which it replaces.")
    ],
    first: Annotated[str | None, typer.Option("--from", help="First period, e.g. 2022-01.", show_default=False)] = None,
    last: Annotated[str | None, typer.Option("--to", help="Last period, e.g. 2023-12.", show_default=False)] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Judge stored returns again under a changed rule pack and list those that would flip; publishes nothing."""
    from pipeline.cli.replay import show_replay

    raise typer.Exit(show_replay(pack, first, last, home, as_json=as_json))


def rollback(home: HomeOption = None) -> None:
    """Make the release before the live one live again."""
    from pipeline.cli.release import roll_back

    raise typer.Exit(roll_back(home))
