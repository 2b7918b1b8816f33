"""``thads exemptions`` and ``thads split-keys``: what a department declares of its units, loaded alike."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.options import HomeOption, JsonOption


def _group(name: str, columns: str, help: str) -> typer.Typer:
    """Return a group of commands that loads provisions, writes them out again, and goes back."""
    group = typer.Typer(name=name, help=help, no_args_is_help=True)

    @group.command("import")
    def load_file(
        file: Annotated[Path, typer.Argument(help=f"CSV: {columns}.")],
        replace: Annotated[
            bool, typer.Option("--replace", help="In the place of all that was imported before, not laid over it.")
        ] = False,
        dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
        home: HomeOption = None,
        as_json: JsonOption = False,
    ) -> None:
        """Lay a file over what is shipped; the next load builds every period again.

        Exit codes: 0 done; 2 the file has problems: each is named by line and column, and nothing is written.
        """
        from pipeline.cli.provisions import load_provisions

        raise typer.Exit(load_provisions(name, file, home, replace=replace, dry_run=dry_run, as_json=as_json))

    @group.command("export")
    def export_file(
        output: Annotated[
            Path | None, typer.Option("-o", "--output", help="Where to write it.", show_default=False)
        ] = None,
        everything: Annotated[bool, typer.Option("--all", help="Also what is shipped.")] = False,
        home: HomeOption = None,
    ) -> None:
        """Write what was imported as CSV, to be edited and imported again.

        Exit codes: 0 written; 2 there is nothing to write.
        """
        from pipeline.cli.provisions import export_provisions

        raise typer.Exit(export_provisions(name, output, home, everything=everything))

    @group.command("undo")
    def undo_file(home: HomeOption = None, as_json: JsonOption = False) -> None:
        """Bring back what stood before the last import.

        Exit codes: 0 done; 2 there is no import to undo.
        """
        from pipeline.cli.provisions import undo_provisions

        raise typer.Exit(undo_provisions(name, home, as_json=as_json))

    return group


exemptions = _group(
    "exemptions",
    "unit_key, form (blank: all), valid_from, valid_to, reason, source",
    "Who need not send a form for a time: load it from CSV.",
)
split_keys = _group(
    "split-keys",
    "unit_key, territory_key, share (0 to 1), source",
    "Which share of a unit's figures counts for each of several that share its territory: load it from CSV.",
)
