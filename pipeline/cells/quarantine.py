"""Submissions that engineers, or a night in distress, keep out of the figures: who, why, since when, and until when.

``set_aside/<entry_id>.json`` is written once; ``set_aside/<entry_id>.released.json`` beside it ends it. A file or
submission that is set aside stays landed: it is an unreadable submission of problem ``set_aside`` and feeds nothing.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import polars as pl

from pipeline import tables
from pipeline.cells.reading import Reading, refused
from pipeline.files.guard import SET_ASIDE
from pipeline.files.problems import problem
from pipeline.home import Home, vietnam_now
from pipeline.storage import write_atomically

#: Who set aside what no person did.
THE_NIGHT = "thads load"


@dataclass(frozen=True)
class Entry:
    """One file, or one submission of it, that is or was set aside."""

    entry_id: str
    sha256: str
    submission_id: str | None  # None for the whole file
    source_ref: str
    reason: str
    set_aside_by: str
    set_aside_at: str
    stage: str | None = None  # that failed over it
    cause: str | None = None  # how it failed
    released_by: str | None = None
    released_at: str | None = None
    release_reason: str | None = None

    @property
    def is_active(self) -> bool:
        """Tell whether it is still set aside."""
        return self.released_at is None


def entries(home: Home) -> list[Entry]:
    """Return all entries of the ledger, the oldest first."""
    found = []
    for path in home.set_aside.glob("*.json"):
        if path.name.endswith(".released.json"):
            continue
        release = path.with_suffix(".released.json")
        released = json.loads(release.read_text(encoding="utf-8")) if release.exists() else {}
        found.append(Entry(**json.loads(path.read_text(encoding="utf-8")) | released))
    return sorted(found, key=lambda entry: (entry.set_aside_at, entry.entry_id))


def active(home: Home) -> dict[str, list[Entry]]:
    """Return what is set aside now, by hash of the file."""
    by_file: dict[str, list[Entry]] = {}
    for entry in entries(home):
        if entry.is_active:
            by_file.setdefault(entry.sha256, []).append(entry)
    return by_file


def set_aside(
    home: Home,
    *,
    sha256: str,
    submission_id: str | None,
    source_ref: str,
    reason: str,
    by: str,
    stage: str | None = None,
    cause: str | None = None,
) -> Entry:
    """Set a file or one of its submissions aside; return the entry, the old one where it is set aside already."""
    for entry in active(home).get(sha256, []):
        if entry.submission_id in (None, submission_id):
            return entry
    now = vietnam_now().isoformat(sep=" ")
    identity = hashlib.sha256(f"{sha256}/{submission_id}/{now}/{len(entries(home))}".encode()).hexdigest()[:12]
    entry = Entry(identity, sha256, submission_id, source_ref, reason, by, now, stage, cause)
    _write(home.set_aside / f"{identity}.json", asdict(entry))
    return entry


def release(home: Home, entry: Entry, *, by: str, reason: str | None) -> None:
    """End an entry: from the next load on its submission is read and judged like any other."""
    released = {"released_by": by, "released_at": vietnam_now().isoformat(sep=" "), "release_reason": reason}
    _write(home.set_aside / f"{entry.entry_id}.released.json", released)


def named_by(receipts: Iterable[dict], kept_out: dict[str, list[Entry]]) -> set[str]:
    """Return the submissions of these files that are set aside."""
    entries_of = (entry for receipt in receipts for entry in kept_out.get(receipt["sha256"], []))
    return {entry.submission_id for entry in entries_of if entry.submission_id}


def without(reading: Reading, identities: set[str]) -> Reading:
    """Return a reading in which these submissions are unreadable ones, without cells or remarks."""
    if not identities:
        return reading
    is_out = pl.col("submission_id").is_in(sorted(identities))
    rows = []
    for row in reading.submissions.filter(is_out).to_dicts():
        why = problem(SET_ASIDE, file=row["file_name"])
        kept = {name: row[name] for name in KEPT}
        rows.append(kept | {"is_readable": False, "problem": why.code, "problem_vi": why.vi, "problem_en": why.en})
    return Reading(
        pl.concat([reading.submissions.filter(~is_out), pl.DataFrame(rows, schema=tables.SUBMISSIONS)]),
        reading.cells.filter(~is_out),
        reading.remarks.filter(~is_out),
        reading.breakdowns.filter(~is_out),
    )


#: What is known of a submission that is set aside: which it is, and that somebody has it in hand.
KEPT = (
    *("submission_id", "receipt_id", "batch", "source_ref", "file_name", "sha256", "received_at"),
    *("origin", "is_simulated", "vintage"),
)


def refused_whole(receipt: dict) -> Reading:
    """Return the reading of a file that is set aside whole."""
    return refused(receipt, problem(SET_ASIDE, file=receipt["file_name"]))


def digest(receipts: Iterable[dict], kept_out: dict[str, list[Entry]]) -> str:
    """Return a hash of what of these files is set aside; empty where nothing is."""
    named = sorted(
        f"{entry.sha256}/{entry.submission_id}" for receipt in receipts for entry in kept_out.get(receipt["sha256"], [])
    )
    return hashlib.sha256("\n".join(named).encode()).hexdigest()[:12] if named else ""


def _write(path: Path, content: dict) -> None:
    text = json.dumps(content, ensure_ascii=False, indent=1)
    write_atomically(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))
