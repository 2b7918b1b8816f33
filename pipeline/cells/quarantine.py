"""Submissions that engineers, or a failing night, keep out of the figures: who, why, since when, and until when.

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
from pipeline.cells.reading import ReadingResult, refused_reading
from pipeline.files.guard import SET_ASIDE
from pipeline.files.problems import problem
from pipeline.home import Home, vietnam_now
from pipeline.storage import write_atomically

#: Who set aside what no person did.
THE_NIGHT = "thads load"


@dataclass(frozen=True)
class QuarantineEntry:
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


def entries(home: Home) -> list[QuarantineEntry]:
    """Return all entries of the ledger, the oldest first."""
    all_entries = []
    for path in home.set_aside.glob("*.json"):
        if path.name.endswith(".released.json"):
            continue
        release = path.with_suffix(".released.json")
        release_fields = json.loads(release.read_text(encoding="utf-8")) if release.exists() else {}
        all_entries.append(QuarantineEntry(**json.loads(path.read_text(encoding="utf-8")) | release_fields))
    return sorted(all_entries, key=lambda entry: (entry.set_aside_at, entry.entry_id))


def active_entries(home: Home) -> dict[str, list[QuarantineEntry]]:
    """Return what is set aside now, by hash of the file."""
    by_file: dict[str, list[QuarantineEntry]] = {}
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
    actor: str,
    stage: str | None = None,
    cause: str | None = None,
) -> QuarantineEntry:
    """Set a file or one of its submissions aside; return the entry, the old one where it is set aside already."""
    for entry in active_entries(home).get(sha256, []):
        if entry.submission_id in (None, submission_id):
            return entry
    now = vietnam_now().isoformat(sep=" ")
    identity = hashlib.sha256(f"{sha256}/{submission_id}/{now}/{len(entries(home))}".encode()).hexdigest()[:12]
    entry = QuarantineEntry(identity, sha256, submission_id, source_ref, reason, actor, now, stage, cause)
    _write(home.set_aside / f"{identity}.json", asdict(entry))
    return entry


def release(home: Home, entry: QuarantineEntry, *, actor: str, reason: str | None) -> None:
    """End an entry: from the next load on its submission is read and judged like any other."""
    release_fields = {"released_by": actor, "released_at": vietnam_now().isoformat(sep=" "), "release_reason": reason}
    _write(home.set_aside / f"{entry.entry_id}.released.json", release_fields)


def submissions_set_aside(receipts: Iterable[dict], entries_by_file: dict[str, list[QuarantineEntry]]) -> set[str]:
    """Return the submissions of these files that are set aside."""
    file_entries = (entry for receipt in receipts for entry in entries_by_file.get(receipt["sha256"], []))
    return {entry.submission_id for entry in file_entries if entry.submission_id}


def exclude(reading: ReadingResult, identities: set[str]) -> ReadingResult:
    """Return a reading in which these submissions are unreadable ones, without cells or remarks."""
    if not identities:
        return reading
    is_excluded = pl.col("submission_id").is_in(sorted(identities))
    rows = []
    for row in reading.submissions.filter(is_excluded).to_dicts():
        file_problem = problem(SET_ASIDE, file=row["file_name"])
        fields = {name: row[name] for name in KNOWN_FIELDS}
        rows.append(
            fields
            | {
                "is_readable": False,
                "problem": file_problem.code,
                "problem_vi": file_problem.vi,
                "problem_en": file_problem.en,
            }
        )
    return ReadingResult(
        pl.concat([reading.submissions.filter(~is_excluded), pl.DataFrame(rows, schema=tables.SUBMISSIONS)]),
        reading.cells.filter(~is_excluded),
        reading.remarks.filter(~is_excluded),
        reading.breakdowns.filter(~is_excluded),
    )


#: What is still known of a submission that is set aside: its identity, so that somebody can look into it.
KNOWN_FIELDS = (
    *("submission_id", "receipt_id", "batch", "source_ref", "file_name", "sha256", "received_at"),
    *("origin", "is_simulated", "vintage"),
)


def refuse_file(receipt: dict) -> ReadingResult:
    """Return the reading of a file that is set aside whole."""
    return refused_reading(receipt, problem(SET_ASIDE, file=receipt["file_name"]))


def quarantine_digest(receipts: Iterable[dict], entries_by_file: dict[str, list[QuarantineEntry]]) -> str:
    """Return a hash of what is set aside of these files; empty where nothing is."""
    references = sorted(
        f"{entry.sha256}/{entry.submission_id}"
        for receipt in receipts
        for entry in entries_by_file.get(receipt["sha256"], [])
    )
    return hashlib.sha256("\n".join(references).encode()).hexdigest()[:12] if references else ""


def _write(path: Path, content: dict) -> None:
    text = json.dumps(content, ensure_ascii=False, indent=1)
    write_atomically(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))
