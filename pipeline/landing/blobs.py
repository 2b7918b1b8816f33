"""The bytes of every file for ever, under the name of their SHA-256."""

import os
from collections.abc import Callable
from pathlib import Path

from pipeline.home import Home


def blob_path(home: Home, sha256: str) -> Path:
    """Return where the bytes with this hash are kept: ``landing/blobs/ab/abcd...``."""
    return home.blobs / sha256[:2] / sha256


def keep(home: Home, sha256: str, content: bytes) -> None:
    """Store the bytes read-only, unless they are there already."""
    path = blob_path(home, sha256)
    if path.exists() and path.stat().st_size == len(content):
        return
    # Two archives that are unpacked side by side may hold the same file.
    write_whole(path, lambda temporary: temporary.write_bytes(content), writer=f".{os.getpid()}")
    path.chmod(0o444)


def write_whole(path: Path, write: Callable[[Path], object], *, writer: str = "") -> None:
    """Have ``write`` fill a temporary file, then rename it to ``path``: readers see all of it or nothing.

    The temporary name is fixed, so what a killed load leaves behind is overwritten by the next; where several processes
    may write the same file, each names itself as the ``writer``.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}{writer}.tmp")
    write(temporary)
    with temporary.open("rb") as stream:
        os.fsync(stream.fileno())
    os.replace(temporary, path)
