"""Nights for tests: ``thads load`` as a person would run it, and homes that a test may change."""

import json
import os
import subprocess
import sys
from pathlib import Path

from pipeline.home import PROJECT, Home

LISTENING = Path(__file__).parent / "listening"


def calls_log(home: Home) -> Path:
    """Return where a call to the outside would be written down."""
    return home.root.parent / f"{home.root.name}-calls.log"


def load(inbox: Path, home: Home) -> dict:
    """Run ``thads load --json`` in a process of its own, which must end well."""
    done = try_to_load(inbox, home)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def try_to_load(inbox: Path, home: Home) -> subprocess.CompletedProcess[str]:
    """Run ``thads load --json`` in a process of its own, however it ends."""
    command = [sys.executable, "-m", "pipeline.cli.main", "load", str(inbox), "--home", str(home.root), "--json"]
    environment = {**os.environ, "PYTHONPATH": str(LISTENING), "CALLS_LOG": str(calls_log(home))}
    return subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)


def copy_of(home: Home, folder: Path) -> Home:
    """Return a copy of a home that a test may change; links stay links, so the live release stays live."""
    subprocess.run(["cp", "-a", str(home.root), str(folder)], check=True)
    copied = Home(folder)
    if calls_log(home).exists():
        calls_log(copied).write_bytes(calls_log(home).read_bytes())
    return copied
