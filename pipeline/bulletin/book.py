"""The source arranged by page: partitions made once, and how much of what is owed stands behind a figure."""

from dataclasses import dataclass, field
from typing import Any

import polars as pl

from pipeline.bulletin.changes import Changes
from pipeline.bulletin.source import Source, by

Row = dict[str, Any]


@dataclass(frozen=True)
class Page:
    """A page: where it stands in the site, its template, and what the template shows."""

    path: str
    template: str
    context: dict[str, Any] = field(default_factory=dict)


class Book:
    """The source, by page: partitions made once."""

    def __init__(self, source: Source, changes: Changes | None = None) -> None:
        self.source = source
        self.changes = changes
        self.units = {row["unit_key"]: row for row in source.units.to_dicts()}
        self.periods = {row["period_id"]: row for row in source.periods.to_dicts()}
        self.reports = by(source.reports, "unit_key")
        self.record = by(source.record, "unit_key")
        self.incidents = by(source.incidents, "unit_key")
        self.flows = by(source.flows, "unit_key")
        self.revisions = by(source.revisions, "unit_key")
        self.conduct = by(source.conduct, "unit_key")
        self.rules = by(source.rules, "rule_id")
        self.indicators = source.indicators.to_dicts()
        self.coverage = _coverage(source.record)
        self.children: dict[str, list[str]] = {}
        for unit in self.units.values():
            self.children.setdefault(unit["parent_key"] or "", []).append(unit["unit_key"])

    def covered(self, row: Row) -> Row | None:
        """Return how many of the units that owe a part of this figure are in it, None where nobody can tell."""
        unit = self.units[row["unit_key"]]
        if unit["level"] == "office" or row["scope"] == "own":
            return None
        return self.coverage.get(
            (unit["unit_key"] if unit["level"] == "province" else "", row["period_id"], row["series"])
        )

    def tree(self) -> list[tuple[Row, list[Row]]]:
        """Return provinces with their offices, today's first."""
        provinces = sorted(
            (unit for unit in self.units.values() if unit["level"] == "province"),
            key=lambda unit: (unit["valid_to"] is not None, unit["name"].removeprefix("TP ")),
        )
        return [
            (
                unit,
                [
                    self.units[key]
                    for key in self.children.get(unit["unit_key"], [])
                    if key in self.reports or not self.units[key]["is_simulated"]
                ],
            )
            for unit in provinces
        ]


def _coverage(record: pl.DataFrame) -> dict[tuple[str, str, str], Row]:
    """Return expected and counted parts by province (and "" for the nation), period and series."""
    parts = record.filter(pl.col("scope").is_in(["own", "office"]))
    is_in = pl.col("accepted_version").is_not_null()
    asked = (
        pl.len().alias("expected"),
        is_in.sum().alias("counted"),
        pl.col("name").filter(~is_in).sort().alias("missing"),
    )
    whole = pl.concat(
        [
            parts.group_by("province_key", "period_id", "series").agg(*asked),
            parts.group_by("period_id", "series").agg(*asked).with_columns(pl.lit("").alias("province_key")),
        ],
        how="diagonal_relaxed",
    )
    return {(row["province_key"], row["period_id"], row["series"]): row for row in whole.to_dicts()}
