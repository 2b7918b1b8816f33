"""Passports: where each headline figure of a report stands - file, version, sheet, cell, raw text - and what judged it.

One page a unit, scope and statistical year. A total that was summed here names its parts instead of a cell.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import polars as pl

from pipeline.bulletin.cells import CELLS
from pipeline.bulletin.source import Source, by

Row = dict[str, Any]


@dataclass(frozen=True)
class Passport:
    """A report's passport: its versions by form, its cells by column, or the reports that it is the sum of."""

    row: Row
    versions: list[Row]
    cells: dict[str, Row]
    parts: list[Row]


class Passports:
    """All passports of a release, put together by report."""

    def __init__(self, source: Source) -> None:
        self._versions = by(source.versions, "report_id")
        self._cells: dict[str, dict[tuple[str, str, str], Row]] = {
            report: {(row["form"], row["row_code"], row["column_code"]): row for row in rows}
            for report, rows in by(source.cells, "report_id").items()
        }
        self._parts = by(parts_of_sums(source.reports), "whole_id")
        self.rows = by(_figures(source), "unit_key")

    def of_unit(self, rows: list[Row]) -> Iterator[tuple[int, list[Passport]]]:
        """Yield the statistical years of reports with their passports, the newest first."""
        for year in sorted({row["statistical_year"] for row in rows}, reverse=True):
            yield year, [self._of(row) for row in reversed(rows) if row["statistical_year"] == year]

    def _of(self, row: Row) -> Passport:
        found = self._cells.get(row["report_id"], {})
        return Passport(
            row,
            self._versions.get(row["report_id"], []),
            {column: found[place] for column, place in CELLS.items() if place in found},
            self._parts.get(row["report_id"], []),
        )


def _figures(source: Source) -> pl.DataFrame:
    """Return a row per report with its headline and its conduct; a report may hold only one of them."""
    shared = ["report_id", "unit_key", "period_id", "scope", "series", "statistical_year", "anchor"]
    conduct = source.conduct.drop("origin", "vintage", "is_simulated")
    return (
        source.reports.join(conduct, on=shared, how="full", coalesce=True)
        .with_columns(pl.col("is_sum").fill_null(False))
        .sort("period_id", "series", "scope", "report_id")
    )


def parts_of_sums(reports: pl.DataFrame) -> pl.DataFrame:
    """Return the reports behind every sum, with ``whole_id`` of the sum."""
    place = ["period_id", "series"]
    sums = reports.filter("is_sum").select(
        pl.col("report_id").alias("whole_id"),
        pl.col("unit_key").alias("whole_key"),
        pl.col("scope").alias("whole_scope"),
        *place,
    )
    shown = ["report_id", "unit_key", "unit_name", "scope", "statistical_year", "anchor", *place]
    below = [
        reports.filter(pl.col("origin") == "submitted", pl.col("scope").is_in(scopes)).select(
            *shown, pl.col(above).alias("whole_key"), pl.lit(whole).alias("whole_scope")
        )
        for whole, above, scopes in (
            ("province", "province_key", ["own", "office"]),
            ("nation", "parent_key", ["province"]),
        )
    ]
    return sums.join(pl.concat(below), on=["whole_key", "whole_scope", *place]).sort("whole_id", "scope", "unit_name")
