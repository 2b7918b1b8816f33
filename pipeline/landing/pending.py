"""What waits in the inbox: asked often by the sensor, so it looks at names and times before it reads bytes."""

import hashlib
from pathlib import Path

from pipeline.home import Home
from pipeline.landing.arrivals import files_in, receipt_id
from pipeline.landing.receive import read_receipts
from pipeline.landing.sidecar import is_sidecar


def outward(inbox: Path, home: Home) -> str:
    """Return a hash of names, sizes and times of the inbox's files: unchanged means that nothing arrived."""
    seen = []
    for path, file in files_in(inbox, home, []):
        status = file.stat()
        seen.append(f"{path}\t{status.st_size}\t{status.st_mtime_ns}")
    return hashlib.sha256("\n".join(seen).encode()).hexdigest()


def pending(inbox: Path, home: Home) -> str | None:
    """Return a hash of the contents that no load has landed yet; None where all have."""
    known = set(read_receipts(home)["receipt_id"])
    waiting = []
    for path, file in files_in(inbox, home, []):
        if is_sidecar(file.name):
            continue
        with file.open("rb") as stream:
            content = hashlib.file_digest(stream, "sha256").hexdigest()
        if receipt_id(path, content) not in known:
            waiting.append(f"{path}\t{content}")
    return hashlib.sha256("\n".join(waiting).encode()).hexdigest() if waiting else None
