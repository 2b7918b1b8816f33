"""What the pages are made of: a handful of queries on one release, and totals of what the offices sent.

Every frame is asked for once, for all pages together; a page gets its rows by partition.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from pipeline.bulletin.cells import AMOUNTS, COUNTS, cells_behind
from pipeline.home import Home
from pipeline.published.query import open_readonly
from pipeline.vocabulary import Origin, Scope

FOLDER = Path(__file__).parent / "queries"
QUERIES = (
    *("units", "periods", "reports", "targets", "record", "incidents", "flows", "revisions", "versions"),
    *("rules", "firings", "findings", "conduct", "indicators"),
)

#: A series is comparable within itself only: origin, vintage and whether the simulator made it.
SERIES = ("submitted", "published", "final", "preliminary", "simulated")


@dataclass(frozen=True)
class Source:
    """The frames of one release. ``reports`` holds one row per unit, period, series and scope; others as queried."""

    units: pl.DataFrame
    periods: pl.DataFrame
    reports: pl.DataFrame
    record: pl.DataFrame
    incidents: pl.DataFrame
    flows: pl.DataFrame
    revisions: pl.DataFrame
    versions: pl.DataFrame
    cells: pl.DataFrame
    rules: pl.DataFrame
    firings: pl.DataFrame
    findings: pl.DataFrame
    conduct: pl.DataFrame
    indicators: pl.DataFrame


def read_source(home: Home, warehouse: Path) -> Source:
    """Ask a warehouse file for all that the pages show, and the cells of the home for where it stands."""
    frames = ask(warehouse, QUERIES)
    targets = frames.pop("targets")
    reports = with_series(frames["reports"])
    provinces = _summed(reports, frames["units"], Scope.PROVINCE, targets)
    reports = _together(reports, provinces)
    nations = _summed(reports, frames["units"], Scope.NATION, targets)
    names = frames["units"].select("unit_key", pl.col("name").alias("unit_name"), "parent_key", "province_key")
    frames["reports"] = (
        _together(reports, nations)
        .join(names, on="unit_key", how="left")
        .sort("period_id", "series", "scope", "unit_key")
    )
    frames["reports"] = frames["reports"].with_columns(
        pl.col(f"{basis}_completion_rate_pct").count().over("period_id", "series", "scope").alias(f"{basis}_ranked")
        for basis in ("cases", "money")
    )
    anchors = _anchors(frames["reports"], with_series(frames["conduct"]))
    frames["reports"] = frames["reports"].join(anchors, on="report_id", maintain_order="left")
    frames["conduct"] = frames["conduct"].join(anchors, on="report_id", maintain_order="left")
    frames["cells"] = cells_behind(home, frames["versions"])
    frames["record"] = frames["record"].with_columns(
        pl.when("is_simulated").then(pl.lit("simulated")).otherwise(pl.lit("submitted")).alias("series")
    )
    for name in ("incidents", "flows", "revisions", "firings", "findings", "conduct"):
        frames[name] = with_series(frames[name])
    return Source(**frames)


def ask(warehouse: Path, names: Iterable[str]) -> dict[str, pl.DataFrame]:
    """Run queries by name on a warehouse file, read-only."""
    with open_readonly(warehouse) as connection:
        return {
            name: pl.DataFrame(connection.sql((FOLDER / f"{name}.sql").read_text(encoding="utf-8")).to_arrow_table())
            for name in names
        }


def _anchors(*frames: pl.DataFrame) -> pl.DataFrame:
    """Return the place of each report in the page of its passport; two published ones may stand for the same."""
    place = ["unit_key", "period_id", "series", "scope"]
    reports = pl.concat([frame.select("report_id", *place) for frame in frames]).unique().sort("report_id")
    number = pl.int_range(1, pl.len() + 1).over(place)
    return reports.select(
        "report_id",
        pl.when(number == 1)
        .then(pl.concat_str("period_id", "series", "scope", separator="."))
        .otherwise(pl.concat_str("period_id", "series", "scope", number.cast(pl.String), separator="."))
        .alias("anchor"),
    )


def with_series(frame: pl.DataFrame) -> pl.DataFrame:
    """Name the series of each row."""
    return frame.with_columns(
        pl.when("is_simulated")
        .then(pl.lit("simulated"))
        .when(pl.col("vintage") != "reported")
        .then("vintage")
        .otherwise(pl.coalesce("origin", pl.lit("submitted")))
        .alias("series")
    )


def _together(reports: pl.DataFrame, sums: pl.DataFrame) -> pl.DataFrame:
    return pl.concat([reports, sums.select(name for name in reports.columns if name in sums.columns)], how="diagonal")


def _summed(reports: pl.DataFrame, units: pl.DataFrame, scope: Scope, targets: pl.DataFrame) -> pl.DataFrame:
    """Return totals for provinces, or the nation, that sent no report of their own for a period.

    A figure that one part leaves out is missing in the sum, never counted as zero. Figures that were published by chance
    are not summed: they are no parts of anything.
    """
    above = "province_key" if scope == Scope.PROVINCE else "parent_key"
    scopes = [Scope.OWN, Scope.OFFICE] if scope == Scope.PROVINCE else [Scope.PROVINCE]
    parts = reports.filter(pl.col("scope").is_in(scopes), pl.col("origin") == Origin.SUBMITTED).join(
        units.select("unit_key", pl.col(above).alias("whole_key")), on="unit_key"
    )
    own = reports.filter(pl.col("scope") == scope)
    place = ["period_id", "series"]
    whole = (
        parts.filter(pl.col("whole_key").is_not_null())
        .group_by("whole_key", *place)
        .agg(
            *(
                pl.when(pl.col(name).null_count() == 0).then(pl.col(name).sum()).alias(name)
                for name in COUNTS + AMOUNTS
            ),
            pl.col("origin", "vintage", "is_simulated", "statistical_year", "months", "is_standard").first(),
            pl.col("is_queried", "has_open_alert").any(),
            pl.len().cast(pl.Int64).alias("summed"),
        )
        .rename({"whole_key": "unit_key"})
        .join(own, on=["unit_key", *place], how="anti")
        .with_columns(pl.lit(str(scope)).alias("scope"), pl.lit(True).alias("is_sum"))
        .with_columns(
            pl.concat_str([pl.lit("sum"), "unit_key", "period_id", "series"], separator="/").alias("report_id")
        )
    )
    return _with_rates(whole, targets)


def _with_rates(sums: pl.DataFrame, targets: pl.DataFrame) -> pl.DataFrame:
    """Add the headline ratios and the distance from the target, as ``mart_scorecard`` works them out."""
    own = targets.select("unit_key", "statistical_year", "basis", "target_pct")
    national = targets.filter(pl.col("level") == "nation").select("statistical_year", "basis", "target_pct")
    for basis, suffix in (("cases", ""), ("money", "_vnd")):
        completed, eligible, due = (
            pl.col(f"{basis}_{name}{suffix}").cast(pl.Float64) for name in ("completed", "eligible", "due")
        )
        is_basis = pl.col("basis") == basis
        sums = (
            sums.join(own.filter(is_basis).drop("basis"), on=["unit_key", "statistical_year"], how="left")
            .join(
                national.filter(is_basis).select("statistical_year", pl.col("target_pct").alias("national_pct")),
                on="statistical_year",
                how="left",
            )
            .with_columns(pl.coalesce("target_pct", "national_pct").alias(f"{basis}_target_pct"))
            .drop("target_pct", "national_pct")
            .with_columns(
                _two_decimals(100 * completed / eligible).alias(f"{basis}_completion_rate_pct"),
                _two_decimals(100 * eligible / due).alias(f"{basis}_eligible_share_pct"),
                (pl.col(f"{basis}_target_pct").cast(pl.Float64) * pl.col("months") / 12)
                .round(4, mode="half_away_from_zero")
                .cast(pl.Decimal(9, 4))
                .alias(f"{basis}_target_pro_rata_pct"),
                _two_decimals(100 * completed / eligible - pl.col(f"{basis}_target_pct").cast(pl.Float64)).alias(
                    f"{basis}_gap_points"
                ),
            )
        )
    return sums


def _two_decimals(value: pl.Expr) -> pl.Expr:
    return pl.when(value.is_finite()).then(value.round(2, mode="half_away_from_zero").cast(pl.Decimal(18, 2)))


def by(frame: pl.DataFrame, key: str) -> dict[str, list[dict]]:
    """Return the rows of each value of ``key``, in the frame's order."""
    return {
        str(value): part.to_dicts()
        for (value,), part in frame.partition_by(key, as_dict=True, maintain_order=True).items()
        if value is not None
    }


def latest_first(rows: Iterable[dict]) -> Iterator[dict]:
    """Return rows of reports, the newest period first and the series in their order."""
    yield from sorted(
        sorted(rows, key=lambda row: SERIES.index(row["series"])), key=lambda row: row["period_id"], reverse=True
    )
