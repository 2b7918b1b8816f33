"""What waits in the inbox. The sensor asks often, so names and times are compared before any bytes are read.

Files come and go meanwhile, and some cannot be opened: nothing that lies in an inbox raises an error here.
"""

import hashlib
from pathlib import Path

from pipeline.home import Home
from pipeline.landing.history import LandingHistory
from pipeline.landing.receive import read_receipts
from pipeline.landing.sidecar import is_sidecar
from pipeline.landing.walk import inbox_files


def inbox_fingerprint(inbox: Path, home: Home) -> str:
    """Return a hash of names, sizes and times of the inbox's files: unchanged means that nothing arrived."""
    statuses = []
    for path, file in inbox_files(inbox, home, []):
        try:
            status = file.stat()
        except (OSError, ValueError) as error:
            statuses.append(f"{path}\t{type(error).__name__}")
        else:
            statuses.append(f"{path}\t{status.st_size}\t{status.st_mtime_ns}")
    return hashlib.sha256("\n".join(statuses).encode()).hexdigest()


def pending_hash(inbox: Path, home: Home) -> str | None:
    """Return a hash of the contents that no load has landed yet; None where all have."""
    history = LandingHistory.from_receipts(read_receipts(home))
    contents = []
    for path, file in inbox_files(inbox, home, []):
        if is_sidecar(file.name):
            continue
        try:
            with file.open("rb") as stream:
                content_key = hashlib.file_digest(stream, "sha256").hexdigest()
        except FileNotFoundError:
            continue
        except (OSError, ValueError):
            content_key = "cannot_open"
        if not history.is_current(path, content_key):
            contents.append(f"{path}\t{content_key}")
    return hashlib.sha256("\n".join(contents).encode()).hexdigest() if contents else None
