"""Files, and folders of Parquet, that are there whole or not at all."""

import hashlib
import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import polars as pl

from pipeline.home import Home

#: Next to the files of a folder: a hash of their content, so that nobody need read them to compare.
CONTENT = "content.txt"


def write_atomically(path: Path, write: Callable[[Path], object], *, writer: str = "") -> None:
    """Have ``write`` fill a temporary file, then rename it to ``path``: readers see all of it or nothing.

    The temporary name is fixed, so what a killed load leaves behind is overwritten by the next; where several processes
    may write the same file, each names itself as the ``writer``.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}{writer}.tmp")
    write(temporary)
    with temporary.open("rb") as stream:
        os.fsync(stream.fileno())
    os.replace(temporary, path)


def commit_folder(home: Home, folder: Path, frames: Mapping[str, pl.DataFrame], *, fingerprint: str) -> None:
    """Write ``frames`` as ``<name>.parquet`` into ``folder``, as ``commit_files`` does, with a hash of them."""

    def write(scratch: Path) -> None:
        for name, frame in frames.items():
            frame.write_parquet(scratch / f"{name}.parquet")
        (scratch / CONTENT).write_text(_hash_of(scratch))

    _commit(home, folder, write, fingerprint)


def commit_files(home: Home, folder: Path, files: Mapping[str, bytes], *, fingerprint: str) -> None:
    """Write files by name into ``folder``, replacing what was there in one rename.

    ``fingerprint`` says what the content was made from. Killed before the rename, the old folder (or none) stays.
    """

    def write(scratch: Path) -> None:
        for name, content in files.items():
            (scratch / name).write_bytes(content)

    _commit(home, folder, write, fingerprint)


def _commit(home: Home, folder: Path, write: Callable[[Path], None], fingerprint: str) -> None:
    fingerprint_file = folder / "fingerprint.txt"
    if fingerprint_file.exists() and fingerprint_file.read_text() == fingerprint:
        return
    scratch = home.root / "scratch" / f"{folder.parent.name}-{folder.name}"
    replaced_folder = scratch.with_name(f"{scratch.name}-old")
    for leftover in (scratch, replaced_folder):
        shutil.rmtree(leftover, ignore_errors=True)
    scratch.mkdir(parents=True)
    write(scratch)
    (scratch / "fingerprint.txt").write_text(fingerprint)
    folder.parent.mkdir(parents=True, exist_ok=True)
    if folder.exists():
        folder.rename(replaced_folder)
    scratch.rename(folder)
    shutil.rmtree(replaced_folder, ignore_errors=True)


def read_tables(root: Path, name: str, schema: pl.Schema, *, submissions: pl.Series | None = None) -> pl.DataFrame:
    """Read ``<root>/*/<name>.parquet`` of all folders, or only the rows of these ``submissions``, from where they are."""
    folders = batches_of(root, submissions) if submissions is not None else sorted(root.glob("*/"))
    paths = [path for folder in folders if (path := folder / f"{name}.parquet").exists()]
    if not paths:
        return pl.DataFrame(schema=schema)
    # Files of an earlier version lack the columns added since, until a load makes them again.
    lazy = pl.scan_parquet(paths, schema=schema, missing_columns="insert", extra_columns="ignore")
    if submissions is not None:
        lazy = lazy.filter(pl.col("submission_id").is_in(submissions.implode()))
    return lazy.collect()


def batches_of(cells: Path, submissions: pl.Series) -> list[Path]:
    """Return the folders of ``cells`` that hold these submissions, without reading any cells."""
    paths = sorted(cells.glob("*/submissions.parquet"))
    if not paths:
        return []
    rows = pl.scan_parquet(paths, include_file_paths="path").select("path", "submission_id")
    matching_paths = rows.filter(pl.col("submission_id").is_in(submissions.implode())).collect()["path"].unique().sort()
    return [Path(path).parent for path in matching_paths]


def content_hash(folder: Path) -> str:
    """Return a hash of the Parquet files of a folder, as written next to them, else computed; "" without a folder."""
    hash_file = folder / CONTENT
    return hash_file.read_text() if hash_file.exists() else _hash_of(folder) if folder.exists() else ""


def _hash_of(folder: Path) -> str:
    digest = hashlib.sha256()
    for file in sorted(folder.glob("*.parquet")):
        digest.update(file.name.encode() + b"\0")
        with file.open("rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest())
    return digest.hexdigest()


def hash_of_files(root: Path, files: Iterable[Path]) -> str:
    """Return a hash of the names below ``root`` and the contents of those of ``files`` that are files."""
    digest = hashlib.sha256()
    for file in sorted(file for file in files if file.is_file()):
        digest.update(file.relative_to(root).as_posix().encode() + b"\0")
        with file.open("rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest())
    return digest.hexdigest()


def broken_files(root: Path) -> list[Path]:
    """Return the Parquet files below ``root`` that are not whole: cut off, emptied, or something else by that name."""
    return [path for path in sorted(root.rglob("*.parquet")) if path.is_file() and not _is_whole(path)]


def _is_whole(path: Path) -> bool:
    try:
        pl.read_parquet_schema(path)
    except (pl.exceptions.PolarsError, OSError):
        return False
    return True
