"""Writes the marked file of every return that does not add up, once per version: ``marked/<period>/<submission_id>/``.

What is written is a function of the landed bytes and of the judgement; the fingerprint of a period tells whether
anything of it was judged again. Killed at any instant, the next call does what is missing.
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
from pipeline.marked.companion_report import companion_report
from pipeline.marked.dossier import Dossier, build_dossiers
from pipeline.marked.parts import Unmarkable
from pipeline.marked.workbook import mark_workbook
from pipeline.storage import commit_files, read_tables, write_atomically
from pipeline.vocabulary import Verdict

#: Raise it when marked files are to look different: all are made again.
LAYOUT_VERSION = "3"
VERDICTS = [str(Verdict.RETURNED), str(Verdict.ACCEPTED_WITH_QUERY)]
LONGEST_NAME = 80
#: The findings for machines, in the folder of the marked file.
REPORT = "validation.json"


@dataclass
class MarkingResult:
    """What one call of :func:`write_marked` did."""

    paths: list[Path] = field(default_factory=list)
    companion_reports: int = 0  # of them, reports on a file that is not marked itself
    left_out: list[str] = field(default_factory=list)  # files that could not be marked, and why


def marked_path(home: Home, submission_id: str) -> Path | None:
    """Return the file to send to the office that sent this version, None where there is none.

    It is the office's own workbook, marked, or a separate workbook of findings on a CSV, a text or a workbook that could
    not be marked; always ``.xlsx``, named after the office's file. There is one for every version that was returned or
    queried when it was the last of its report; none for files that could not be read.
    """
    paths = sorted(home.marked.glob(f"*/{submission_id}/*.xlsx"))
    return paths[0] if paths else None


def write_marked(home: Home) -> MarkingResult:
    """Write the files of the last versions that were returned or queried and have none yet."""
    result = MarkingResult()
    for folder in sorted(path.parent for path in home.judged.glob("*/fingerprint.txt")):
        fingerprint = (folder / "fingerprint.txt").read_text() + LAYOUT_VERSION
        fingerprint_path = home.marked / folder.name / "fingerprint.txt"
        if fingerprint_path.exists() and fingerprint_path.read_text() == fingerprint:
            continue
        dossiers = _dossiers_of(home, folder)
        outcomes = pl.read_parquet(folder / "outcomes.parquet") if dossiers else pl.DataFrame(schema=tables.OUTCOMES)
        failure_count = len(result.left_out)
        for dossier in dossiers:
            submission_outcomes = outcomes.filter(pl.col("submission_id") == dossier.submission["submission_id"])
            with skip_failure(result.left_out, str(dossier.submission["source_ref"])):
                _write(home, folder.name, dossier, submission_outcomes, result)
        if len(result.left_out) == failure_count:
            write_atomically(fingerprint_path, partial(Path.write_text, data=fingerprint))
    return result


def mark_file(path: Path, dossier: Dossier) -> tuple[str, bytes, bool]:
    """Return name and content of what the office gets for its file, and whether that is a companion report."""
    stem = _safe_name(Path(dossier.submission["file_name"] or path.name).stem)
    with path.open("rb") as stream:
        if not stream.read(4).startswith(ZIP_HEADERS):
            return f"{stem}.{words.REPORT_SUFFIX}.xlsx", companion_report(path, dossier), True
    try:
        return f"{stem}.{words.MARKED_SUFFIX}.xlsx", mark_workbook(path, dossier), False
    except Unmarkable as reason:
        return f"{stem}.{words.REPORT_SUFFIX}.xlsx", companion_report(path, dossier, (reason.vi, reason.en)), True


def _safe_name(stem: str) -> str:
    """Return a file's name without characters that a mail program, a shell or a file system may not accept."""
    return re.sub(r"[^\w.()-]+", "_", stem)[:LONGEST_NAME].strip("._") or "tep"


def _write(home: Home, period: str, dossier: Dossier, outcomes: pl.DataFrame, result: MarkingResult) -> None:
    submission = dossier.submission
    folder = home.marked / period / submission["submission_id"]
    inputs = json.dumps(
        [LAYOUT_VERSION, dossier.verdict, dossier.version, dossier.silenced, dossier.causes], default=str
    )
    fingerprint = hashlib.sha256(inputs.encode()).hexdigest()
    if (folder / "fingerprint.txt").exists() and (folder / "fingerprint.txt").read_text() == fingerprint:
        return
    name, content, is_companion = mark_file(blob_path(home, submission["sha256"]), dossier)
    report = as_json(validation_report(submission, dossier.findings, outcomes.to_dicts(), trigger="load"))
    commit_files(home, folder, {name: content, REPORT: report.encode()}, fingerprint=fingerprint)
    result.paths.append(folder / name)
    result.companion_reports += is_companion


def _dossiers_of(home: Home, folder: Path) -> list[Dossier]:
    """Return the dossiers of a period: of the last version of each report, where it was returned or queried."""
    frames = {
        name: pl.read_parquet(folder / f"{name}.parquet")
        for name in ("verdicts", "findings", "causes", "cause_findings")
    }
    verdicts = frames["verdicts"].filter(pl.col("verdict").is_in(VERDICTS))
    if verdicts.is_empty():
        return []
    superseded = frames["verdicts"]["supersedes"].drop_nulls()
    verdicts = verdicts.filter(~pl.col("submission_id").is_in(superseded.implode()))
    submissions = read_tables(
        home.cells, "submissions", tables.SUBMISSIONS, submissions=verdicts["submission_id"]
    ).unique("submission_id", keep="first", maintain_order=True)
    return list(build_dossiers(submissions, **frames))
