"""One submission: one version of one report, or a file that could not be read. A row of ``tables.SUBMISSIONS``."""

from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Any

from pipeline.vocabulary import Origin, Vintage


@dataclass(frozen=True)
class Submission:
    """A row of ``tables.SUBMISSIONS``, a field for each column."""

    submission_id: str
    receipt_id: str
    batch: int
    source_ref: str
    file_name: str
    sha256: str
    received_at: datetime | None
    origin: str = str(Origin.SUBMITTED)
    is_simulated: bool = False
    vintage: str = str(Vintage.REPORTED)
    report_id: str | None = None
    unit_key: str | None = None
    unit_text: str | None = None
    scope: str | None = None
    period_id: str | None = None
    period_start: date | None = None
    period_end: date | None = None
    regime: str | None = None
    revision: int | None = None
    reason: str | None = None
    signer: str | None = None
    in_answer_to: str | None = None
    is_readable: bool = True
    problem: str | None = None
    problem_vi: str | None = None
    problem_en: str | None = None

    @classmethod
    def from_file(cls, receipt: dict, identity: str) -> "Submission":
        """Return a submission of which only the file is known."""
        return cls(
            submission_id=identity,
            receipt_id=receipt["receipt_id"],
            batch=receipt["batch"],
            source_ref=receipt["path"],
            file_name=receipt["file_name"],
            sha256=receipt["sha256"],
            received_at=receipt["received_at"],
        )

    def with_changes(self, **changes: Any) -> "Submission":
        """Return the same with some fields changed."""
        return replace(self, **changes)

    def row(self) -> dict[str, Any]:
        """Return the row of ``tables.SUBMISSIONS``."""
        return asdict(self)
