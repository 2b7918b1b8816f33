"""Report numbers that fall: a report no. 2 that arrives when no. 3 stands waits for confirmation and supersedes nothing.

Offices forget to raise the number, so an equal one means nothing; a lower one means that an older file came late, or that
somebody sent the wrong one.
"""

from datetime import datetime
from typing import Any

import polars as pl

from expectations.kinds.reading import REVISION_REMARK
from pipeline import tables
from pipeline.vocabulary import Origin, Verdict

LOWER_REVISIONS: dict[str, Any] = {
    "submission_id": pl.String,
    "revision": pl.Int32,
    "standing_id": pl.String,
    "standing_revision": pl.Int32,
    "standing_file": pl.String,
    "standing_since": tables.TIME,
}


def lower_revisions(submissions: pl.DataFrame, verdicts: pl.DataFrame) -> pl.DataFrame:
    """Return the submissions with a lower report number than the version that stood at their arrival, as ``LOWER_REVISIONS``.

    The standing version is the last that was accepted and is not lower itself: a number that was sent back counts for
    nothing. ``verdicts``: submission_id, verdict and version.
    """
    accepted = (
        submissions.filter(pl.col("origin") == str(Origin.SUBMITTED))
        .drop_nulls("report_id")
        .join(verdicts.select("submission_id", "verdict", "version"), on="submission_id")
        .filter(pl.col("verdict").is_in([Verdict.ACCEPTED, Verdict.ACCEPTED_WITH_QUERY]))
        .sort("report_id", "version")
        .select("report_id", "submission_id", "revision", "source_ref", "received_at")
    )
    standing_by_report: dict[str, dict] = {}
    rows = []
    for row in accepted.iter_rows(named=True):
        standing = standing_by_report.get(row["report_id"])
        if standing is None or row["revision"] >= standing["revision"]:
            standing_by_report[row["report_id"]] = row
            continue
        rows.append(
            {
                "submission_id": row["submission_id"],
                "revision": row["revision"],
                "standing_id": standing["submission_id"],
                "standing_revision": standing["revision"],
                "standing_file": standing["source_ref"],
                "standing_since": standing["received_at"],
            }
        )
    return pl.DataFrame(rows, schema=LOWER_REVISIONS)


def unconfirmed_ids(
    revisions: pl.DataFrame, submissions: pl.DataFrame, waivers: pl.DataFrame, rule_ids: set[str]
) -> pl.Series:
    """Return the submission_id of those whose office did not confirm the lower number for the period.

    ``rule_ids`` are the rules that ask; where there are none, nobody need confirm anything.
    """
    confirmations = waivers.filter(pl.col("rule_id").is_in(sorted(rule_ids))).select("unit_key", "period_id")
    reports = revisions.join(submissions.select("submission_id", "unit_key", "period_id"), on="submission_id")
    unanswered_ids = reports.join(confirmations, on=["unit_key", "period_id"], how="anti")["submission_id"]
    return unanswered_ids if rule_ids else unanswered_ids.clear()


def is_out_of_order(late_ids: pl.Series) -> pl.Expr:
    """Return whether a submission is one of ``late_ids``."""
    return pl.col("submission_id").is_in(late_ids.implode())


def revision_remarks(revisions: pl.DataFrame) -> pl.DataFrame:
    """Return the remarks on lower report numbers, as ``tables.REMARKS``."""
    rows = [
        {"submission_id": row["submission_id"], "code": REVISION_REMARK, "raw": str(row["revision"])}
        | dict(zip(("detail_vi", "detail_en"), _sentences(row), strict=True))
        for row in revisions.to_dicts()
    ]
    return pl.DataFrame(rows, schema=tables.REMARKS)


def _sentences(row: dict) -> tuple[str, str]:
    number, standing, next_number = row["revision"], row["standing_revision"], row["standing_revision"] + 1
    file, since = row["standing_file"], row["standing_since"]
    day = since.strftime("%d/%m/%Y") if isinstance(since, datetime) else "?"
    return (
        f"Tệp ghi lần báo cáo {number}, thấp hơn lần {standing} đang được dùng (tệp “{file}”, nhận ngày {day}); số liệu "
        f"lần {standing} được giữ nguyên. Nếu tệp này mới đúng, hãy ghi lần báo cáo {next_number} rồi gửi lại.",
        f"The file says report no. {number}, lower than no. {standing} which stands (file “{file}”, received on {day}); the "
        f"figures of no. {standing} stay. If this file is the right one, write report no. {next_number} and send it again.",
    )
