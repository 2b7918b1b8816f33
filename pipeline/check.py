"""Judges files without loading them: landed, read and judged in a folder that is thrown away.

Where a home holds history, a file is judged beside the other returns of its period, as it would be in the night; files
that are checked together are not: each is judged by itself.
"""

import logging
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import polars as pl

from expectations.direct_validation import validate_directly
from pipeline import tables
from pipeline.cells.read import read_landed
from pipeline.cells.reading import ReadingResult
from pipeline.files.problems import FileProblem, problem
from pipeline.home import Home, vietnam_now
from pipeline.judged.judge import Judgement, judge, load_context
from pipeline.landing.blobs import blob_path
from pipeline.landing.receive import receive
from pipeline.landing.sidecar import is_sidecar
from pipeline.landing.walk import inbox_files, printable_path
from pipeline.marked.dossier import build_dossiers
from pipeline.marked.stage import mark_file
from pipeline.registry.home_register import registry_of
from pipeline.storage import read_tables
from pipeline.vocabulary import Receipt, Verdict

_LOG = logging.getLogger("thads.check")

LAST_BATCH = 1_000_000  # batch of a file under check: after everything that was landed


@dataclass(frozen=True)
class CheckResult:
    """What a check found: the submissions of a file with their verdicts, findings, and files that could not be read."""

    submissions: pl.DataFrame  # tables.SUBMISSIONS and verdict
    judgement: Judgement  # of these submissions only
    unreadable: pl.DataFrame  # source_ref, problem, problem_vi, problem_en
    cells: pl.DataFrame = field(default_factory=tables.CELLS.to_frame)  # all that was understood of the submissions
    marked: dict[str, bytes] = field(default_factory=dict)  # name -> workbook, of each return with findings

    @property
    def findings(self) -> pl.DataFrame:
        """Return what fails, as ``tables.FINDINGS``."""
        return self.judgement.findings

    @property
    def verdict(self) -> Verdict:
        """The worst verdict of what the file holds."""
        if not self.unreadable.is_empty() or self.submissions.is_empty():
            return Verdict.UNREADABLE
        verdicts = set(self.submissions["verdict"])
        ranking = (Verdict.RETURNED, Verdict.ACCEPTED_WITH_QUERY)
        return next((verdict for verdict in ranking if verdict in verdicts), Verdict.ACCEPTED)


def list_files(paths: Iterable[Path], warnings: list[str]) -> list[Path]:
    """Return the files that paths name: files as they are, folders walked like an inbox; ``warnings`` are added to."""
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            entries = inbox_files(path, Home(path / ".home"), warnings)
            files += [file for _, file in entries if not is_sidecar(file.name)]
        else:
            files.append(path)
    return list(dict.fromkeys(files))


def check_files(files: Iterable[Path], home: Home) -> Iterator[tuple[Path, CheckResult]]:
    """Judge files one after the other in this process, each by itself; nothing that one of them does stops the rest.

    A file that is not there, or over which we fail ourselves, is unreadable with its reason.
    """
    for file in files:
        yield file, _check_safely(file, home)


def _check_safely(file: Path, home: Home) -> CheckResult:
    name = printable_path(file.name)
    try:
        return check_file(file, home)
    except FileNotFoundError:
        return _unreadable_result(name, problem("no_file", file=name))
    except (KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException:  # a panic in native code is no Exception
        _LOG.debug("checking %s failed", name, exc_info=True)
        return _unreadable_result(name, problem("check_failed", file=name))


def _unreadable_result(source_ref: str, reason: FileProblem) -> CheckResult:
    """Return that a file could not be judged at all, and why."""
    row = {"source_ref": source_ref, "problem": reason.code, "problem_vi": reason.vi, "problem_en": reason.en}
    no_submissions = tables.SUBMISSIONS.to_frame().with_columns(verdict=pl.lit(None, pl.String))
    return CheckResult(no_submissions, Judgement.empty(), pl.DataFrame([row], schema=dict.fromkeys(row, pl.String)))


def check_file(file: Path, home: Home, *, mark: bool = False) -> CheckResult:
    """Judge ``file`` (workbook, CSV or zip) beside the history of ``home``; raises ``FileNotFoundError``.

    With ``mark`` each return with findings is also given back as an office would get it.
    """
    if not file.is_file():
        raise FileNotFoundError(f"there is no file at {file}")
    with tempfile.TemporaryDirectory(prefix="thads-check-") as folder:
        scratch = Home(Path(folder))
        landed = receive(file, scratch)
        # A file under check arrives now, whenever it was saved.
        read_landed(scratch, registry=registry_of(home), received_at=vietnam_now())
        reading = ReadingResult(
            *(
                read_tables(scratch.cells, name, schema)
                for name, schema in (
                    ("submissions", tables.SUBMISSIONS),
                    ("cells", tables.CELLS),
                    ("remarks", tables.REMARKS),
                )
            )
        )
        # For the gate it arrives now; what is said of it goes by the time that it bears.
        file_times = landed.receipts.select("receipt_id", pl.col("received_at").alias("borne"))
        submissions = reading.submissions.join(file_times, on="receipt_id", how="left", maintain_order="left")
        submissions = submissions.with_columns(pl.coalesce("borne", "received_at").alias("received_at")).drop("borne")
        reading = replace(reading, submissions=submissions)
        unreadable = pl.concat(
            [
                landed.receipts.filter(pl.col("verdict") == Receipt.UNREADABLE).rename({"path": "source_ref"}),
                reading.submissions.filter(~pl.col("is_readable")),
            ],
            how="diagonal",
        ).select("source_ref", "problem", "problem_vi", "problem_en")
        readable = reading.submissions.filter(pl.col("is_readable"))
        if readable.is_empty():
            return CheckResult(readable.with_columns(verdict=pl.lit(None, pl.String)), Judgement.empty(), unreadable)
        judgement = _judge_with_history(readable, reading, home, scratch).select_submissions(readable["submission_id"])
        marked_files = _mark_files(readable, judgement, scratch) if mark else {}
    verdicts = judgement.verdicts.select("submission_id", "verdict")
    return CheckResult(readable.join(verdicts, on="submission_id"), judgement, unreadable, reading.cells, marked_files)


def _judge_with_history(readable: pl.DataFrame, reading: ReadingResult, home: Home, scratch: Home) -> Judgement:
    history = read_tables(home.cells, "submissions", tables.SUBMISSIONS).filter(
        pl.col("is_readable"),
        pl.col("period_id").is_in(readable["period_id"].implode()),
        ~pl.col("submission_id").is_in(readable["submission_id"].implode()),
    )
    # Nobody has received it yet, so it cannot be late.
    new_submissions = readable.with_columns(batch=pl.lit(LAST_BATCH, pl.Int32), received_at=pl.lit(None, tables.TIME))
    all_submissions = pl.concat([history, new_submissions])
    readable_history = read_tables(home.cells, "submissions", tables.SUBMISSIONS).filter("is_readable")
    return judge(
        all_submissions,
        pl.concat(
            [read_tables(home.cells, "cells", tables.CELLS, submissions=history["submission_id"]), reading.cells]
        ),
        pl.concat(
            [read_tables(home.cells, "remarks", tables.REMARKS, submissions=history["submission_id"]), reading.remarks]
        ),
        database=scratch.root / "judging.duckdb",
        context=load_context(home, all_submissions, readable_history),
        registry=registry_of(home),
        validator=validate_directly,  # somebody waits; a night asks Great Expectations
    )


def _mark_files(readable: pl.DataFrame, judgement: Judgement, scratch: Home) -> dict[str, bytes]:
    all_dossiers = build_dossiers(
        readable, judgement.verdicts, judgement.findings, judgement.causes, judgement.cause_findings
    )
    files: dict[str, bytes] = {}
    for dossier in all_dossiers:
        if dossier.causes:
            name, content, _ = mark_file(blob_path(scratch, dossier.submission["sha256"]), dossier)
            # Two reports of one CSV, or two files of one name in a zip.
            unique_name = name if name not in files else f"{dossier.submission['submission_id'][:8]}.{name}"
            files[unique_name] = content
    return files
