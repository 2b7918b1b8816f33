"""The home of an installation as a resource: found when a run starts, locked while it lasts."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
from filelock import FileLock, Timeout

from pipeline.home import Home, Settings, open_home, vietnam_now

PATIENCE = 30 * 60  # seconds that a load waits for another one


class HomeResource(dg.ConfigurableResource):
    """Where everything is kept; ``root`` is empty for ``THADS_HOME``, else ``./var``. One run writes at a time."""

    root: str = ""

    @property
    def home(self) -> Home:
        """Return the folders of this installation."""
        return open_home(Path(self.root) if self.root else None)

    @property
    def inbox(self) -> Path:
        """Return the inbox that the schedule and the sensor look at."""
        return Settings().inbox or self.home.inbox

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator["HomeResource"]:
        """Hold the one lock of the home for the whole run."""
        home = self.home
        home.root.mkdir(parents=True, exist_ok=True)
        note = home.lock.with_suffix(".holder")
        lock = FileLock(home.lock)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            if context.log:
                context.log.info(f"waiting for another load: {_holder(note)}")
            try:
                lock.acquire(timeout=PATIENCE)
            except Timeout:
                raise dg.Failure(
                    f"another load holds {home.lock} ({_holder(note)}); wait for it, or stop that process and load again"
                ) from None
        note.write_text(f"process {os.getpid()} since {vietnam_now():%d/%m/%Y %H:%M:%S}")
        try:
            yield self
        finally:
            note.unlink(missing_ok=True)
            lock.release()


def _holder(note: Path) -> str:
    return note.read_text() if note.exists() else "it has just begun"
