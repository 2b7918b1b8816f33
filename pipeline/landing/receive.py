"""Lands an inbox: keeps the bytes of what is new and writes one file of receipts, whose rename is the commit."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import polars as pl

from pipeline.home import Home, vietnam_now
from pipeline.tables import RECEIPTS
from pipeline.vocabulary import Receipt

from .arrivals import Arrival, Reception, files_in
from .blobs import blob_path, write_whole
from .sidecar import SIDECAR, is_sidecar, vietnam_time

__all__ = ["Landed", "blob_path", "read_receipts", "receive"]

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Landed:
    """What one load landed; ``batch`` is None when nothing was new."""

    batch: int | None
    receipts: pl.DataFrame  # tables.RECEIPTS, the new ones only
    already_landed: int  # files that an earlier load had landed with the same bytes
    warnings: list[str]

    def count(self, verdict: Receipt) -> int:
        """Return how many of the new receipts have this verdict."""
        return self.receipts.filter(pl.col("verdict") == verdict).height

    def problems(self) -> list[tuple[str, str, str]]:
        """Return path, code and sentence of each new file with which something is wrong."""
        return self.receipts.drop_nulls("problem").select("path", "problem", "problem_en").rows()


def receive(inbox: Path, home: Home, *, now: datetime | None = None, progress: Progress | None = None) -> Landed:
    """Land what is new in an inbox, a folder or a single file, and leave the inbox as it is.

    Killed at any instant before the receipts are renamed into place, nothing has landed and the next load lands the
    same files. ``progress`` is told (files done, files in all). Raises ``FileNotFoundError`` without an inbox.
    """
    if not inbox.exists():
        raise FileNotFoundError(f"there is no inbox at {inbox}; create the folder or name another one")
    earlier = read_receipts(home)
    reception = Reception(
        home=home,
        now=vietnam_time(now) if now else vietnam_now(),
        known=set(earlier["receipt_id"]),
    )
    files = files_in(inbox, home, reception.warnings)
    _heed_sidecars(reception, inbox, files)
    reports = [(path, file) for path, file in files if not is_sidecar(file.name)]
    for done, (path, file) in enumerate(reports, start=1):
        reception.take_file(path, file)
        if progress:
            progress(done, len(reports))

    if not reception.arrivals:
        return Landed(None, RECEIPTS.to_frame(), reception.already_landed, reception.warnings)
    batch = _last_batch(home) + 1
    receipts = _receipts(reception.arrivals, earlier, batch)
    write_whole(home.receipts / f"{batch:06}.parquet", receipts.write_parquet)
    return Landed(batch, receipts, reception.already_landed, reception.warnings)


def read_receipts(home: Home) -> pl.DataFrame:
    """Return the receipts of all batches (``tables.RECEIPTS``), none when nothing has landed."""
    files = _batches(home)
    return pl.read_parquet(files) if files else RECEIPTS.to_frame()


def _heed_sidecars(reception: Reception, inbox: Path, files: list[tuple[str, Path]]) -> None:
    sidecars = [(path, file) for path, file in files if is_sidecar(file.name)]
    if inbox.is_file() and (beside := inbox.with_name(SIDECAR)).is_file():
        sidecars.append((SIDECAR, beside))
    # The folder nearest to a file knows best, so it comes last.
    for path, file in sorted(sidecars, key=lambda pair: pair[0].count("/")):
        try:
            reception.heed(file.read_bytes(), path)
        except OSError as error:
            reception.warnings.append(f"{path}: {error.strerror}; file times are used instead")


def _receipts(arrivals: list[Arrival], earlier: pl.DataFrame, batch: int) -> pl.DataFrame:
    """Return the receipts of a batch in order of arrival: the first file with some bytes is the one that landed."""
    landed = earlier.filter(pl.col("verdict") == Receipt.LANDED)
    first = dict(landed.select("sha256", "receipt_id").iter_rows())
    rows = []
    for arrival in sorted(arrivals, key=lambda arrival: (arrival.received_at, arrival.path)):
        original = None if arrival.problem else first.setdefault(str(arrival.sha256), arrival.receipt_id)
        is_duplicate = original not in (None, arrival.receipt_id)
        rows.append(
            {
                "receipt_id": arrival.receipt_id,
                "batch": batch,
                "path": arrival.path,
                "file_name": arrival.path.rpartition("/")[2],
                "sha256": arrival.sha256,
                "size_bytes": arrival.size_bytes,
                "media": arrival.media.value,
                "received_at": arrival.received_at,
                "verdict": _verdict(arrival, is_duplicate).value,
                "duplicate_of": original if is_duplicate else None,
                "problem": arrival.problem.code if arrival.problem else None,
                "problem_vi": arrival.problem.vi if arrival.problem else None,
                "problem_en": arrival.problem.en if arrival.problem else None,
            }
        )
    return pl.DataFrame(rows, schema=RECEIPTS)


def _verdict(arrival: Arrival, is_duplicate: bool) -> Receipt:
    if arrival.problem:
        return Receipt.UNREADABLE
    return Receipt.DUPLICATE if is_duplicate else Receipt.LANDED


def _batches(home: Home) -> list[Path]:
    return sorted(home.receipts.glob("[0-9]*.parquet"))


def _last_batch(home: Home) -> int:
    return max((int(file.stem) for file in _batches(home)), default=0)
