"""``thads set-aside``: lists what is kept out of the figures, keeps something out, lets it in again."""

import json
from dataclasses import asdict
from pathlib import Path

import polars as pl
from rich.text import Text

from pipeline import tables
from pipeline.cells import quarantine
from pipeline.cells.quarantine import QuarantineEntry
from pipeline.cli.alerts import author
from pipeline.cli.terminal import err, out
from pipeline.home import Home, open_home
from pipeline.landing.receive import read_receipts
from pipeline.lock import HomeIsBusy, one_writer
from pipeline.storage import read_tables
from pipeline.vocabulary import Receipt

FEWEST_LETTERS = 8
NEXT_LOAD = "Có hiệu lực từ lần nạp sau · It holds from the next load on"


def show_entries(home: Path | None, *, every: bool, as_json: bool) -> int:
    """Print what is set aside; return the exit code."""
    shown = [entry for entry in quarantine.entries(open_home(home)) if every or entry.is_active]
    if as_json:
        print(json.dumps([asdict(entry) for entry in shown], ensure_ascii=False))
        return 0
    if not shown:
        out.print(Text("Không có gì để riêng · Nothing is set aside", style="dim"))
    for entry in shown:
        _tell(entry)
    return 0


def add(what: str, reason: str, by: str | None, home: Path | None, *, as_json: bool) -> int:
    """Set one file or submission aside; return the exit code: 2 where ``what`` names none, or several."""
    opened = open_home(home)
    named = _landed(opened, what)
    if len(named) != 1:
        return _cannot(_which(what, [f"{path}  {submission or sha256[:12]}" for sha256, submission, path in named]))
    ((sha256, submission, path),) = named
    try:
        with one_writer(opened, patience=0):
            entry = quarantine.set_aside(
                opened, sha256=sha256, submission_id=submission, source_ref=path, reason=reason, actor=author(by)
            )
    except HomeIsBusy as busy:
        return _cannot(str(busy))
    return _done(entry, as_json=as_json)


def let_in(what: str, reason: str | None, by: str | None, home: Path | None, *, as_json: bool) -> int:
    """End one entry; return the exit code: 2 where ``what`` names none, or several."""
    opened = open_home(home)
    named = [entry for entry in quarantine.entries(opened) if entry.is_active and _names(entry, what)]
    if len(named) != 1:
        return _cannot(_which(what, [f"{entry.entry_id}  {entry.source_ref}" for entry in named]))
    try:
        with one_writer(opened, patience=0):
            quarantine.release(opened, named[0], actor=author(by), reason=reason)
    except HomeIsBusy as busy:
        return _cannot(str(busy))
    ended = next(entry for entry in quarantine.entries(opened) if entry.entry_id == named[0].entry_id)
    return _done(ended, as_json=as_json)


def _landed(home: Home, what: str) -> list[tuple[str, str | None, str]]:
    """Return (sha256, submission or None for the whole file, path) of what is called so."""
    submissions = read_tables(home.cells, "submissions", tables.SUBMISSIONS)
    by_id = submissions.filter(_begins("submission_id", what)).select("sha256", "submission_id", "source_ref")
    if not by_id.is_empty():
        return [(str(sha), str(one), str(path)) for sha, one, path in by_id.unique("submission_id").rows()]
    receipts = read_receipts(home).filter(pl.col("verdict") == str(Receipt.LANDED), pl.col("media") != "zip")
    files = receipts.filter((pl.col("path") == what) | (pl.col("file_name") == what) | _begins("sha256", what))
    return [
        (sha, None, path) for sha, path in files.unique("sha256", maintain_order=True).select("sha256", "path").rows()
    ]


def _begins(column: str, what: str) -> pl.Expr:
    return pl.col(column).str.starts_with(what) if len(what) >= FEWEST_LETTERS else pl.lit(False)


def _names(entry: QuarantineEntry, what: str) -> bool:
    ids = [entry.entry_id, entry.sha256, entry.submission_id or ""]
    by_id = len(what) >= FEWEST_LETTERS and any(identity.startswith(what) for identity in ids)
    return by_id or what in (entry.source_ref, entry.source_ref.rpartition("/")[2])


def _which(what: str, named: list[str]) -> str:
    if not named:
        return f"nothing is called {what!r} here; give a file name, a path, a submission id or a SHA-256"
    listed = "\n  ".join(named[:20])
    return f"{what!r} names {len(named)}; give the id or the path of one:\n  {listed}"


def _cannot(why: str) -> int:
    err.print(Text(f"thads set-aside: {why}"))
    return 2


def _done(entry: QuarantineEntry, *, as_json: bool) -> int:
    if as_json:
        print(json.dumps(asdict(entry), ensure_ascii=False))
    else:
        _tell(entry)
        out.print(Text(NEXT_LOAD, style="dim"))
    return 0


def _tell(entry: QuarantineEntry) -> None:
    whole = entry.submission_id or "cả tệp · whole file"
    out.print(Text.assemble((entry.entry_id, "bold"), f"  {entry.source_ref}  ({whole})"))
    out.print(Text(f"  {entry.set_aside_at}  {entry.set_aside_by}: {entry.reason}"))
    if entry.cause:
        out.print(Text(f"  {entry.cause}", style="dim"))
    if not entry.is_active:
        why = f": {entry.release_reason}" if entry.release_reason else ""
        out.print(Text(f"  đã cho lại vào · released {entry.released_at}  {entry.released_by}{why}", style="green"))
