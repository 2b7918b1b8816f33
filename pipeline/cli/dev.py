"""``thads dev``: the Dagster UI with daemon, schedule and sensor, on loopback only."""

import os
import subprocess
import sys
from pathlib import Path

from rich.text import Text

from pipeline.cli.terminal import err, out
from pipeline.home import PROJECT, Home, Settings, open_home
from pipeline.night import set_up_dagster
from pipeline.shown.reading_room import place_of

PORT = 3000


def start(home: Path | None = None, port: int = PORT) -> int:  # noqa: RET503 - execv does not return
    """Replace this process by ``dagster dev``; it ends with Ctrl-C. Returns only where Dagster is not installed."""
    opened = open_home(home)
    opened.inbox.mkdir(parents=True, exist_ok=True)
    set_up_dagster(opened)
    dagster = Path(sys.executable).with_name("dagster")
    if not dagster.exists():
        err.print(Text(f"thads dev: there is no {dagster}; run 'make setup' first"))
        return 1
    out.print(Text(f"http://127.0.0.1:{port}  ·  inbox: {opened.inbox}"))
    _serve_files(opened)
    os.chdir(PROJECT)
    os.execv(dagster, [str(dagster), "dev", "-w", "workspace.yaml", "-h", "127.0.0.1", "-p", str(port)])


def _serve_files(home: Home) -> None:
    """Serve what the UI links to while it runs, unless ``THADS_FILES_URL`` says that others do."""
    address = Settings().files_url
    if place := place_of(address):
        host, port = place
        subprocess.Popen(
            [sys.executable, "-m", "pipeline.shown.reading_room", str(home.root), host, str(port)], cwd=PROJECT
        )
        out.print(Text(f"{address}/bulletin/current/index.html  ·  bulletin, letters, marked workbooks, Data Docs"))
