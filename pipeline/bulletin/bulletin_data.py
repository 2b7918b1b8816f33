"""The source grouped by page: partitioned once; and which units have a page."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import polars as pl

from pipeline.bulletin.changes import Changes
from pipeline.bulletin.passports import Passports
from pipeline.bulletin.row_groups import RowGroups, digest_of, frame_digest
from pipeline.bulletin.source import NATION, SERIES, Source

Row = dict[str, Any]


@dataclass(frozen=True)
class Page:
    """A page: its path in the site, its template, and the values of the template, computed when the page is written.

    ``digest`` is that of everything shown; None for a page that is written every night.
    """

    path: str
    template: str
    context: Callable[[], Row]
    digest: str | None = None


class BulletinData:
    """The source by page: partitioned once, whatever the number of pages."""

    def __init__(self, source: Source, changes: Changes | None = None, *, has_data_docs: bool = False) -> None:
        self.source = source
        self.changes = changes
        self.has_data_docs = has_data_docs
        self.units = {row["unit_key"]: row for row in source.units.to_dicts()}
        self.periods = {row["period_id"]: row for row in source.periods.to_dicts()}
        self.names_digest = digest_of(frame_digest(source.units))
        # A page depends on its own period only: a new period must not change the pages of all others.
        self.labels = RowGroups(source.periods, "period_id")
        self.reports = RowGroups(source.reports, "unit_key")
        self.wholes = RowGroups(source.reports.filter(pl.col("scope").is_in(["province", "nation"])), "period_id")
        self.record = RowGroups(source.record, "unit_key")
        self.record_by_period = RowGroups(source.record, "period_id")
        self.grids = RowGroups(_newest_year(source.record), "province_key")
        # A province answers for its offices: its page holds their incidents too.
        province_incidents = source.incidents.filter(pl.col("unit_key") != pl.col("province_key"))
        province_incidents = province_incidents.with_columns(pl.col("province_key").alias("page_of"))
        unit_incidents = source.incidents.with_columns(pl.col("unit_key").alias("page_of"))
        self.incidents = RowGroups(pl.concat([unit_incidents, province_incidents]), "page_of")
        self.flows = RowGroups(source.flows, "unit_key")
        self.revisions = RowGroups(source.revisions, "unit_key")
        self.conduct = RowGroups(source.conduct, "unit_key")
        self.conduct_by_place = RowGroups(
            source.conduct.with_columns(place=pl.concat_str("period_id", "series", separator=".")), "place"
        )
        self.rules = RowGroups(source.rules, "rule_id")
        self.firings = RowGroups(source.firings, "rule_id")
        self.findings = RowGroups(source.findings, "rule_id")
        self.passports = Passports(source)
        newest = _newest(source.reports)
        self.newest_by_parent = RowGroups(newest, "parent_key")
        self.newest = {row["unit_key"]: row for row in newest.to_dicts()}
        self.indicators = source.indicators.to_dicts()
        self.coverage = {
            (row["period_id"], row["series"]): row
            for row in source.coverage.filter(pl.col("unit_key") == NATION).to_dicts()
        }
        self.children: dict[str, list[str]] = {}
        for unit in self.units.values():
            self.children.setdefault(unit["parent_key"] or "", []).append(unit["unit_key"])

    def tree(self) -> list[tuple[Row, list[Row]]]:
        """Return provinces with those of their offices that ever reported, today's first."""
        provinces = sorted(
            (unit for unit in self.units.values() if unit["level"] == "province"),
            key=lambda unit: (unit["valid_to"] is not None, unit["name"].removeprefix("TP ")),
        )
        return [
            (unit, [self.units[key] for key in self.children.get(unit["unit_key"], []) if self.has_page(key)])
            for unit in provinces
        ]

    def has_page(self, key: str) -> bool:
        """Return whether the site has a page of a unit: every province, and offices that reported or should have."""
        return self.units[key]["level"] != "office" or key in self.reports or key in self.record or key in self.conduct


def _newest(reports: pl.DataFrame) -> pl.DataFrame:
    """Return the newest report of each unit, the series in their order, with the unit's parent."""
    order = pl.col("series").replace_strict({name: place for place, name in enumerate(SERIES)}, return_dtype=pl.Int8)
    return (
        reports.filter(pl.col("scope") != "own")
        .with_columns(order.alias("order"))
        .sort("period_id", "order", descending=[True, False], maintain_order=True)
        .unique("unit_key", keep="first", maintain_order=True)
        .drop("order")
        .sort("unit_key")
    )


def _newest_year(record: pl.DataFrame) -> pl.DataFrame:
    """Return who owed what in the newest year of each province and series, whole months only."""
    months = record.filter(
        pl.col("scope").is_in(["own", "office"]), ~pl.col("period_id").str.contains("@", literal=True)
    ).with_columns(pl.col("period_id").str.head(4).alias("year"))
    return months.filter(pl.col("year") == pl.col("year").max().over("province_key", "series"))
