"""Which pages there are and what each shows: rows of the source, put where the templates look for them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from pipeline.bulletin import boards
from pipeline.bulletin.book import Book, Page
from pipeline.bulletin.cells import CELLS, SHARES
from pipeline.bulletin.charts import CLASSES, Chart, flow_chart, rates_chart, tile_layout, tile_map
from pipeline.bulletin.passports import Passports
from pipeline.bulletin.source import SERIES, latest_first
from pipeline.vocabulary import AlertState

#: A unit's page lists so many reports of each series; the warehouse has the rest.
REPORTS_SHOWN = 24
INCIDENTS_SHOWN = 40
MERGER = date(2025, 7, 1)

Row = dict[str, Any]


@dataclass(frozen=True)
class Strand:
    """The reports of a unit that can be compared: one series, one scope, the newest period first."""

    series: str
    scope: str
    rows: list[Row]
    charts: dict[str, Chart | None]
    flows: list[Row]
    flow_chart: Chart | None

    @property
    def latest(self) -> Row:
        """The report of the newest period."""
        return self.rows[0]


def all_pages(book: Book) -> Iterator[Page]:
    """Yield every page of the site."""
    yield from overview_pages(book)
    yield from boards.record_pages(book)
    yield from boards.quality_pages(book)
    yield from boards.rule_pages(book)
    yield from boards.conduct_pages(book)
    yield from boards.changes_page(book)
    yield Page("about.html", "about.html", {"indicators": book.indicators})
    yield Page("units/index.html", "units.html", {"units": book.tree(), "reporting": set(book.reports)})
    yield from unit_pages(book)
    yield from passport_pages(book)


def overview_pages(book: Book) -> Iterator[Page]:
    """Yield a page for every period that has figures of provinces or of the nation; the newest is the front page."""
    rows = [row for row in book.source.reports.to_dicts() if row["scope"] in ("province", "nation")]
    of_period: dict[str, list[Row]] = {}
    for row in rows:
        of_period.setdefault(row["period_id"], []).append(row)
    if not of_period:
        yield Page("index.html", "empty.html")
        return
    calendar = _calendar(book, of_period)
    newest = _front(book, of_period)
    for period, found in of_period.items():
        context = {
            "period": book.periods[period],
            "calendar": calendar,
            "sections": [
                _section(book, series, period, [row for row in found if row["series"] == series])
                for series in SERIES
                if any(row["series"] == series for row in found)
            ],
            "classes": CLASSES,
        }
        yield Page(f"periods/{period}.html", "overview.html", context)
        if period == newest:
            yield Page("index.html", "overview.html", context)


def _front(book: Book, of_period: dict[str, list[Row]]) -> str:
    """Return the newest period that at least half as many units report as ever reported one."""
    sizes = {period: len(rows) for period, rows in of_period.items() if book.periods[period]["is_standard"]}
    sizes = sizes or {period: len(rows) for period, rows in of_period.items()}
    return max(period for period, size in sizes.items() if 2 * size >= max(sizes.values()))


def _calendar(book: Book, of_period: dict[str, list[Row]]) -> list[tuple[int, list[str | None]]]:
    """Return the years, newest first, and per month the period that has a page."""
    years = sorted({book.periods[period]["statistical_year"] for period in of_period}, reverse=True)
    return [
        (year, [period if (period := f"{year}-{months:02d}") in of_period else None for months in range(1, 13)])
        for year in years
    ]


def _section(book: Book, series: str, period: str, rows: list[Row]) -> Row:
    """Return what the overview shows of one series: the nation, the maps, the table of provinces."""
    provinces = [row for row in rows if row["scope"] == "province"]
    size = 63 if book.periods[period]["period_end"] < MERGER else 34
    # A report on the new territory may cover a period that ended before it, and the other way round.
    keys = {row["unit_key"] for row in provinces}
    if len(keys & {tile.unit_key for tile in tile_layout(97 - size)}) > len(
        keys & {tile.unit_key for tile in tile_layout(size)}
    ):
        size = 97 - size
    nation = next((row for row in rows if row["scope"] == "nation"), None)
    return {
        "series": series,
        "size": size,
        "nations": [row for row in rows if row["scope"] == "nation"],
        "nation": nation,
        "coverage": book.coverage.get(("", period, series)),
        "provinces": sorted(
            ((row, book.units[row["unit_key"]], book.covered(row)) for row in provinces),
            key=lambda entry: (
                entry[0]["cases_completion_rate_pct"] is None,
                -(entry[0]["cases_completion_rate_pct"] or 0),
            ),
        ),
        "maps": {basis: tile_map(size, provinces, basis) for basis in ("cases", "money")},
    }


def unit_pages(book: Book) -> Iterator[Page]:
    """Yield a page for every province, and for every office that ever reported or should have."""
    for key, unit in book.units.items():
        rows = book.reports.get(key, [])
        record = book.record.get(key, [])
        if not rows and not record and key not in book.conduct and unit["level"] == "office":
            continue
        incidents = book.incidents.get(key, [])
        yield Page(
            f"units/{key}.html",
            "unit.html",
            {
                "unit": unit,
                "parent": book.units.get(unit["parent_key"] or ""),
                "strands": _strands(book, key, rows),
                "periods": book.periods,
                "offices": _offices(book, key),
                "record": list(reversed(record))[:REPORTS_SHOWN],
                "open": [row for row in incidents if row["state"] != AlertState.RESOLVED][:INCIDENTS_SHOWN],
                "resolved": [row for row in incidents if row["state"] == AlertState.RESOLVED],
                "revisions": book.revisions.get(key, [])[:REPORTS_SHOWN],
                "covered": book.covered,
                "conduct": list(latest_first(book.conduct.get(key, [])))[:12],
                "grids": _grids(book, key) if unit["level"] == "province" else [],
                "units": book.units,
            },
        )


def _strands(book: Book, key: str, rows: list[Row]) -> list[Strand]:
    """Return the series of a unit that can be compared: real ones before simulated, the whole before a part."""
    strands = []
    flows = book.flows.get(key, [])
    for series, scope in sorted(
        dict.fromkeys((row["series"], row["scope"]) for row in latest_first(rows)),
        key=lambda strand: (strand[0] == "simulated", strand[1] == "own"),
    ):
        own = [row for row in latest_first(rows) if (row["series"], row["scope"]) == (series, scope)]
        of_strand = [row for row in flows if (row["series"], row["scope"]) == (series, scope)]
        year = max((row["statistical_year"] for row in of_strand), default=None)
        of_year = [row for row in of_strand if row["statistical_year"] == year]
        in_order = list(reversed(own))
        strands.append(
            Strand(
                series,
                scope,
                own[:REPORTS_SHOWN],
                {basis: rates_chart(in_order, basis) for basis in ("cases", "money")},
                of_year,
                flow_chart(of_year) if len(of_year) > 1 else None,
            )
        )
    return strands


def _offices(book: Book, key: str) -> list[tuple[Row, Row | None]]:
    """Return the units below a province with their newest report, by name."""
    below = [book.units[child] for child in book.children.get(key, [])]
    newest = {
        child["unit_key"]: next(latest_first(book.reports.get(child["unit_key"], [])), None)
        for child in below
        if child["unit_key"] in book.reports or child["unit_key"] in book.record
    }
    return [(book.units[child], newest[child]) for child in sorted(newest, key=lambda child: book.units[child]["name"])]


def _grids(book: Book, key: str) -> list[Row]:
    """Return who of a province reported in each month of the newest year, a grid a series."""
    below = {child for child in book.children.get(key, []) if child in book.record} | ({key} & set(book.record))
    rows = [row for child in below for row in book.record[child] if row["scope"] in ("own", "office")]
    grids = []
    for series in ("submitted", "simulated"):
        of_series = [row for row in rows if row["series"] == series and "@" not in row["period_id"]]
        year = max((row["period_id"][:4] for row in of_series), default=None)
        lines: dict[str, dict[int, Row]] = {}
        for row in of_series:
            if row["period_id"][:4] == year:
                lines.setdefault(row["unit_key"], {})[int(row["period_id"][5:7])] = row
        if lines:
            grids.append(
                {
                    "series": series,
                    "year": year,
                    "lines": sorted(((book.units[unit], months) for unit, months in lines.items()), key=_own_first),
                }
            )
    return grids


def _own_first(line: tuple[Row, dict[int, Row]]) -> tuple[bool, str]:
    return line[0]["level"] == "office", line[0]["name"]


def passport_pages(book: Book) -> Iterator[Page]:
    """Yield a page of passports for every unit, scope and statistical year."""
    passports = Passports(book.source)
    for key, rows in passports.rows.items():
        for scope in dict.fromkeys(row["scope"] for row in rows):
            of_scope = [row for row in rows if row["scope"] == scope]
            years = sorted({row["statistical_year"] for row in of_scope}, reverse=True)
            for year, of_year in passports.of_unit(of_scope):
                context = {"unit": book.units[key], "scope": scope, "year": year, "years": years, "passports": of_year}
                context |= {"shares": SHARES, "cells": CELLS}
                yield Page(f"passports/{key}.{scope}.{year}.html", "passports.html", context)
