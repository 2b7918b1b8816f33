"""What a release holds that the one before did not: reports, moved figures, incidents opened and resolved."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from pipeline.bulletin.source import add_series, run_queries
from pipeline.home import Home
from pipeline.published.releases import Release, releases
from pipeline.vocabulary import AlertState

Row = dict[str, Any]

#: Figures of a report that are worth reporting when they change.
FIGURES = (
    *("cases_due", "cases_eligible", "cases_completed", "cases_completion_rate_pct"),
    *("money_due_vnd", "money_eligible_vnd", "money_completed_vnd", "money_completion_rate_pct"),
)


@dataclass(frozen=True)
class Changes:
    """The difference of two releases; ``before`` is the number of the older one."""

    before: int
    arrived: list[Row]
    moved: list[Row]
    opened: list[Row]
    resolved: list[Row]


def changes_since(home: Home, release: Release) -> Changes | None:
    """Return what changed since the release before this one, None for the first.

    A release of an older version of the code may lack columns that are compared; then it counts as missing.
    """
    earlier = [
        release_before
        for release_before in releases(home)
        if release_before.number < release.number and not release_before.is_withdrawn and release_before.is_whole()
    ]
    if not earlier:
        return None
    try:
        return difference(earlier[-1].path, earlier[-1].number, release.path)
    except duckdb.BinderException:
        return None


def difference(older: Path, number: int, newer: Path) -> Changes:
    """Return how the newer warehouse differs from the older."""
    old, new = (run_queries(path, ("reports", "incidents", "arrivals")) for path in (older, newer))
    incidents = add_series(new["incidents"]).join(
        old["incidents"].select("alert_id", pl.col("state").alias("before")),
        on="alert_id",
        how="left",
        maintain_order="left",
    )
    is_resolved = pl.col("state") == AlertState.RESOLVED
    was_open = pl.col("before").is_not_null() & (pl.col("before") != AlertState.RESOLVED)
    return Changes(
        before=number,
        arrived=add_series(new["arrivals"].join(old["arrivals"], on="submission_id", how="anti")).to_dicts(),
        moved=_moved(old["reports"], add_series(new["reports"])).to_dicts(),
        opened=incidents.filter(~is_resolved, ~was_open).to_dicts(),
        resolved=incidents.filter(is_resolved, was_open).to_dicts(),
    )


def _moved(old: pl.DataFrame, new: pl.DataFrame) -> pl.DataFrame:
    """Return a row per figure that changed, of reports that both releases hold."""
    place = ["report_id", "unit_key", "period_id", "series", "scope"]
    frames = [
        frame.with_columns(pl.col(FIGURES).cast(pl.Decimal(38, 4))).unpivot(
            FIGURES, index=index, variable_name="column", value_name=value
        )
        for frame, index, value in ((new, place, "after"), (old, ["report_id"], "before"))
    ]
    return (
        frames[0]
        .join(frames[1], on=["report_id", "column"])
        .filter(pl.col("before").ne_missing(pl.col("after")))
        .sort("period_id", "unit_key", "scope", "column", descending=[True, False, False, False])
    )
