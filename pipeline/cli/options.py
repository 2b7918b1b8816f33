"""Options and arguments that several commands have in common."""

from pathlib import Path
from typing import Annotated

import typer

HOME_HELP = "Where everything is kept (default: $THADS_HOME, else ./var)."
HomeOption = Annotated[Path | None, typer.Option("--home", help=HOME_HELP, show_default=False)]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]
IdsArgument = Annotated[list[str], typer.Argument(help="Ids of incidents, or their first letters.")]
ReasonOption = Annotated[str | None, typer.Option("--reason", help="Why.", show_default=False)]
NeededReasonOption = Annotated[str, typer.Option("--reason", help="Why.")]
ByOption = Annotated[str | None, typer.Option("--by", help="Who acts (default: who is logged in).", show_default=False)]
