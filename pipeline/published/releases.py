"""Releases: the last seven stay, numbered; the live file is one of them under another name.

``published/releases/000012-<fingerprint>.duckdb`` is written first, then ``warehouse.duckdb`` is replaced by a link to
the same bytes. Killed between the two, the next call finds the release and only swaps it in.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipeline.home import Home

KEPT = 7
_NAME = re.compile(r"(\d{6})-([0-9a-f]+)\.duckdb")
FINGERPRINT_LENGTH = 16


@dataclass(frozen=True)
class Release:
    """A built warehouse that was published: its number, what it was made from, and where it lies."""

    number: int
    fingerprint: str
    path: Path


def releases(home: Home) -> list[Release]:
    """Return the releases that are kept, the oldest first."""
    found = [(path, _NAME.fullmatch(path.name)) for path in (home.published / "releases").glob("*.duckdb")]
    return sorted(
        (Release(int(name[1]), name[2], path) for path, name in found if name), key=lambda release: release.number
    )


def live_release(home: Home) -> Release | None:
    """Return the release that readers see, None before the first."""
    if not home.live.exists():
        return None
    return next((release for release in releases(home) if release.path.samefile(home.live)), None)


def is_published(home: Home, fingerprint: str) -> bool:
    """Tell whether the live warehouse was made from exactly these inputs."""
    live = live_release(home)
    return live is not None and live.fingerprint == fingerprint[:FINGERPRINT_LENGTH]


def publish(home: Home, build: Path, fingerprint: str) -> Release:
    """Make the built file the live one; readers that have the old one open keep it."""
    _settle(build)
    kept = releases(home)
    number = kept[-1].number + 1 if kept else 1
    release = Release(
        number,
        fingerprint[:FINGERPRINT_LENGTH],
        home.published / "releases" / f"{number:06d}-{fingerprint[:FINGERPRINT_LENGTH]}.duckdb",
    )
    release.path.parent.mkdir(parents=True, exist_ok=True)
    os.replace(build, release.path)
    _make_live(home, release)
    for old in releases(home)[:-KEPT]:
        old.path.unlink()
    return release


def rollback(home: Home) -> Release:
    """Make the release before the live one live again; raises ``LookupError`` where there is none."""
    live = live_release(home)
    before = [release for release in releases(home) if live is None or release.number < live.number]
    if not before:
        raise LookupError("there is no release before the live one; the next load publishes a new one")
    _make_live(home, before[-1])
    return before[-1]


def _settle(build: Path) -> None:
    """Write everything into the one file and onto the disk."""
    with duckdb.connect(str(build)) as connection:
        connection.execute("checkpoint")
    with build.open("rb") as file:
        os.fsync(file.fileno())


def _make_live(home: Home, release: Release) -> None:
    link = home.published / ".next.duckdb"
    link.unlink(missing_ok=True)
    os.link(release.path, link)
    os.replace(link, home.live)
