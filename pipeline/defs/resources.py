"""The home of an installation as a resource: found when a run starts, locked while it lasts."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg

from pipeline.home import Home, Settings, open_home
from pipeline.lock import PATIENCE_SECONDS, one_writer

#: Metadata of a stage after publishing: what could not be made of single items, each with its reason.
LEFT_OUT = "left out"


class AnyHome(dg.ConfigurableResource):
    """Where everything is kept, to look at; ``root`` is empty for ``THADS_HOME``, else ``./var``."""

    root: str = ""

    @property
    def home(self) -> Home:
        """Return the folders of this installation."""
        return open_home(Path(self.root) if self.root else None)

    @property
    def inbox(self) -> Path:
        """Return the inbox that the schedule and the sensor look at."""
        return Settings().inbox or self.home.inbox


class OneWriter(AnyHome):
    """The same home, to write to: one run at a time holds it from its first step to its last."""

    patience_seconds: float = PATIENCE_SECONDS

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator["OneWriter"]:
        """Hold the home's lock while the run lasts."""
        with one_writer(self.home, patience=self.patience_seconds, say=context.log.info if context.log else print):
            yield self
