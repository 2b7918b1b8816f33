"""Older programs of DuckDB, each in an environment of its own, to open a release with: ``python -m tests.support.old_clients``.

``make setup-old-clients`` runs that. They come from the package index that pip knows; without one the claims about them are
skipped, except where ``THADS_OLD_CLIENT_REQUIRED`` says that they must hold.
"""

import os
import subprocess
import sys
from pathlib import Path

from pipeline.home import PROJECT

#: The oldest that opens a release, and the one that BI drivers are built on.
VERSIONS = ("1.1", "1.4")
ENVIRONMENTS = PROJECT / ".setup" / "old-clients"
HOW = "run 'make setup-old-clients' where a package index can be reached"


def is_required() -> bool:
    """Return whether tests must fail without the old clients: in CI, which would else say green for what it never saw."""
    return bool(os.environ.get("CI") or os.environ.get("THADS_OLD_CLIENT_REQUIRED"))


def python_with(version: str) -> Path:
    """Return a Python that has this version of DuckDB, made now where there is none; raises ``RuntimeError``."""
    folder = ENVIRONMENTS / version
    python = folder / "bin" / "python"
    if _has_duckdb(python):
        return python
    pip = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", "--only-binary=:all:"]
    for command in ([sys.executable, "-m", "venv", "--clear", str(folder)], [*pip, f"duckdb=={version}.*"]):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"no DuckDB {version} can be had: {done.stderr.strip()[-500:]}; {HOW}")
    return python


def _has_duckdb(python: Path) -> bool:
    return python.exists() and subprocess.run([str(python), "-c", "import duckdb"], check=False).returncode == 0


if __name__ == "__main__":
    try:
        print(*(python_with(version) for version in VERSIONS), sep="\n")
    except RuntimeError as problem:
        sys.exit(str(problem) if is_required() else 0)
