"""Releases: the last seven stay, numbered; the live file is one of them under another name.

``published/releases/000012-<fingerprint>.duckdb`` is written first, then ``warehouse.duckdb`` is replaced by a link to
the same bytes. Killed between the two, the next call finds the release and only swaps it in. ``release.json`` describes
the live one to whoever cannot ask it; the files alone decide.
"""

import json
import os
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from pipeline.home import VIETNAM, Home
from pipeline.landing.blobs import write_whole

KEPT = 7
FINGERPRINT_LENGTH = 16
_NAME = re.compile(r"(\d{6})-([0-9a-f]+)(-withdrawn)?\.duckdb")


@dataclass(frozen=True)
class Release:
    """A built warehouse that was published: its number, what it was made from, and where it lies."""

    number: int
    fingerprint: str
    path: Path
    is_withdrawn: bool = False  # somebody went back behind it


def releases(home: Home) -> list[Release]:
    """Return the releases that are kept, the oldest first."""
    found = [(path, _NAME.fullmatch(path.name)) for path in (home.published / "releases").glob("*.duckdb")]
    return sorted(
        (Release(int(name[1]), name[2], path, bool(name[3])) for path, name in found if name),
        key=lambda release: release.number,
    )


def live_release(home: Home) -> Release | None:
    """Return the release that readers see, None before the first."""
    if not home.live.exists():
        return None
    return next((release for release in releases(home) if release.path.samefile(home.live)), None)


def find_release(home: Home, fingerprint: str) -> Release | None:
    """Return the release made from exactly these inputs if nothing later is live, else None.

    It may be withdrawn, or not live yet where a load was killed while it published.
    """
    live = live_release(home)
    candidates = [release for release in releases(home) if live is None or release.number >= live.number]
    return next((release for release in candidates if release.fingerprint == fingerprint[:FINGERPRINT_LENGTH]), None)


def publish(home: Home, build: Path, fingerprint: str, *, anew: bool = False) -> Release:
    """Make the warehouse with this fingerprint the live one, taking ``build`` unless there is a release of it.

    Readers that have the old file open keep it. A withdrawn release is not swapped in again; the live one is returned.
    ``anew`` takes ``build`` in any case.
    """
    release = None if anew and build.exists() else find_release(home, fingerprint)
    release = release or _keep(home, build, fingerprint)
    live = live_release(home)
    if not release.is_withdrawn and release != live:
        _make_live(home, release)
        live = release
    assert live is not None
    _describe(home, live)
    for old in releases(home)[:-KEPT]:
        if old != live:
            old.path.unlink()
    return live


def rollback(home: Home) -> Release:
    """Make the release before the live one live again; raises ``LookupError`` where there is none.

    The one that was live is withdrawn: it comes back only when something that goes into it changes.
    """
    live = live_release(home)
    before = [
        release for release in releases(home) if live and release.number < live.number and not release.is_withdrawn
    ]
    if not live or not before:
        raise LookupError("there is no release before the live one; the next load publishes a new one")
    if not live.is_withdrawn:
        live.path.rename(live.path.with_name(f"{live.path.stem}-withdrawn.duckdb"))
    _make_live(home, before[-1])
    _describe(home, before[-1])
    return before[-1]


def _keep(home: Home, build: Path, fingerprint: str) -> Release:
    """Make a built file the newest release."""
    _settle(build)
    kept = releases(home)
    number = kept[-1].number + 1 if kept else 1
    name = f"{number:06d}-{fingerprint[:FINGERPRINT_LENGTH]}.duckdb"
    release = Release(number, fingerprint[:FINGERPRINT_LENGTH], home.published / "releases" / name)
    release.path.parent.mkdir(parents=True, exist_ok=True)
    os.replace(build, release.path)
    return release


def _settle(build: Path) -> None:
    """Write everything into the one file and onto the disk; nobody writes to it from here on."""
    with duckdb.connect(str(build)) as connection:
        connection.execute("checkpoint")
    with build.open("rb") as file:
        os.fsync(file.fileno())
    build.chmod(0o444)


def _make_live(home: Home, release: Release) -> None:
    link = home.published / ".next.duckdb"
    link.unlink(missing_ok=True)
    os.link(release.path, link)
    os.replace(link, home.live)


def _describe(home: Home, live: Release) -> None:
    """Write ``release.json``: number, fingerprint, time and rows of each table."""
    file = home.published / "release.json"
    if file.exists() and json.loads(file.read_text())["number"] == live.number:
        return
    told = {
        "number": live.number,
        "fingerprint": live.fingerprint,
        "built_at": datetime.fromtimestamp(live.path.stat().st_mtime, VIETNAM).isoformat(timespec="seconds"),
        "tables": row_counts(live.path),
    }
    write_whole(file, lambda temporary: temporary.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8"))


def live_rows(home: Home) -> dict[str, int]:
    """Return the rows of every table of the live release, as they were counted when it was published."""
    return json.loads((home.published / "release.json").read_text())["tables"]


def row_counts(path: Path) -> dict[str, int]:
    """Return the rows of every table of a warehouse file."""
    with duckdb.connect(str(path), read_only=True) as connection:
        names = [name for (name,) in connection.execute("select table_name from duckdb_tables() order by 1").fetchall()]
        return {name: connection.execute(f'select count(*) from "{name}"').fetchall()[0][0] for name in names}
