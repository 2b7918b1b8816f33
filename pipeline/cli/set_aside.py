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


def show_entries(home: Path | None, *, with_released: bool, as_json: bool) -> int:
    """Print what is set aside; return the exit code."""
    entries = [entry for entry in quarantine.entries(open_home(home)) if with_released or entry.is_active]
    if as_json:
        print(json.dumps([asdict(entry) for entry in entries], ensure_ascii=False))
        return 0
    if not entries:
        out.print(Text("Không có gì để riêng · Nothing is set aside", style="dim"))
    for entry in entries:
        _print_entry(entry)
    return 0


def add(name: str, reason: str, user: str | None, home: Path | None, *, as_json: bool) -> int:
    """Set one file or submission aside; return the exit code: 2 where ``name`` fits none, or several."""
    opened_home = open_home(home)
    matches = _find_landed(opened_home, name)
    if len(matches) != 1:
        return _refuse(_choices(name, [f"{path}  {submission or sha256[:12]}" for sha256, submission, path in matches]))
    ((sha256, submission, path),) = matches
    try:
        with one_writer(opened_home, patience=0):
            entry = quarantine.set_aside(
                opened_home, sha256=sha256, submission_id=submission, source_ref=path, reason=reason, actor=author(user)
            )
    except HomeIsBusy as busy:
        return _refuse(str(busy))
    return _print_change(entry, as_json=as_json)


def let_in(name: str, reason: str | None, user: str | None, home: Path | None, *, as_json: bool) -> int:
    """End one entry; return the exit code: 2 where ``name`` fits none, or several."""
    opened_home = open_home(home)
    matches = [entry for entry in quarantine.entries(opened_home) if entry.is_active and _is_called(entry, name)]
    if len(matches) != 1:
        return _refuse(_choices(name, [f"{entry.entry_id}  {entry.source_ref}" for entry in matches]))
    try:
        with one_writer(opened_home, patience=0):
            quarantine.release(opened_home, matches[0], actor=author(user), reason=reason)
    except HomeIsBusy as busy:
        return _refuse(str(busy))
    released = next(entry for entry in quarantine.entries(opened_home) if entry.entry_id == matches[0].entry_id)
    return _print_change(released, as_json=as_json)


def _find_landed(home: Home, name: str) -> list[tuple[str, str | None, str]]:
    """Return (sha256, submission or None for the whole file, path) of what is called so."""
    submissions = read_tables(home.cells, "submissions", tables.SUBMISSIONS)
    by_id = submissions.filter(_starts_with("submission_id", name)).select("sha256", "submission_id", "source_ref")
    if not by_id.is_empty():
        return [(str(sha), str(one), str(path)) for sha, one, path in by_id.unique("submission_id").rows()]
    receipts = read_receipts(home).filter(pl.col("verdict") == str(Receipt.LANDED), pl.col("media") != "zip")
    files = receipts.filter((pl.col("path") == name) | (pl.col("file_name") == name) | _starts_with("sha256", name))
    return [
        (sha, None, path) for sha, path in files.unique("sha256", maintain_order=True).select("sha256", "path").rows()
    ]


def _starts_with(column: str, prefix: str) -> pl.Expr:
    return pl.col(column).str.starts_with(prefix) if len(prefix) >= FEWEST_LETTERS else pl.lit(False)


def _is_called(entry: QuarantineEntry, name: str) -> bool:
    ids = [entry.entry_id, entry.sha256, entry.submission_id or ""]
    by_id = len(name) >= FEWEST_LETTERS and any(identity.startswith(name) for identity in ids)
    return by_id or name in (entry.source_ref, entry.source_ref.rpartition("/")[2])


def _choices(name: str, matches: list[str]) -> str:
    if not matches:
        return f"nothing is called {name!r} here; give a file name, a path, a submission id or a SHA-256"
    listing = "\n  ".join(matches[:20])
    return f"{name!r} names {len(matches)}; give the id or the path of one:\n  {listing}"


def _refuse(reason: str) -> int:
    err.print(Text(f"thads set-aside: {reason}"))
    return 2


def _print_change(entry: QuarantineEntry, *, as_json: bool) -> int:
    if as_json:
        print(json.dumps(asdict(entry), ensure_ascii=False))
    else:
        _print_entry(entry)
        out.print(Text(NEXT_LOAD, style="dim"))
    return 0


def _print_entry(entry: QuarantineEntry) -> None:
    target = entry.submission_id or "cả tệp · whole file"
    out.print(Text.assemble((entry.entry_id, "bold"), f"  {entry.source_ref}  ({target})"))
    out.print(Text(f"  {entry.set_aside_at}  {entry.set_aside_by}: {entry.reason}"))
    if entry.cause:
        out.print(Text(f"  {entry.cause}", style="dim"))
    if not entry.is_active:
        reason = f": {entry.release_reason}" if entry.release_reason else ""
        out.print(Text(f"  đã cho lại vào · released {entry.released_at}  {entry.released_by}{reason}", style="green"))
