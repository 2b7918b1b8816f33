"""The data of the pages: a handful of queries on one release, and totals of what the offices sent.

Every query runs once for all pages together; a page gets its rows by partition.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from pipeline.bulletin.cells import AMOUNTS, CONDUCT, COUNTS
from pipeline.published.query import open_readonly
from pipeline.vocabulary import Origin, Scope

FOLDER = Path(__file__).parent / "queries"
QUERIES = (
    *("units", "periods", "reports", "targets", "record", "incidents", "flows", "revisions", "versions"),
    *("rules", "firings", "findings", "conduct", "indicators"),
)

NATION = "viet-nam"

#: How many reports a page of passports holds: half a year of months, whose cells may hold text of any length.
REPORTS_A_PAGE = 6

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
    rules: pl.DataFrame
    firings: pl.DataFrame
    findings: pl.DataFrame
    conduct: pl.DataFrame
    coverage: pl.DataFrame
    indicators: pl.DataFrame


def read_source(warehouse: Path) -> Source:
    """Query a warehouse file for everything that the pages show."""
    frames = run_queries(warehouse, QUERIES)
    targets = frames.pop("targets")
    units = frames["units"]
    reports = add_totals(add_series(frames["reports"]), units, COUNTS + AMOUNTS)
    is_sum = pl.col("is_sum")
    reports = _concat(reports.filter(~is_sum), _add_rates(reports.filter(is_sum), targets))
    frames["conduct"] = add_totals(add_series(frames["conduct"]), units, tuple(CONDUCT))
    names = frames["units"].select("unit_key", pl.col("name").alias("unit_name"), "parent_key", "province_key")
    frames["reports"] = (
        reports.join(names, on="unit_key", how="left")
        .join(frames["periods"].select("period_id", "label_vi", "label_en"), on="period_id", how="left")
        .sort("period_id", "series", "scope", "unit_key", "report_id")
    )
    frames["reports"] = frames["reports"].with_columns(
        pl.col(f"{basis}_completion_rate_pct").count().over("period_id", "series", "scope").alias(f"{basis}_ranked")
        for basis in ("cases", "money")
    )
    for name in ("flows", "revisions"):
        frames[name] = add_series(frames[name])
    anchors = _anchors(frames["reports"], frames["conduct"])
    for name in ("reports", "conduct", "flows", "revisions"):
        frames[name] = frames[name].join(anchors, on="report_id", how="left", maintain_order="left")
    frames["record"] = frames["record"].with_columns(
        pl.when("is_simulated").then(pl.lit("simulated")).otherwise(pl.lit("submitted")).alias("series")
    )
    for name in ("incidents", "firings", "findings"):
        frames[name] = add_series(frames[name])
    frames["coverage"] = coverage(frames["record"], units)
    for name in ("reports", "conduct"):
        frames[name] = frames[name].join(
            frames["coverage"], on=["unit_key", "scope", "period_id", "series"], how="left", maintain_order="left"
        )
    return Source(**frames)


def coverage(record: pl.DataFrame, units: pl.DataFrame) -> pl.DataFrame:
    """Return how many of the units that owe a part of a total are in it, and which are not; a row per province or
    nation, period and series.
    """
    parts = record.filter(pl.col("scope").is_in([Scope.OWN, Scope.OFFICE]))
    is_in = pl.col("accepted_version").is_not_null()
    aggregates = (
        pl.len().cast(pl.Int64).alias("expected"),
        is_in.sum().cast(pl.Int64).alias("counted"),
        pl.col("name").filter(~is_in).sort().alias("missing"),
    )
    provinces = parts.group_by(pl.col("province_key").alias("unit_key"), "period_id", "series").agg(*aggregates)
    # Offices of several provinces share a name: the nation's list adds the province.
    province = pl.concat_str("name", "province_name", separator=", ")
    parts_with_names = parts.join(
        units.select(pl.col("unit_key").alias("province_key"), pl.col("name").alias("province_name")),
        on="province_key",
        how="left",
    ).with_columns(
        pl.when(pl.col("scope") == Scope.OWN).then("name").otherwise(pl.coalesce(province, "name")).alias("name")
    )
    nation = (
        parts_with_names.group_by("period_id", "series").agg(*aggregates).with_columns(pl.lit(NATION).alias("unit_key"))
    )
    return pl.concat(
        [
            provinces.with_columns(pl.lit(str(Scope.PROVINCE)).alias("scope")),
            nation.with_columns(pl.lit(str(Scope.NATION)).alias("scope")).select([*provinces.columns, "scope"]),
        ]
    )


def run_queries(warehouse: Path, names: Iterable[str]) -> dict[str, pl.DataFrame]:
    """Run queries by name on a warehouse file, read-only."""
    with open_readonly(warehouse) as connection:
        return {
            name: pl.DataFrame(connection.sql((FOLDER / f"{name}.sql").read_text(encoding="utf-8")).to_arrow_table())
            for name in names
        }


def _anchors(*frames: pl.DataFrame) -> pl.DataFrame:
    """Return the page of each report's passport and its anchor there; two published reports may cover the same."""
    place = ["unit_key", "period_id", "series", "scope"]
    page_key = ["unit_key", "scope", "statistical_year"]
    reports = pl.concat([frame.select("report_id", *place, "statistical_year") for frame in frames])
    reports = reports.unique("report_id").sort("period_id", "series", "report_id")
    number = pl.int_range(1, pl.len() + 1).over(place)
    sheet = pl.int_range(pl.len()).over(page_key) // REPORTS_A_PAGE + 1
    anchor = pl.concat_str("period_id", "series", separator=".")
    page = pl.concat_str(page_key, separator=".")
    return reports.select(
        "report_id",
        pl.when(number == 1)
        .then(anchor)
        .otherwise(pl.concat_str(anchor, number.cast(pl.String), separator="."))
        .alias("anchor"),
        pl.when(sheet == 1)
        .then(page)
        .otherwise(pl.concat_str(page, sheet.cast(pl.String), separator="-"))
        .alias("page"),
    )


def add_series(frame: pl.DataFrame) -> pl.DataFrame:
    """Add the series of each row."""
    return frame.with_columns(
        pl.when("is_simulated")
        .then(pl.lit("simulated"))
        .when(pl.col("vintage") != "reported")
        .then("vintage")
        .otherwise(pl.coalesce("origin", pl.lit("submitted")))
        .alias("series")
    )


def _concat(reports: pl.DataFrame, sums: pl.DataFrame) -> pl.DataFrame:
    return pl.concat([reports, sums.select(name for name in reports.columns if name in sums.columns)], how="diagonal")


def add_totals(reports: pl.DataFrame, units: pl.DataFrame, columns: tuple[str, ...]) -> pl.DataFrame:
    """Add totals of ``columns`` for provinces, then the nation, that sent no report of their own for a period."""
    reports = reports.with_columns(is_sum=pl.lit(False), summed=pl.lit(None, pl.Int64))
    for scope in (Scope.PROVINCE, Scope.NATION):
        reports = _concat(reports, _sums(reports, units, scope, columns))
    return reports


def _sums(reports: pl.DataFrame, units: pl.DataFrame, scope: Scope, columns: tuple[str, ...]) -> pl.DataFrame:
    """Return the totals of one scope that nobody sent.

    A figure that one part lacks is missing in the sum, never counted as zero. Figures that happened to be published are
    not summed: they are not parts of a whole.
    """
    parent_column = "province_key" if scope == Scope.PROVINCE else "parent_key"
    scopes = [Scope.OWN, Scope.OFFICE] if scope == Scope.PROVINCE else [Scope.PROVINCE]
    parts = reports.filter(pl.col("scope").is_in(scopes), pl.col("origin") == Origin.SUBMITTED).join(
        units.select("unit_key", pl.col(parent_column).alias("whole_key")), on="unit_key"
    )
    own = reports.filter(pl.col("scope") == scope)
    place = ["period_id", "series"]
    shared_columns = [
        name
        for name in ("origin", "vintage", "is_simulated", "statistical_year", "months", "is_standard")
        if name in parts.columns
    ]
    flags = [name for name in ("is_queried", "has_open_alert") if name in parts.columns]
    return (
        parts.filter(pl.col("whole_key").is_not_null())
        .group_by("whole_key", *place)
        .agg(
            *(pl.when(pl.col(name).null_count() == 0).then(pl.col(name).sum()).alias(name) for name in columns),
            pl.col(shared_columns).first(),
            pl.col(flags).any(),
            pl.len().cast(pl.Int64).alias("summed"),
        )
        .rename({"whole_key": "unit_key"})
        .join(own, on=["unit_key", *place], how="anti")
        .with_columns(pl.lit(str(scope)).alias("scope"), pl.lit(True).alias("is_sum"))
        .with_columns(
            pl.concat_str([pl.lit("sum"), "unit_key", "period_id", "series"], separator="/").alias("report_id")
        )
    )


def _add_rates(sums: pl.DataFrame, targets: pl.DataFrame) -> pl.DataFrame:
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


def sort_latest_first(rows: Iterable[dict]) -> Iterator[dict]:
    """Return rows of reports, the newest period first and the series in their order."""
    yield from sorted(
        sorted(rows, key=lambda row: SERIES.index(row["series"])), key=lambda row: row["period_id"], reverse=True
    )
