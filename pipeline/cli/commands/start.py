"""Commands that show the whole: the demonstration, and the Dagster UI."""

from typing import Annotated

import typer

from pipeline.cli.options import HomeOption


def demo(home: HomeOption = None) -> None:
    """Load samples/ and show what came in, what was found and one query to try."""
    from pipeline.cli.demo import run_demo

    raise typer.Exit(run_demo(home))


def dev(
    home: HomeOption = None,
    port: Annotated[int, typer.Option("--port", help="Port of the UI on 127.0.0.1.")] = 3000,
) -> None:
    """Start the Dagster UI with daemon, schedule and sensor on loopback (``make dev``)."""
    from pipeline.cli.dev import start

    raise typer.Exit(start(home, port))
