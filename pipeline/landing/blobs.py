"""The bytes of every file for ever, under the name of their SHA-256."""

import os
from pathlib import Path

from pipeline.home import Home
from pipeline.storage import write_atomically


def blob_path(home: Home, sha256: str) -> Path:
    """Return where the bytes with this hash are kept: ``landing/blobs/ab/abcd...``."""
    return home.blobs / sha256[:2] / sha256


def store_blob(home: Home, sha256: str, content: bytes) -> None:
    """Store the bytes read-only, unless they are there already."""
    path = blob_path(home, sha256)
    if path.exists() and path.stat().st_size == len(content):
        return
    # Two archives that are unpacked side by side may hold the same file.
    write_atomically(path, lambda temporary: temporary.write_bytes(content), writer=f".{os.getpid()}")
    path.chmod(0o444)
