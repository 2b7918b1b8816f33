"""One writer at a time: a lock on the home, held for a whole load and gone with its process."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from pipeline.home import Home, vietnam_now

PATIENCE_SECONDS = 30 * 60


class HomeIsBusy(RuntimeError):
    """Another load writes to the home; the message names its process and since when it runs."""


@contextmanager
def one_writer(
    home: Home, *, patience: float = PATIENCE_SECONDS, say: Callable[[str], object] = lambda _: None
) -> Iterator[None]:
    """Hold the home's lock, waiting for it ``patience`` seconds; raises ``HomeIsBusy``."""
    home.root.mkdir(parents=True, exist_ok=True)
    # Whoever waits opens the lock file anew and empties it, so the note has a file of its own.
    note = home.lock.with_suffix(".holder")
    lock = FileLock(home.lock)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        say(f"waiting for another load ({_holder(note)})")
        try:
            lock.acquire(timeout=patience)
        except Timeout:
            raise HomeIsBusy(
                f"another load writes to {home.root} ({_holder(note)}); wait for it or stop it, then load again"
            ) from None
    try:
        note.write_text(f"process {os.getpid()}, since {vietnam_now():%d/%m/%Y %H:%M:%S}", encoding="utf-8")
        yield
    finally:
        note.unlink(missing_ok=True)
        lock.release()


def _holder(note: Path) -> str:
    try:
        return note.read_text(encoding="utf-8")
    except FileNotFoundError:
        return "it has just begun"
