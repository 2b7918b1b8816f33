"""Writes the marked file of every return that does not add up, once a version: ``marked/<period>/<submission_id>/``.

What is written is a function of the landed bytes and of what was judged; a fingerprint of a period tells whether
anything of it was judged anew. Killed at any instant, the next call does what is missing.
"""

import hashlib
import json
import re
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import polars as pl

from pipeline import tables
from pipeline.files.guard import skip_failure
from pipeline.files.media import ZIP_HEADERS
from pipeline.home import Home
from pipeline.judged.validation_report import as_json, validation_report
from pipeline.landing.blobs import blob_path
from pipeline.marked import words
from pipeline.marked.beside import report_beside
from pipeline.marked.dossier import Dossier, dossiers
from pipeline.marked.parts import Unmarkable
from pipeline.marked.workbook import marked_workbook
from pipeline.storage import commit_files, read_tables, write_atomically
from pipeline.vocabulary import Verdict

#: Changes when marked files look different: all are made again.
MADE_BY = "3"
TOLD = [str(Verdict.RETURNED), str(Verdict.ACCEPTED_WITH_QUERY)]
LONGEST_NAME = 80
#: The findings for machines, beside the marked file.
REPORT = "validation.json"


@dataclass
class Marked:
    """What one call of :func:`write_marked` did."""

    paths: list[Path] = field(default_factory=list)
    beside: int = 0  # of them, reports beside a file that is not marked itself
    left_out: list[str] = field(default_factory=list)  # files that could not be marked, and why


def marked_path(home: Home, submission_id: str) -> Path | None:
    """Return the file to send to the office that sent this version, None where there is none.

    It is the office's own workbook, marked, or a workbook of findings beside a CSV, a text or a workbook that could not be
    marked; always ``.xlsx``, named after the office's file. There is one for every version that was returned or queried
    when it was the last of its report; none for files that could not be read.
    """
    found = sorted(home.marked.glob(f"*/{submission_id}/*.xlsx"))
    return found[0] if found else None


def write_marked(home: Home) -> Marked:
    """Write the files of the last versions that were returned or queried and have none yet."""
    done = Marked()
    for folder in sorted(path.parent for path in home.judged.glob("*/fingerprint.txt")):
        judged = (folder / "fingerprint.txt").read_text() + MADE_BY
        mark = home.marked / folder.name / "fingerprint.txt"
        if mark.exists() and mark.read_text() == judged:
            continue
        told = _dossiers_of(home, folder)
        outcomes = pl.read_parquet(folder / "outcomes.parquet") if told else pl.DataFrame(schema=tables.OUTCOMES)
        failed = len(done.left_out)
        for dossier in told:
            of_return = outcomes.filter(pl.col("submission_id") == dossier.submission["submission_id"])
            with skip_failure(done.left_out, str(dossier.submission["source_ref"])):
                _write(home, folder.name, dossier, of_return, done)
        if len(done.left_out) == failed:
            write_atomically(mark, partial(Path.write_text, data=judged))
    return done


def marked_file(path: Path, dossier: Dossier) -> tuple[str, bytes, bool]:
    """Return name and content of what the office gets for its file, and whether it stands beside it."""
    stem = _safe(Path(dossier.submission["file_name"] or path.name).stem)
    with path.open("rb") as stream:
        if not stream.read(4).startswith(ZIP_HEADERS):
            return f"{stem}.{words.BESIDE}.xlsx", report_beside(path, dossier), True
    try:
        return f"{stem}.{words.MARKED}.xlsx", marked_workbook(path, dossier), False
    except Unmarkable as reason:
        return f"{stem}.{words.BESIDE}.xlsx", report_beside(path, dossier, (reason.vi, reason.en)), True


def _safe(stem: str) -> str:
    """Return a file's name without what a mail program, a shell or a file system may take amiss."""
    return re.sub(r"[^\w.()-]+", "_", stem)[:LONGEST_NAME].strip("._") or "tep"


def _write(home: Home, period: str, dossier: Dossier, outcomes: pl.DataFrame, done: Marked) -> None:
    said = dossier.submission
    folder = home.marked / period / said["submission_id"]
    made_from = json.dumps([MADE_BY, dossier.verdict, dossier.version, dossier.silenced, dossier.causes], default=str)
    fingerprint = hashlib.sha256(made_from.encode()).hexdigest()
    if (folder / "fingerprint.txt").exists() and (folder / "fingerprint.txt").read_text() == fingerprint:
        return
    name, content, is_beside = marked_file(blob_path(home, said["sha256"]), dossier)
    report = as_json(validation_report(said, dossier.findings, outcomes.to_dicts(), trigger="load"))
    commit_files(home, folder, {name: content, REPORT: report.encode()}, fingerprint=fingerprint)
    done.paths.append(folder / name)
    done.beside += is_beside


def _dossiers_of(home: Home, folder: Path) -> list[Dossier]:
    """Return what is told of a period: of the last version of each report, where it was returned or queried."""
    frames = {
        name: pl.read_parquet(folder / f"{name}.parquet")
        for name in ("verdicts", "findings", "causes", "cause_findings")
    }
    told = frames["verdicts"].filter(pl.col("verdict").is_in(TOLD))
    if told.is_empty():
        return []
    superseded = frames["verdicts"]["supersedes"].drop_nulls()
    told = told.filter(~pl.col("submission_id").is_in(superseded.implode()))
    submissions = read_tables(home.cells, "submissions", tables.SUBMISSIONS, submissions=told["submission_id"]).unique(
        "submission_id", keep="first", maintain_order=True
    )
    return list(dossiers(submissions, **frames))
