"""Passports: where the figures of a report come from - file, version, verdict, sheet, cell, raw text.

A page holds the reports of one unit, scope and statistical year, at most ``REPORTS_A_PAGE`` of them. A figure that was
summed by the bulletin names its parts instead of a cell.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import polars as pl

from pipeline.bulletin.cells import CELLS, read_figure_cells
from pipeline.bulletin.row_groups import RowGroups
from pipeline.bulletin.source import Source
from pipeline.home import Home

Row = dict[str, Any]


@dataclass(frozen=True)
class Passport:
    """A report's passport: its versions by file, its cells by column, or the reports that it is the sum of."""

    row: Row
    versions: list[Row]
    cells: dict[str, Row]
    parts: list[Row]


class Passports:
    """All passports of a release by page; cells are read for the pages that are written, see ``read_cells``."""

    def __init__(self, source: Source) -> None:
        figures = _figures(source)
        pages = figures.select("report_id", "page")
        self._figures = RowGroups(figures, "page")
        self._versions = RowGroups(source.versions.join(pages, on="report_id", maintain_order="left"), "page")
        parts = parts_of_sums(source.reports)
        pages = pages.rename({"report_id": "whole_id", "page": "whole_page"})
        self._parts = RowGroups(parts.join(pages, on="whole_id", maintain_order="left"), "whole_page")
        self._cells: dict[tuple[str, str], dict[tuple[str, str], Row]] = {}
        page_rows = figures.select("unit_key", "scope", "page").unique().sort("page")
        neighbours = page_rows.with_columns(
            pl.col("page").shift(1).over("unit_key", "scope").alias("earlier"),
            pl.col("page").shift(-1).over("unit_key", "scope").alias("later"),
        )
        self.pages: dict[str, Row] = {row["page"]: row for row in neighbours.to_dicts()}

    def digest(self, page: str) -> tuple[object, ...]:
        """Return what a page of passports depends on; its cells follow from its versions."""
        return (
            self._figures.digest(page),
            self._versions.digest(page),
            self._parts.digest(page),
            self.pages[page]["earlier"],
            self.pages[page]["later"],
        )

    def read_cells(self, home: Home, pages: Iterable[str]) -> None:
        """Read the cells behind the figures of some pages; the others will show none."""
        versions = [row for page in pages for row in self._versions.get(page, [])]
        for row in read_figure_cells(home, {row["submission_id"] for row in versions}).to_dicts():
            cells = self._cells.setdefault((row["submission_id"], row["form"]), {})
            cells[row["row_code"], row["column_code"]] = row

    def passports_on(self, page: str) -> list[Passport]:
        """Return the passports of a page, the newest first."""
        versions, parts = self._versions.get(page, []), self._parts.get(page, [])
        return [
            self._passport(
                row,
                [version for version in versions if version["report_id"] == row["report_id"]],
                [part for part in parts if part["whole_id"] == row["report_id"]],
            )
            for row in reversed(self._figures[page])
        ]

    def find_cell(self, submission_id: str, form: str, line: str, measure: str) -> Row | None:
        """Return the cell of a figure, None where it has none or the cells of its page were not read."""
        return self._cells.get((submission_id, form), {}).get((line, measure))

    def _passport(self, row: Row, versions: list[Row], parts: list[Row]) -> Passport:
        ids_by_form = {version["form"]: version["submission_id"] for version in versions}
        cells = {
            column: cell
            for column, (form, line, measure) in CELLS.items()
            if form in ids_by_form and (cell := self.find_cell(ids_by_form[form], form, line, measure))
        }
        return Passport(row, list(_group_by_file(versions)), cells, parts)


def _group_by_file(versions: list[Row]) -> Iterator[Row]:
    """Yield the versions behind a report, each with the forms that come from it and their outcomes summed."""
    files: dict[str, list[Row]] = {}
    for version in versions:
        files.setdefault(version["submission_id"], []).append(version)
    for file_versions in files.values():
        yield file_versions[0] | {
            "forms": [version["form"] for version in file_versions],
            "failing_rules": sorted({rule for version in file_versions for rule in version["failing_rules"] or []}),
            **{
                outcome: sum(version[outcome] or 0 for version in file_versions)
                for outcome in ("passed", "failed", "excused", "not_applicable")
            },
        }


def _figures(source: Source) -> pl.DataFrame:
    """Return a row per report with its headline and its conduct; a report may hold only one of them."""
    shared = ["report_id", "unit_key", "period_id", "scope", "series", "statistical_year", "anchor", "page"]
    conduct = source.conduct.drop("origin", "vintage", "is_simulated", "missing")
    common_columns = ("is_sum", "summed", "expected", "counted")
    return (
        source.reports.join(conduct, on=shared, how="full", coalesce=True)
        .with_columns(pl.coalesce(name, f"{name}_right").alias(name) for name in common_columns)
        .drop(f"{name}_right" for name in common_columns)
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
    shown_columns = ["report_id", "unit_key", "unit_name", "scope", "anchor", "page", *place]
    parts = [
        reports.filter(pl.col("origin") == "submitted", pl.col("scope").is_in(scopes)).select(
            *shown_columns, pl.col(parent_column).alias("whole_key"), pl.lit(whole).alias("whole_scope")
        )
        for whole, parent_column, scopes in (
            ("province", "province_key", ["own", "office"]),
            ("nation", "parent_key", ["province"]),
        )
    ]
    return sums.join(pl.concat(parts), on=["whole_key", "whole_scope", *place]).sort(
        "whole_id", "scope", "unit_name", "report_id"
    )
