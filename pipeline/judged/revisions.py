"""Report numbers that fall: report no. 2 that arrives when no. 3 stands waits for a word and supersedes nothing.

Offices forget to raise the number, so an equal one says nothing; a lower one says that an older file came late, or that
somebody sent the wrong one.
"""

from datetime import datetime
from typing import Any

import polars as pl

from expectations.kinds.reading import REVISION_REMARK
from pipeline import tables
from pipeline.vocabulary import Origin, Verdict

STOOD: dict[str, Any] = {
    "submission_id": pl.String,
    "revision": pl.Int32,
    "standing_id": pl.String,
    "standing_revision": pl.Int32,
    "standing_file": pl.String,
    "standing_since": tables.TIME,
}


def falling_revisions(submissions: pl.DataFrame, verdicts: pl.DataFrame) -> pl.DataFrame:
    """Return what states a lower report number than the version that stood when it came, as ``STOOD``.

    What stood is the last version that was accepted and did not fall itself: a number that was sent back counts for
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
    stands: dict[str, dict] = {}
    falling = []
    for row in accepted.iter_rows(named=True):
        standing = stands.get(row["report_id"])
        if standing is None or row["revision"] >= standing["revision"]:
            stands[row["report_id"]] = row
            continue
        falling.append(
            {
                "submission_id": row["submission_id"],
                "revision": row["revision"],
                "standing_id": standing["submission_id"],
                "standing_revision": standing["revision"],
                "standing_file": standing["source_ref"],
                "standing_since": standing["received_at"],
            }
        )
    return pl.DataFrame(falling, schema=STOOD)


def unconfirmed(falling: pl.DataFrame, submissions: pl.DataFrame, waivers: pl.DataFrame, rules: set[str]) -> pl.Series:
    """Return the submission_id of those whose office did not say of the period that the lower number is meant.

    ``rules`` are those that ask; where none does, nobody need confirm anything.
    """
    confirmed = waivers.filter(pl.col("rule_id").is_in(sorted(rules))).select("unit_key", "period_id")
    asked = falling.join(submissions.select("submission_id", "unit_key", "period_id"), on="submission_id")
    waiting = asked.join(confirmed, on=["unit_key", "period_id"], how="anti")["submission_id"]
    return waiting if rules else waiting.clear()


def is_among(late: pl.Series) -> pl.Expr:
    """Return whether a submission is one of those that are out of order."""
    return pl.col("submission_id").is_in(late.implode())


def revision_remarks(falling: pl.DataFrame) -> pl.DataFrame:
    """Return what is said of falling report numbers, as ``tables.REMARKS``."""
    rows = [
        {"submission_id": row["submission_id"], "code": REVISION_REMARK, "raw": str(row["revision"])}
        | dict(zip(("detail_vi", "detail_en"), _sentences(row), strict=True))
        for row in falling.to_dicts()
    ]
    return pl.DataFrame(rows, schema=tables.REMARKS)


def _sentences(row: dict) -> tuple[str, str]:
    number, standing, above = row["revision"], row["standing_revision"], row["standing_revision"] + 1
    file, since = row["standing_file"], row["standing_since"]
    day = since.strftime("%d/%m/%Y") if isinstance(since, datetime) else "?"
    return (
        f"Tệp ghi lần báo cáo {number}, thấp hơn lần {standing} đang được dùng (tệp “{file}”, nhận ngày {day}); số liệu "
        f"lần {standing} được giữ nguyên. Nếu tệp này mới đúng, hãy ghi lần báo cáo {above} rồi gửi lại.",
        f"The file says report no. {number}, lower than no. {standing} which stands (file “{file}”, received on {day}); the "
        f"figures of no. {standing} stay. If this file is the right one, write report no. {above} and send it again.",
    )
