"""``thads contacts``: who gets digests."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.options import HomeOption, JsonOption

group = typer.Typer(name="contacts", help="Who gets digests, and on which channels.", no_args_is_help=True)


@group.command("check")
def check_contacts(
    file: Annotated[
        Path | None, typer.Argument(help="The file (default: contacts.yaml of the home).", show_default=False)
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Name every mistake in the contacts by its line.

    Exit codes: 0 no mistake; 2 mistakes, or no such file.
    """
    from pipeline.cli.contacts import check_contacts

    raise typer.Exit(check_contacts(file, home, as_json=as_json))


@group.command("list")
def list_contacts(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """List who is told of which units, on which channels.

    Exit codes: 0 listed; 2 there are no contacts.
    """
    from pipeline.cli.contacts import list_contacts

    raise typer.Exit(list_contacts(home, as_json=as_json))


@group.command("test")
def try_contact(
    person: Annotated[str, typer.Argument(help="Id of the person.")],
    channel: Annotated[
        str | None, typer.Option("--channel", help="One channel (default: each).", show_default=False)
    ] = None,
    home: HomeOption = None,
) -> None:
    """Send a trial message to a person now.

    Exit codes: 0 sent; 1 a channel did not take it; 2 no such person or channel.
    """
    from pipeline.cli.contacts import try_contact

    raise typer.Exit(try_contact(person, channel, home))
