"""``thads outbox``: messages that wait."""

from typing import Annotated

import typer

from pipeline.cli.options import ByOption, HomeOption, JsonOption, NeededReasonOption

group = typer.Typer(name="outbox", help="Messages that wait until their channel takes them.", no_args_is_help=True)


@group.command("list")
def list_outbox(
    state: Annotated[
        str | None,
        typer.Option("--state", help="waiting, sending, sent, refused, dropped or all.", show_default=False),
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the messages that were not sent yet, and why not.

    Exit codes: 0 listed; 2 no such state.
    """
    from pipeline.cli.outbox import show_outbox

    raise typer.Exit(show_outbox(state, home, as_json=as_json))


@group.command("show")
def show_message(
    message: Annotated[str, typer.Argument(help="Id of the message, or its first letters.")],
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show one message as it was or will be sent.

    Exit codes: 0 shown; 2 no such message.
    """
    from pipeline.cli.outbox import show_message

    raise typer.Exit(show_message(message, home, as_json=as_json))


@group.command("send")
def send_outbox(
    ids: Annotated[
        list[str] | None, typer.Argument(help="Ids of messages, refused ones too (default: all that wait).")
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Send what waits now.

    Exit codes: 0 all sent; 1 something still waits or was refused; 2 no such message.
    """
    from pipeline.cli.outbox import send_outbox

    raise typer.Exit(send_outbox(ids or [], home, as_json=as_json))


@group.command("drop")
def drop_messages(
    ids: Annotated[list[str], typer.Argument(help="Ids of messages, or their first letters.")],
    reason: NeededReasonOption,
    by: ByOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take messages out of the outbox without sending them; what they told counts as told.

    Exit codes: 0 done; 2 no such message, and nothing was dropped.
    """
    from pipeline.cli.alerts import author
    from pipeline.cli.outbox import drop_messages

    raise typer.Exit(drop_messages(ids, reason, author(by), home, as_json=as_json))
