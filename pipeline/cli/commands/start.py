"""Commands that show the whole: the demonstration, and the Dagster UI."""

from typing import Annotated

import typer

from pipeline.cli.options import HomeOption


def demo(home: HomeOption = None) -> None:
    """Load samples/ and show what came in, what was found and one query to try (``make demo``).

    Exit codes: as of load.
    """
    from pipeline.cli.demo import run_demo

    raise typer.Exit(run_demo(home))


def dev(
    home: HomeOption = None,
    port: Annotated[int, typer.Option("--port", help="Port of the UI on 127.0.0.1.")] = 3000,
) -> None:
    """Start the Dagster UI with daemon, schedule and sensors on loopback (``make dev``).

    It answers its own pages only, and serves the files that they link to.

    Exit codes: 0 after Ctrl-C; 1 the port is taken, or a process ended by itself.
    """
    from pipeline.cli.dev import start

    raise typer.Exit(start(home, port))
