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
    """Ask the published warehouse, read-only.

    Text in a CSV file cannot start a formula when a spreadsheet opens it.

    Exit codes: 0 answered; 2 the SQL is wrong, or there is no warehouse yet.

    Example: thads query "from fct_submission" --format csv -o submissions.csv
    """
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
    """Show, office by office and form by form, what came for a period, what is due or late, and what totals lack.

    A form is due, late, received, returned, accepted, nil (the office says that there is nothing) or exempt.

    Exit codes: 0 shown; 2 no such period, unit or day, or no warehouse yet.

    Example: thads status --period 2023-09
    """
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
    """Write the static site of the published warehouse: pages that open without us, offline.

    Exit codes: 0 written, or it stood already; 2 there is no warehouse yet, or the folder holds something else.
    """
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
    """Trace a published number to version, sheet and cell, with the rules that it passed.

    The file is hashed and the cell read from it again, so the answer is a proof.

    Exit codes: 0 proven; 1 not proven; 2 no such number.

    Example: thads trace fct_case_results completed unit_key=kien-giang period_id=2022-12 case_kind=total initiative=total
    """
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
    """Judge stored returns again under a changed rule pack and list those whose verdict would flip; publish nothing.

    Exit codes: 0 listed; 2 no such pack or period.
    """
    from pipeline.cli.replay import show_replay

    raise typer.Exit(show_replay(pack, first, last, home, as_json=as_json))


def rollback(home: HomeOption = None) -> None:
    """Make the release before the live one live again.

    Exit codes: 0 done; 1 there is no release before.
    """
    from pipeline.cli.release import roll_back

    raise typer.Exit(roll_back(home))
