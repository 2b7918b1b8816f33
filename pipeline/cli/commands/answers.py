"""``thads answers``: what offices explained."""

from typing import Annotated

import typer

from pipeline.cli.options import ByOption, HomeOption, JsonOption, NeededReasonOption

group = typer.Typer(name="answers", help="What offices explained: the ledger of answers.", no_args_is_help=True)


@group.command("list")
def list_answers(
    unit: Annotated[str | None, typer.Option("--unit", help="Key of the unit.", show_default=False)] = None,
    standing: Annotated[
        str | None, typer.Option("--standing", help="holds, matches_nothing, expired or withdrawn.", show_default=False)
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """List what offices explained: which answers hold, have expired, or match nothing any more.

    Exit codes: 0 listed; 2 no such standing.
    """
    from pipeline.cli.answers import show_answers

    raise typer.Exit(show_answers(unit, standing, home, as_json=as_json))


@group.command("withdraw")
def withdraw_answers(
    ids: Annotated[list[str], typer.Argument(help="Ids of answers, or their first letters.")],
    reason: NeededReasonOption,
    by: ByOption = None,
    home: HomeOption = None,
) -> None:
    """Withdraw answers; the next load finds again what they silenced.

    Exit codes: 0 done; 2 not possible, and nothing was changed.
    """
    from pipeline.cli.answers import author, withdraw

    raise typer.Exit(withdraw(ids, author(by), reason, home))
