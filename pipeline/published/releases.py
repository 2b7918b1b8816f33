"""Releases: the last seven stay, numbered, each with a record of its bytes; the live file is a copy of one of them.

``published/releases/000012-<fingerprint>.duckdb`` is written first, its record (``.json``) before it, then
``warehouse.duckdb`` is replaced by a copy: whoever opens the live file cannot touch a release. Killed between the two,
the next call finds the release and only swaps it in. ``release.json`` is the record of the live one; the bytes decide.
"""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import duckdb
from filelock import FileLock

from pipeline.home import Home
from pipeline.published.record import Record, read_object

MOST_RELEASES = 7
FINGERPRINT_LENGTH = 16
PATIENCE_SECONDS = 60
_NAME = re.compile(r"(\d{6})-([0-9a-f]+)(-withdrawn)?\.duckdb")


@dataclass(frozen=True)
class Release:
    """A built warehouse that was published: its number, what it was made from, and where it lies."""

    number: int
    fingerprint: str
    path: Path
    is_withdrawn: bool = False  # an earlier release was made live again instead

    @property
    def record_path(self) -> Path:
        """The path of its record, in the same folder; a release that is withdrawn keeps its record."""
        return self.path.with_name(f"{self.number:06d}-{self.fingerprint}.json")

    @cached_property
    def record(self) -> Record | None:
        """Its record; made now for one that was published before there were records, None where it cannot be read."""
        record = Record.read(self.record_path)
        if record is None and self.path.is_file():
            try:
                record = Record.make(self.path, self.number, self.fingerprint)
                record.write(self.record_path)
            except (duckdb.Error, OSError):
                return record
        return record

    def is_whole(self, *, is_thorough: bool = False) -> bool:
        """Tell whether its file is as it was published."""
        return self.record is not None and self.record.describes(self.path, is_thorough=is_thorough)

    def is_at(self, path: Path) -> bool:
        """Tell whether a file holds this release."""
        return self.record is not None and self.record.describes(path)


def releases(home: Home) -> list[Release]:
    """Return the releases that are kept, the oldest first, damaged ones too."""
    matches = [(path, _NAME.fullmatch(path.name)) for path in (home.published / "releases").glob("*.duckdb")]
    return sorted(
        (Release(int(name[1]), name[2], path, bool(name[3])) for path, name in matches if name),
        key=lambda release: release.number,
    )


def live_release(home: Home) -> Release | None:
    """Return the release that readers see, None before the first.

    Where the live file holds none of them, it is the one that was published last, or the last before it that is whole:
    ``pipeline.published.mending`` puts it back.
    """
    candidates = releases(home)
    matches = [release for release in candidates if release.is_at(home.live)]
    if matches:
        return matches[-1]
    number = read_object(home.published / "release.json").get("number")
    last_number = number if isinstance(number, int) else max((release.number for release in candidates), default=0)
    sound = [release for release in candidates if release.number <= last_number and release.is_whole()]
    return next((release for release in reversed(sound) if not release.is_withdrawn), sound[-1] if sound else None)


def find_release(home: Home, fingerprint: str) -> Release | None:
    """Return the whole release made from exactly these inputs if nothing later is live, else None.

    It may be withdrawn, or not live yet where a load was killed while it published.
    """
    live = live_release(home)
    candidates = [release for release in releases(home) if live is None or release.number >= live.number]
    prefix = fingerprint[:FINGERPRINT_LENGTH]
    return next((release for release in candidates if release.fingerprint == prefix and release.is_whole()), None)


def publish(home: Home, build: Path, fingerprint: str, *, is_forced: bool = False) -> Release:
    """Make the warehouse with this fingerprint the live one, taking ``build`` unless there is a release of it.

    Readers that have the old file open keep it. A withdrawn release is not swapped in again; the live one is returned.
    ``is_forced`` takes ``build`` in any case.
    """
    with one_publisher(home):
        release = None if is_forced and build.exists() else find_release(home, fingerprint)
        release = release or _add_release(home, build, fingerprint)
        live = live_release(home)
        if live is None or not (release.is_withdrawn or release == live):
            live = release
        if not (live.is_at(home.live) and has_one_name(home.live)):
            _make_live(home, live)
        _describe(home, live)
        for old in releases(home)[:-MOST_RELEASES]:
            if old != live:
                old.path.unlink()
                old.record_path.unlink(missing_ok=True)
        return live


def rollback(home: Home) -> Release:
    """Make the release before the live one live again; raises ``LookupError`` where there is none.

    The one that was live is withdrawn: it comes back only when something that goes into it changes.
    """
    with one_publisher(home):
        live = live_release(home)
        earlier = [
            release
            for release in releases(home)
            if live and release.number < live.number and not release.is_withdrawn and release.is_whole()
        ]
        if not live or not earlier:
            raise LookupError("there is no release before the live one; the next load publishes a new one")
        if not live.is_withdrawn:
            live.path.rename(live.path.with_name(f"{live.path.stem}-withdrawn.duckdb"))
        _make_live(home, earlier[-1])
        _describe(home, earlier[-1])
        return earlier[-1]


@contextmanager
def one_publisher(home: Home, patience: float = PATIENCE_SECONDS) -> Iterator[None]:
    """Lock what is published, so that one process at a time changes it; raises ``filelock.Timeout``, ``OSError``."""
    home.published.mkdir(parents=True, exist_ok=True)
    with FileLock(home.published / ".lock", timeout=patience):
        yield


def has_one_name(path: Path) -> bool:
    """Tell whether a file has one name only: with two, damage to one would be damage to both."""
    return path.lstat().st_nlink == 1


def live_rows(home: Home) -> dict[str, int]:
    """Return the rows of every table of the live release, as they were counted when it was published."""
    return read_object(home.published / "release.json").get("tables", {})


def _add_release(home: Home, build: Path, fingerprint: str) -> Release:
    """Make a built file the newest release."""
    _seal(build)
    earlier = releases(home)
    number = earlier[-1].number + 1 if earlier else 1
    name = f"{number:06d}-{fingerprint[:FINGERPRINT_LENGTH]}.duckdb"
    release = Release(number, fingerprint[:FINGERPRINT_LENGTH], home.published / "releases" / name)
    Record.make(build, number, release.fingerprint).write(release.record_path)
    os.replace(build, release.path)
    return release


def _seal(build: Path) -> None:
    """Write everything into the one file and onto the disk; from here on it is read-only."""
    with duckdb.connect(str(build)) as connection:
        connection.execute("checkpoint")
    with build.open("rb") as file:
        os.fsync(file.fileno())
    build.chmod(0o444)


def _make_live(home: Home, release: Release) -> None:
    """Replace the live file by a copy of a release; whoever has the old one open keeps it."""
    copy_file(release.path, home.live)


def copy_file(source: Path, target: Path) -> None:
    """Put a copy of a file, with its times, in the place of ``target``, in one rename."""
    temporary = target.with_name(f".next-{target.name}")
    temporary.unlink(missing_ok=True)
    shutil.copy2(source, temporary)
    with temporary.open("rb") as file:
        os.fsync(file.fileno())
    os.replace(temporary, target)


def _describe(home: Home, live: Release) -> None:
    """Write ``release.json``, the record of the live release."""
    if live.record and Record.read(home.published / "release.json") != live.record:
        live.record.write(home.published / "release.json")
