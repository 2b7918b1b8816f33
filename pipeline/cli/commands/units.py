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
    """Load a register of offices. Exit 2: it has problems, each told with line and column; nothing is written."""
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
    """List the units that exist on a day."""
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
    """Write what was imported as CSV, to be edited and imported again."""
    from pipeline.cli.units import export_units

    raise typer.Exit(export_units(output, home, everything=everything))


@group.command("undo")
def undo_import(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Bring back what stood before the last import."""
    from pipeline.cli.units import undo_register

    raise typer.Exit(undo_register(home, as_json=as_json))
