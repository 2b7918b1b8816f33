"""The dbt manifest that Dagster makes assets from: parsed again whenever the project's files changed."""

import os
import subprocess
from pathlib import Path

from filelock import FileLock

from pipeline.home import DBT_PROJECT, PROJECT
from pipeline.warehouse.build import dbt_arguments, dbt_environment
from pipeline.warehouse.marks import project_fingerprint

TARGET = DBT_PROJECT / "target"


class ManifestError(RuntimeError):
    """The dbt project cannot be parsed; the message is dbt's."""


def manifest_path(target: Path = TARGET) -> Path:
    """Return an up-to-date manifest; raises ``ManifestError`` with dbt's words where the project cannot be parsed."""
    manifest, mark_file = target / "manifest.json", target / "manifest.sha256"
    target.mkdir(parents=True, exist_ok=True)
    with FileLock(target / "manifest.lock"):
        mark = f"{project_fingerprint()} {DBT_PROJECT}"  # dbt keeps the place of each seed
        is_complete = manifest.exists() and parsed_path(target).exists()
        if not (is_complete and mark_file.exists() and mark_file.read_text() == mark):
            mark_file.unlink(missing_ok=True)
            _parse(target)
            mark_file.write_text(mark)
    return manifest


def parsed_path(target: Path = TARGET) -> Path:
    """Return dbt's own record of a parse, next to the manifest; it is as up to date as :func:`manifest_path` is."""
    return target / "partial_parse.msgpack"


def _parse(target: Path) -> None:
    # Parsing only what changed, dbt forgets singular tests whose description did not.
    parsed_path(target).unlink(missing_ok=True)
    environment = {**os.environ, **dbt_environment(target), "DBT_LOG_FORMAT": "text"}
    completed_process = subprocess.run(
        dbt_arguments("parse"), cwd=PROJECT, env=environment, capture_output=True, text=True, check=False
    )
    if completed_process.returncode:
        raise ManifestError(f"dbt cannot parse {DBT_PROJECT}:\n{completed_process.stdout}{completed_process.stderr}")
