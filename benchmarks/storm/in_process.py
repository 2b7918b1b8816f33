"""Draws through landing, reading and judging in this process: an exception of a reader ends the storm with its example."""

import contextlib
import shutil
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any
from unittest import mock

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from benchmarks.storm.claims import find_broken_claims, fingerprint
from benchmarks.storm.clean import CleanReturn
from benchmarks.storm.delivery import Delivery, deliver
from benchmarks.storm.drawing import inboxes
from expectations.direct_validation import validate_directly
from pipeline import tables
from pipeline.cells.read import read_landed
from pipeline.home import Home
from pipeline.judged.judge import judge_changed
from pipeline.landing.receive import read_receipts, receive
from pipeline.storage import read_tables

#: A whole inbox that works longer hangs, and so does one that waits ten times as long: a machine may be busy.
SECONDS_PER_DRAW = 60


@dataclass
class Weather:
    """What the storm has seen so far."""

    draws: int = 0
    files: int = 0
    longest_s: float = 0.0
    receipts: Counter[str] = field(default_factory=Counter)
    verdicts: Counter[str] = field(default_factory=Counter)
    problems: Counter[str] = field(default_factory=Counter)

    def count_inbox(self, home: Home, seconds: float) -> None:
        """Count what one inbox became."""
        receipts = read_receipts(home)
        submissions = read_tables(home.cells, "submissions", tables.SUBMISSIONS)
        self.draws += 1
        self.files += receipts.height
        self.longest_s = max(self.longest_s, seconds)
        self.receipts.update(receipts["verdict"].to_list())
        self.verdicts.update(read_tables(home.judged, "verdicts", tables.VERDICTS)["verdict"].to_list())
        self.problems.update(receipts["problem"].drop_nulls().to_list())
        self.problems.update(submissions["problem"].drop_nulls().to_list())


def run_inbox(deliveries: list[Delivery], clean: list[CleanReturn], weather: Weather) -> None:
    """Load one inbox twice, stage by stage, and hold it to every claim; raises ``AssertionError``."""
    folder = Path(tempfile.mkdtemp(prefix="thads-storm-"))
    try:
        inbox, home = folder / "inbox", Home(folder / "home")
        deliver(inbox, [*deliveries, *(clean_return.delivery for clean_return in clean)])
        start = time.monotonic()
        with _time_limit(), read_in_process():
            load(inbox, home)
            assert (broken_claims := find_broken_claims(home, inbox, clean)) == [], broken_claims
            first_fingerprint = fingerprint(home)
            load(inbox, home)
        assert fingerprint(home) == first_fingerprint, "the same inbox again changed something"
        weather.count_inbox(home, time.monotonic() - start)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def load(inbox: Path, home: Home) -> None:
    """Land, read and judge; no warehouse is built."""
    receive(inbox, home)
    read_landed(home)
    judge_changed(home, validator=validate_directly)


def storm(draws: int, clean: list[CleanReturn], *, number: int, progress: object = None) -> Weather:
    """Run so many draws; an inbox that breaks a claim is shrunk, and its exception raised."""
    weather = Weather()

    @seed(number)
    @settings(
        max_examples=draws,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink],
        print_blob=False,
    )
    @given(inboxes(), st.integers(0, len(clean) - 1))
    def check_inbox(deliveries: list[Delivery], index: int) -> None:
        run_inbox(deliveries, [clean[index], clean[(index + 3) % len(clean)]], weather)
        if callable(progress):
            progress(weather)

    check_inbox()
    return weather


@contextlib.contextmanager
def read_in_process() -> Iterator[None]:
    """Read in this process: the start of a worker for every inbox would cost more than all the rest."""
    from pipeline.cells import read as reader

    read_files = reader.read_files

    def read_without_workers(*arguments: Any, **options: Any) -> Any:
        return read_files(*arguments, **options | {"workers": 0})

    with mock.patch.object(reader, "read_files", read_without_workers):
        yield


@contextlib.contextmanager
def _time_limit() -> Iterator[None]:
    def give_up(_: int, frame: FrameType | None) -> None:
        raise TimeoutError(f"an inbox takes more than {SECONDS_PER_DRAW} s of work; it stands at {frame}")

    limits = (
        (signal.ITIMER_PROF, signal.SIGPROF, SECONDS_PER_DRAW),
        (signal.ITIMER_REAL, signal.SIGALRM, 10 * SECONDS_PER_DRAW),
    )
    previous_handlers = {name: signal.signal(name, give_up) for _, name, _ in limits}
    for clock, _, seconds in limits:
        signal.setitimer(clock, seconds)
    try:
        yield
    finally:
        for clock, name, _ in limits:
            signal.setitimer(clock, 0)
            signal.signal(name, previous_handlers[name])
