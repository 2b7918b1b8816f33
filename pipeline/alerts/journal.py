"""Logs of one JSON object a line, appended and forced to disk; a line that a kill cut off was never written."""

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pipeline.landing.blobs import write_whole


def append(path: Path, *entries: Mapping[str, Any]) -> None:
    """Add ``entries`` at the end of the log, on disk when this returns."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as log:
        log.write("".join(json.dumps(entry, ensure_ascii=False) + "\n" for entry in entries))
        log.flush()
        os.fsync(log.fileno())


def read(path: Path) -> list[dict[str, Any]]:
    """Return what was logged, in order; a last line without its end is taken away, for it will be told again."""
    if not path.exists():
        return []
    content = path.read_text(encoding="utf-8")
    if content and not content.endswith("\n"):
        content = content[: content.rfind("\n") + 1]
        write_whole(path, lambda temporary: temporary.write_text(content, encoding="utf-8"))
    return list(_parsed(content.splitlines()))


def _parsed(lines: Iterable[str]) -> Iterable[dict[str, Any]]:
    return (json.loads(line) for line in lines)
