"""Opening a warehouse file to read it, and why that fails."""

import os
import re
from pathlib import Path

import duckdb

_HELD = re.compile(r"Conflicting lock is held in (.+?) \(PID (\d+)\)")
PROCESSES = Path("/proc")


def open_readonly(path: Path) -> duckdb.DuckDBPyConnection:
    """Open a warehouse file so that a query can read nothing but it."""
    connection = duckdb.connect(
        str(path),
        read_only=True,
        config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"},
    )
    connection.execute("set enable_external_access = false")
    connection.execute("set lock_configuration = true")
    return connection


def holder(path: Path, error: Exception | None = None) -> str | None:
    """Return the process that has a file open for writing, as ``process 1234 (python3)``; None where none is seen.

    DuckDB names the process that locks it out (``error``); else all processes that we may inspect are searched.
    """
    if lock := _HELD.search(str(error or "")):
        return f"process {lock[2]} ({Path(lock[1]).name})"
    writer = next((process for process in _processes() if _writes_to(process, path)), None)
    return f"process {writer.name} ({_name(writer)})" if writer else None


def _processes() -> list[Path]:
    if not PROCESSES.is_dir():
        return []
    return [path for path in PROCESSES.iterdir() if path.name.isdigit() and int(path.name) != os.getpid()]


def _writes_to(process: Path, path: Path) -> bool:
    """Tell whether a process has opened the file at ``path`` for writing, as far as we may see that."""
    try:
        target = path.stat()
        for handle in (process / "fd").iterdir():
            status = handle.stat()
            if (status.st_dev, status.st_ino) != (target.st_dev, target.st_ino):
                continue
            flags = re.search(r"^flags:\s*(\d+)", (process / "fdinfo" / handle.name).read_text(), re.MULTILINE)
            if flags and int(flags[1], 8) & os.O_ACCMODE != os.O_RDONLY:
                return True
    except OSError:
        return False
    return False


def _name(process: Path) -> str:
    try:
        return (process / "comm").read_text().strip()
    except OSError:
        return "?"
