"""Lands an inbox: keeps the bytes of what is new and writes one file of receipts, whose rename is the commit."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from pipeline.files.guard import refusal
from pipeline.files.media import Media
from pipeline.home import VIETNAM, Home, vietnam_now
from pipeline.landing import arrivals
from pipeline.landing.arrivals import Arrival, PackedArchive, take_file, unpack_each
from pipeline.landing.blobs import blob_path
from pipeline.landing.copies import REPORTS, SCANS, Companion, signed_copies
from pipeline.landing.history import LandingHistory
from pipeline.landing.sidecar import (
    EARLIEST,
    SIDECAR,
    ArrivalLine,
    arrival_lines,
    is_sidecar,
    path_key,
    unused_lines,
    vietnam_time,
)
from pipeline.landing.walk import inbox_files
from pipeline.storage import write_atomically
from pipeline.tables import RECEIPTS
from pipeline.vocabulary import Receipt
from pipeline.worker_pool import WorkerFailure

__all__ = ["LandingResult", "blob_path", "read_receipts", "receive"]

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class LandingResult:
    """What one load landed; ``batch`` is None when nothing was new."""

    batch: int | None
    receipts: pl.DataFrame  # tables.RECEIPTS, the new ones only
    already_landed: int  # files that an earlier load had landed with the same bytes
    warnings: list[str]

    def count(self, verdict: Receipt) -> int:
        """Return how many of the new receipts have this verdict."""
        return self.receipts.filter(pl.col("verdict") == verdict).height

    def problems(self) -> list[tuple[str, str, str]]:
        """Return path, code and sentence of each new file that has a problem."""
        return self.receipts.drop_nulls("problem").select("path", "problem", "problem_en").rows()


def receive(
    inbox: Path,
    home: Home,
    *,
    now: datetime | None = None,
    progress: Progress | None = None,
    workers: int | None = None,
) -> LandingResult:
    """Land what is new in an inbox, a folder or a single file, and leave the inbox as it is.

    Killed at any instant before the receipts are renamed into place, nothing has landed and the next load lands the
    same files. ``progress`` receives (files done, files in all); archives are opened by ``workers`` processes, or in
    this one if it is 0. Raises ``FileNotFoundError`` without an inbox.
    """
    if not inbox.exists():
        raise FileNotFoundError(f"there is no inbox at {inbox}; create the folder or name another one")
    earlier_receipts = read_receipts(home)
    batch = _last_batch(home) + 1
    reception = Reception(
        home, vietnam_time(now) if now else vietnam_now(), batch, LandingHistory.from_receipts(earlier_receipts)
    )
    files = inbox_files(inbox, home, reception.warnings)
    reception.read_sidecars(inbox, files)
    reports = [(path, file) for path, file in files if not is_sidecar(file.name)]
    for count, (path, file) in enumerate(reports, start=1):
        reception.take(path, file)
        if progress:
            progress(count, len(reports))
    reception.open_archives(workers)

    if not reception.rows:
        return LandingResult(None, RECEIPTS.to_frame(), reception.already_landed, reception.warnings)
    receipts = _receipts(reception.rows, earlier_receipts)
    write_atomically(home.receipts / f"{batch:06}.parquet", receipts.write_parquet)
    return LandingResult(batch, receipts, reception.already_landed, reception.warnings)


def read_receipts(home: Home) -> pl.DataFrame:
    """Return the receipts of all batches (``tables.RECEIPTS``), none when nothing has landed."""
    files = _batches(home)
    if not files:
        return RECEIPTS.to_frame()
    # Receipts older than the last column of the table lack it.
    return pl.read_parquet(files, schema=RECEIPTS, missing_columns="insert")


@dataclass
class Reception:
    """What one load takes in: rows of receipts before they are compared with each other, and warnings."""

    home: Home
    now: datetime
    batch: int
    history: LandingHistory
    rows: list[dict[str, Any]] = field(default_factory=list)
    archives: list[Arrival] = field(default_factory=list)  # taken, and not yet opened
    warnings: list[str] = field(default_factory=list)
    lines: dict[str, list[ArrivalLine]] = field(default_factory=dict)
    already_landed: int = 0

    def read_sidecars(self, inbox: Path, files: list[tuple[str, Path]]) -> None:
        """Take the arrival times from each ``received.csv`` of the inbox; one that cannot be used is a warning."""
        sidecars = [(path, file) for path, file in files if is_sidecar(file.name)]
        if inbox.is_file() and (sidecar := inbox.with_name(SIDECAR)).is_file():
            sidecars.append((SIDECAR, sidecar))
        # The folder nearest to a file knows best, so it comes last.
        for path, file in sorted(sidecars, key=lambda pair: pair[0].count("/")):
            try:
                noted_at = vietnam_time(datetime.fromtimestamp(file.stat().st_mtime, VIETNAM))
                lines, warnings = arrival_lines(file.read_bytes(), path, noted_at)
            except (OSError, OverflowError, ValueError) as error:
                cause = getattr(error, "strerror", None) or type(error).__name__
                self.warnings.append(f"{path}: {cause}; file times are used instead")
                continue
            for key, path_lines in lines.items():
                self.lines.setdefault(key, []).extend(path_lines)
            self.warnings.extend(warnings)

    def take(self, path: str, file: Path) -> None:
        """Take in one file of the inbox; one that vanished is a warning, one that cannot be opened a receipt."""
        try:
            arrival = take_file(path, file, self.home)
        except FileNotFoundError:
            self.warnings.append(f"{path}: vanished while the inbox was read; the next load takes it if it is back")
            return
        if self.history.is_current(path, arrival.content_key):
            self.already_landed += 1
        elif arrival.media is Media.ZIP:
            self.archives.append(arrival)
        else:
            self._record(arrival, self._received_at(arrival, self._written_at(arrival)))

    def open_archives(self, workers: int | None) -> None:
        """Take in the members of the archives that were received."""
        packed_archives = [
            PackedArchive(archive.path, str(archive.sha256), self.home, arrivals.LIMITS) for archive in self.archives
        ]
        for archive, result in zip(self.archives, unpack_each(packed_archives, workers=workers), strict=True):
            if isinstance(result, WorkerFailure):
                cause, refusal_problem = result.cause, refusal(result, archive.path.rpartition("/")[2])
                self._record_all(replace(archive, media=Media.OTHER, problem=refusal_problem, cause=cause), [])
                continue
            self.warnings.extend(result.warnings)
            if result.problem:
                self._record_all(replace(archive, media=Media.OTHER, problem=result.problem), [])
            else:
                self._record_all(archive, result.arrivals)

    def _record_all(self, archive: Arrival, members: list[Arrival]) -> None:
        """Record an archive and its members, which arrived with it unless a line says otherwise."""
        times = {archive.path: self._received_at(archive, self._written_at(archive))}
        self._record(archive, times[archive.path])
        # A nested archive follows its members, but their arrival time depends on its own.
        for member in reversed(members):
            times[member.path] = self._received_at(member, times[str(member.archive)])
        for member in members:
            self._record(member, times[member.path])

    def _record(self, arrival: Arrival, received_at: datetime) -> None:
        key = arrival.content_key
        if self.history.is_current(arrival.path, key):
            self.already_landed += 1
            return
        if arrival.cause is not None:
            self.warnings.append(f"{arrival.path}: looking at it broke off; for an engineer: {arrival.cause}")
        self.rows.append(
            {
                "receipt_id": self.history.next_receipt_id(arrival.path, key),
                "batch": self.batch,
                "path": arrival.path,
                "file_name": arrival.path.rpartition("/")[2],
                "sha256": arrival.sha256,
                "size_bytes": arrival.size_bytes,
                "media": arrival.media.value,
                "received_at": received_at,
                "problem": arrival.problem.code if arrival.problem else None,
                "problem_vi": arrival.problem.vi if arrival.problem else None,
                "problem_en": arrival.problem.en if arrival.problem else None,
            }
        )
        self.history.add(self.batch, arrival.path, key, received_at)

    def _written_at(self, arrival: Arrival) -> datetime:
        """Return the time of a file of the inbox; one that has none, or an impossible one, arrived now."""
        if arrival.written_at and arrival.written_at < EARLIEST:
            self.warnings.append(
                f"{arrival.path}: its time {arrival.written_at} is before {EARLIEST.year}; it counts as received now"
            )
        return arrival.written_at if arrival.written_at and arrival.written_at >= EARLIEST else self.now

    def _received_at(self, arrival: Arrival, default_time: datetime) -> datetime:
        """Return when a file arrived: by the last line about it, else the time of the file or of its archive."""
        lines = self.lines.get(path_key(arrival.path), [])
        times = self.history.times.get(arrival.path, Counter())
        matching_lines = [line for line in unused_lines(lines, times) if line.matches(arrival.sha256, default_time)]
        if lines and not matching_lines and not self.history.is_current(arrival.path, arrival.content_key):
            self.warnings.append(
                f"{arrival.path}: no line of a {SIDECAR} is about this content of it, so the time of the file counts; "
                "write a line for it, with its sha256 if the file was copied later"
            )
        return min(matching_lines[-1].received_at if matching_lines else default_time, self.now)


def _receipts(rows: list[dict[str, Any]], earlier_receipts: pl.DataFrame) -> pl.DataFrame:
    """Return the receipts of a batch in order of arrival: the first file with some bytes is the one that landed."""
    landed_receipts = earlier_receipts.filter(pl.col("verdict") == Receipt.LANDED)
    first_receipts = dict(landed_receipts.select("sha256", "receipt_id").iter_rows())
    rows = sorted(rows, key=lambda row: (row["received_at"], row["path"]))
    for row in rows:
        original = None if row["problem"] else first_receipts.setdefault(row["sha256"], row["receipt_id"])
        is_duplicate = original not in (None, row["receipt_id"])
        row["verdict"] = _verdict(row, is_duplicate).value
        row["duplicate_of"] = original if is_duplicate else None
        row["copy_of"] = None
    copies = _copies(rows, earlier_receipts)
    for row in rows:
        if report := copies.get(row["receipt_id"]):
            row |= {"verdict": Receipt.SIGNED_COPY.value, "copy_of": report}
            row |= dict.fromkeys(("problem", "problem_vi", "problem_en"))
    return pl.DataFrame(rows, schema=RECEIPTS)


def _copies(rows: list[dict[str, Any]], earlier_receipts: pl.DataFrame) -> dict[str, str]:
    """Return, by receipt of a scan of this load, the receipt under which its report landed."""
    if not any(row["media"] in SCANS for row in rows):
        return {}
    all_rows = [*earlier_receipts.sort("batch", maintain_order=True).iter_rows(named=True), *rows]
    reports = [row for row in all_rows if row["media"] in REPORTS and row["verdict"] != Receipt.UNREADABLE]
    copies = signed_copies(
        (Companion(row["path"], row["receipt_id"]) for row in all_rows if row["media"] in SCANS),
        (Companion(row["path"], row["duplicate_of"] or row["receipt_id"]) for row in reports),
    )
    new_ids = {row["receipt_id"] for row in rows}
    return {scan: report for scan, report in copies.items() if scan in new_ids}


def _verdict(row: dict[str, Any], is_duplicate: bool) -> Receipt:
    if row["problem"]:
        return Receipt.UNREADABLE
    return Receipt.DUPLICATE if is_duplicate else Receipt.LANDED


def _batches(home: Home) -> list[Path]:
    return sorted(home.receipts.glob("[0-9]*.parquet"))


def _last_batch(home: Home) -> int:
    return max((int(file.stem) for file in _batches(home)), default=0)
