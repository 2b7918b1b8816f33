"""``thads set-aside``: what is kept out of the figures, and why."""

from typing import Annotated

import typer

from pipeline.cli.options import ByOption, HomeOption, JsonOption, NeededReasonOption, ReasonOption

group = typer.Typer(
    name="set-aside",
    help="Files and submissions that are kept out of the figures, and why.",
    no_args_is_help=True,
)
WHAT = "File name, path in the inbox, submission id, or SHA-256 (its first 8 letters at least)."


@group.command("list")
def list_entries(
    every: Annotated[bool, typer.Option("--all", help="Those that were released, too.")] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """List what is set aside, by people or by a night that failed over it: since when, by whom, for what reason.

    Exit codes: 0 listed.
    """
    from pipeline.cli.set_aside import show_entries

    raise typer.Exit(show_entries(home, with_released=every, as_json=as_json))


@group.command("add")
def add_entry(
    what: Annotated[str, typer.Argument(help=WHAT)],
    reason: NeededReasonOption,
    by: ByOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Set a landed file or one of its submissions aside; the next load leaves it out of every figure.

    Exit codes: 0 done; 2 no such file or submission, or several.
    """
    from pipeline.cli.set_aside import add

    raise typer.Exit(add(what, reason, by, home, as_json=as_json))


@group.command("release")
def release_entry(
    what: Annotated[str, typer.Argument(help=f"Entry id. {WHAT}")],
    reason: ReasonOption = None,
    by: ByOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let it in again; the next load reads and judges it like any other.

    Exit codes: 0 done; 2 no such entry, or several.
    """
    from pipeline.cli.set_aside import let_in

    raise typer.Exit(let_in(what, reason, by, home, as_json=as_json))
