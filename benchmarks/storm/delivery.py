"""A file on its way into an inbox."""

import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pipeline.home import VIETNAM


@dataclass(frozen=True)
class Delivery:
    """A file: its path in the inbox (surrogates stand for bytes that are no UTF-8), its bytes, when it was written."""

    path: str
    content: bytes
    written_at: datetime
    label: str  # what it is, for the reader of a storm report

    def __repr__(self) -> str:
        return f"Delivery({self.path[:80]!r}, {len(self.content)} bytes, {self.written_at:%Y-%m-%d}, {self.label})"


def deliver(inbox: Path, deliveries: Iterable[Delivery]) -> list[str]:
    """Write files in their order into ``inbox``; return the paths that the disk took.

    The same path twice is the later file, as in a shared folder. What no disk can hold (a name of 300 characters, a
    file where a folder stands) is nobody's delivery.
    """
    inbox.mkdir(parents=True, exist_ok=True)
    written_paths = []
    for delivery in deliveries:
        file = inbox / delivery.path
        with suppress(OSError, ValueError):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(delivery.content)
            moment = delivery.written_at.replace(tzinfo=VIETNAM).timestamp()
            os.utime(file, (moment, moment))
            written_paths.append(delivery.path)
    return written_paths
