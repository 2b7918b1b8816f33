"""Folders of Parquet that are there whole or not at all."""

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import polars as pl

from pipeline.home import Home


def commit_folder(home: Home, folder: Path, frames: Mapping[str, pl.DataFrame], *, fingerprint: str) -> None:
    """Write ``frames`` as ``<name>.parquet`` into ``folder``, as ``commit_files`` does."""

    def write(building: Path) -> None:
        for name, frame in frames.items():
            frame.write_parquet(building / f"{name}.parquet")

    _commit(home, folder, write, fingerprint)


def commit_files(home: Home, folder: Path, files: Mapping[str, bytes], *, fingerprint: str) -> None:
    """Write files by name into ``folder``, replacing what was there in one rename.

    ``fingerprint`` says what the content was made from. Killed before the rename, the old folder (or none) stays.
    """

    def write(building: Path) -> None:
        for name, content in files.items():
            (building / name).write_bytes(content)

    _commit(home, folder, write, fingerprint)


def _commit(home: Home, folder: Path, write: Callable[[Path], None], fingerprint: str) -> None:
    marked = folder / "fingerprint.txt"
    if marked.exists() and marked.read_text() == fingerprint:
        return
    building = home.root / "scratch" / f"{folder.parent.name}-{folder.name}"
    leaving = building.with_name(f"{building.name}-old")
    for rest in (building, leaving):
        shutil.rmtree(rest, ignore_errors=True)
    building.mkdir(parents=True)
    write(building)
    (building / "fingerprint.txt").write_text(fingerprint)
    folder.parent.mkdir(parents=True, exist_ok=True)
    if folder.exists():
        folder.rename(leaving)
    building.rename(folder)
    shutil.rmtree(leaving, ignore_errors=True)


def read_tables(root: Path, name: str, schema: pl.Schema, *, of: pl.Series | None = None) -> pl.DataFrame:
    """Read ``<root>/*/<name>.parquet`` of all folders, or only the rows ``of`` these submissions."""
    paths = sorted(root.glob(f"*/{name}.parquet"))
    if not paths:
        return pl.DataFrame(schema=schema)
    lazy = pl.scan_parquet(paths)
    if of is not None:
        lazy = lazy.filter(pl.col("submission_id").is_in(of.implode()))
    return lazy.collect()
