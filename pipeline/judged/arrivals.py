"""When reports arrived and when they were due: working days late, by the deadlines of their level."""

from datetime import date

import polars as pl

from pipeline.calendar.deadlines import deadlines, working_days_after
from pipeline.vocabulary import Origin, Scope

SCHEMA = {"submission_id": pl.String, "received_on": pl.Date, "due_on": pl.Date, "days_late": pl.Int64}


def arrivals(submissions: pl.DataFrame, versions: pl.DataFrame) -> pl.DataFrame:
    """Return submission_id, received_on, due_on and days_late (working days, 0 in time) of first versions.

    A supplementary report has no deadline, nor has a published one. A province's own caseload is due when an
    office's is.
    """
    first_versions = (
        submissions.join(versions.filter(pl.col("version") == 1), on="submission_id", how="semi")
        .filter(pl.col("origin") == str(Origin.SUBMITTED))
        .drop_nulls(["period_id", "period_end", "scope", "received_at"])
    )
    if first_versions.is_empty():
        return pl.DataFrame(schema=SCHEMA)
    level = pl.when(pl.col("scope") == str(Scope.OWN)).then(pl.lit(str(Scope.OFFICE))).otherwise("scope")
    due = deadlines(first_versions.select("period_id", "period_end").unique().iter_rows())
    return (
        first_versions.with_columns(level.alias("level"), pl.col("received_at").dt.date().alias("received_on"))
        .join(due, on=["period_id", "level"])
        .select("submission_id", "received_on", "due_on")
        .with_columns(
            pl.struct("due_on", "received_on").map_elements(_days_late, return_dtype=pl.Int64).alias("days_late")
        )
        .sort("submission_id")
    )


def _days_late(dates: dict[str, date]) -> int:
    return working_days_after(dates["due_on"], dates["received_on"])
