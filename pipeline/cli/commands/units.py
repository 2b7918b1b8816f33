"""``thads units``: the registry of offices."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.options import HomeOption, JsonOption

REGISTER_HELP = (
    "CSV: unit_key, name, level, parent_key, valid_from; also code, valid_to, aliases, successors, note. "
    "'thads units export --all' writes one to begin with."
)
group = typer.Typer(
    name="units", help="The registry of offices: load it from CSV, look at a day.", no_args_is_help=True
)


@group.command("import")
def import_register(
    file: Annotated[Path, typer.Argument(help=REGISTER_HELP)],
    replace: Annotated[
        bool, typer.Option("--replace", help="In the place of all that was imported before, not laid over it.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Lay a register of offices over the shipped one; the next load reads and judges again what it touches.

    Exit codes: 0 done; 2 the file has problems: each is named by line and column, and nothing is written.

    Example: thads units import units.csv --dry-run
    """
    from pipeline.cli.units import load_register

    raise typer.Exit(load_register(file, home, replace=replace, dry_run=dry_run, as_json=as_json))


@group.command("list")
def list_register(
    on: Annotated[str | None, typer.Option("--on", help="Day (default: today).", show_default=False)] = None,
    under: Annotated[
        str | None, typer.Option("--under", help="A province and its offices: key or name.", show_default=False)
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the units that exist on a day: shipped, loaded, or not named yet.

    Exit codes: 0 listed; 2 no such unit or day.
    """
    from pipeline.cli.units import list_units

    raise typer.Exit(list_units(on, under, home, as_json=as_json))


@group.command("export")
def export_register(
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Where to write it.", show_default=False)
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Also the units that are shipped.")] = False,
    home: HomeOption = None,
) -> None:
    """Write what was imported as CSV, to be edited and imported again.

    Exit codes: 0 written; 2 there is nothing to write.
    """
    from pipeline.cli.units import export_units

    raise typer.Exit(export_units(output, home, everything=everything))


@group.command("undo")
def undo_import(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Bring back what stood before the last import.

    Exit codes: 0 done; 2 there is no import to undo.
    """
    from pipeline.cli.units import undo_register

    raise typer.Exit(undo_register(home, as_json=as_json))
