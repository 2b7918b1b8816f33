"""Logs of one JSON object a line, appended and forced to disk; a line cut short by a kill counts as never written."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def append(path: Path, *entries: Mapping[str, Any]) -> None:
    """Append ``entries`` to the log, on disk when this returns; a line cut short there before is removed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = "".join(json.dumps(entry, ensure_ascii=False) + "\n" for entry in entries)
    with path.open("a+b") as log:
        log.truncate(_complete_size(log.seek(0, os.SEEK_END), path))
        log.write(lines.encode())
        log.flush()
        os.fsync(log.fileno())


def read(path: Path) -> list[dict[str, Any]]:
    """Return the entries in order. A last line without its end is being written, or never was."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_bytes().splitlines(keepends=True) if line.endswith(b"\n")]


def _complete_size(size: int, path: Path) -> int:
    """Return how many bytes of the log are complete lines."""
    with path.open("rb") as log:
        log.seek(max(size - 1, 0))
        if size == 0 or log.read(1) == b"\n":
            return size
        log.seek(0)
        return log.read(size).rfind(b"\n") + 1
