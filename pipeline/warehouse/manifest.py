"""The dbt manifest that Dagster makes assets from: parsed again whenever the project's files changed."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

from filelock import FileLock

from pipeline.home import DBT_PROJECT

TARGET = DBT_PROJECT / "target"


def manifest_path() -> Path:
    """Return the path of an up-to-date manifest; raises ``RuntimeError`` with dbt's words where it cannot be parsed."""
    TARGET.mkdir(exist_ok=True)
    manifest, mark = TARGET / "manifest.json", TARGET / "manifest.sha256"
    with FileLock(TARGET / "manifest.lock"):
        digest = _digest()
        if not (manifest.exists() and mark.exists() and mark.read_text() == digest):
            _parse()
            mark.write_text(digest)
    return manifest


def dbt_executable() -> str:
    """Return the dbt of this environment, wherever it was started from."""
    beside = Path(sys.executable).with_name("dbt")
    return str(beside) if beside.exists() else "dbt"


def _parse() -> None:
    environment = {**os.environ, "DO_NOT_TRACK": "1", "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"}
    command = [
        dbt_executable(),
        "--quiet",
        "parse",
        "--project-dir",
        str(DBT_PROJECT),
        "--profiles-dir",
        str(DBT_PROJECT),
    ]
    done = subprocess.run(
        [*command, "--target-path", str(TARGET), "--log-path", str(TARGET / "logs")],
        env=environment,
        cwd=DBT_PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"dbt cannot parse {DBT_PROJECT}: {done.stdout[-2000:]}{done.stderr[-2000:]}")


def _digest() -> str:
    digest = hashlib.sha256()
    for folder in ("models", "macros", "seeds", "tests"):
        for path in sorted(path for path in (DBT_PROJECT / folder).rglob("*") if path.is_file()):
            digest.update(str(path.relative_to(DBT_PROJECT)).encode())
            digest.update(path.read_bytes())
    for name in ("dbt_project.yml", "profiles.yml"):
        digest.update((DBT_PROJECT / name).read_bytes())
    return digest.hexdigest()
