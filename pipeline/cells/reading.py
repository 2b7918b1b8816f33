"""What reading one kind of file yields, and the identities that all kinds share."""

import hashlib
from dataclasses import dataclass, field, fields

import polars as pl

from pipeline import tables
from pipeline.cells.submission import Submission
from pipeline.files.problems import FileProblem


@dataclass(frozen=True)
class ReadingResult:
    """Submissions, their cells, remarks and breakdowns of the reader, as in ``pipeline.tables``."""

    submissions: pl.DataFrame
    cells: pl.DataFrame
    remarks: pl.DataFrame
    breakdowns: pl.DataFrame = field(default_factory=tables.BREAKDOWNS.to_frame)

    @classmethod
    def empty(cls) -> "ReadingResult":
        """Return a reading of no file at all."""
        return cls(
            pl.DataFrame(schema=tables.SUBMISSIONS),
            pl.DataFrame(schema=tables.CELLS),
            pl.DataFrame(schema=tables.REMARKS),
        )

    @classmethod
    def concatenate(cls, readings: list["ReadingResult"]) -> "ReadingResult":
        """Concatenate readings, table by table."""
        parts = [cls.empty(), *readings]
        return cls(*(pl.concat([getattr(part, table.name) for part in parts]) for table in fields(cls)))


def submission_id(sha256: str, report: str = "") -> str:
    """Return the identity of one version of one report: from the file's bytes and the report within the file."""
    return hashlib.sha256(f"{sha256}/{report}".encode()).hexdigest()[:16]


def report_key(*parts: str | None) -> str:
    """Return the key of a report within its file; different parts give different keys."""
    return "|".join((part or "").replace("\\", "\\\\").replace("|", "\\|") for part in parts)


def report_id(origin: str, unit_key: str, scope: str, period_id: str, *, is_simulated: bool = False) -> str:
    """Return the identity of a report across its versions."""
    return "/".join(("simulated" if is_simulated else origin, unit_key, scope, period_id))


def refused_reading(receipt: dict, problem: FileProblem, cause: str | None = None) -> ReadingResult:
    """Return the reading of a file that is refused; ``cause`` is of what broke its reader."""
    row = unreadable_row(receipt, problem.code, problem.vi, problem.en)
    empty = ReadingResult.empty()
    breakdowns = [(row["submission_id"], problem.code, cause)] if cause is not None else []
    return ReadingResult(
        pl.DataFrame([row], schema=tables.SUBMISSIONS),
        empty.cells,
        empty.remarks,
        pl.DataFrame(breakdowns, schema=tables.BREAKDOWNS, orient="row"),
    )


def unreadable_row(receipt: dict, problem: str, vi: str, en: str) -> dict:
    """Return the submission row of a file that could not be read."""
    submission = Submission.from_file(receipt, submission_id(receipt["sha256"]))
    return submission.with_changes(is_readable=False, problem=problem, problem_vi=vi, problem_en=en).row()
