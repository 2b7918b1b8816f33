"""Which pages there are and what each shows: rows of the source, put where the templates look for them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import Any

import polars as pl
from markupsafe import Markup

from pipeline.bulletin import boards
from pipeline.bulletin.book import Book, Page
from pipeline.bulletin.cells import CELLS, SHARES
from pipeline.bulletin.charts import CLASSES, Chart, flow_chart, rates_chart, tile_layout, tile_map
from pipeline.bulletin.shelf import digest_of, within
from pipeline.bulletin.source import SERIES, latest_first
from pipeline.bulletin.words import word
from pipeline.vocabulary import AlertState, Verdict

#: A unit's page lists so many reports of its first series, of its second, of the others; their passports lead further.
REPORTS_SHOWN = (18, 12, 4, 4, 4, 4)
#: Only so many of them have charts and figures by month.
CHARTS_SHOWN = 2
ROWS_SHOWN = 18
INCIDENTS_SHOWN, INCIDENTS_SIZE = 30, 30_000
#: The provinces of two periods of territory, and no more on a page whatever the number of series.
PROVINCES_SHOWN, PROVINCES_AT_LEAST = 100, 10
PASSPORTS = "passports/"
MERGER = date(2025, 7, 1)

Row = dict[str, Any]
Calendar = list[tuple[int, list[str | None]]]
RATES = [f"{basis}_completion_rate_pct" for basis in ("cases", "money")]


@dataclass(frozen=True)
class Strand:
    """The reports of a unit that can be compared: one series, one scope, the newest period first."""

    series: str
    scope: str
    rows: list[Row]
    more: int
    charts: dict[str, Chart | None]
    flows: list[Row]
    flow_chart: Chart | None

    @property
    def latest(self) -> Row:
        """The report of the newest period."""
        return self.rows[0]

    @property
    def place(self) -> str:
        """Return where the strand stands in its page."""
        return f"{self.series}-{self.scope}"

    @property
    def is_total(self) -> bool:
        """Return whether its figures are made of those of several units."""
        return self.scope in ("province", "nation")


def all_pages(book: Book) -> Iterator[Page]:
    """Yield every page of the site."""
    yield from overview_pages(book)
    yield from boards.record_pages(book)
    yield from boards.quality_pages(book)
    yield from boards.rule_pages(book)
    yield from boards.conduct_pages(book)
    yield from boards.changes_page(book)
    yield Page("about.html", "about.html", lambda: {"indicators": book.indicators})
    yield Page("units/index.html", "units.html", lambda: {"units": book.tree(), "newest": book.newest})
    yield from unit_pages(book)
    yield from passport_pages(book)


def overview_pages(book: Book) -> Iterator[Page]:
    """Yield a page for every period that has figures of provinces or of the nation; the newest is the front page."""
    if not book.wholes:
        yield Page("index.html", "empty.html", dict)
        return
    calendar = _calendar(book)
    newest = _front(book)
    for period in book.wholes:
        digest = digest_of(
            book.names,
            book.labels.digest(period),
            book.wholes.digest(period),
            book.record_of_period.digest(period),
            calendar,
        )
        page = Page(f"periods/{period}.html", "overview.html", partial(_overview, book, period, calendar), digest)
        yield page
        if period == newest:
            yield replace(page, path="index.html", context=partial(_front_page, book, period, calendar), digest=None)


def _front_page(book: Book, period: str, calendar: Calendar) -> Row:
    """Return the overview of the newest period, with how things stand tonight."""
    return _overview(book, period, calendar) | {"status": _status(book)}


def _status(book: Book) -> Row:
    """Return what came of the newest period in which reports were owed, what is open, and what is new."""
    newest = max((period for period in book.record_of_period if "@" not in period), default="")
    record = book.record_of_period.get(newest, [])
    return {
        "period": newest,
        "owed": len(record),
        "accepted": sum(row["verdict"] in (Verdict.ACCEPTED, Verdict.ACCEPTED_WITH_QUERY) for row in record),
        "silent": sum(row["is_silent"] for row in record),
        "open": book.source.incidents.filter(pl.col("state") != AlertState.RESOLVED).height,
        "changes": book.changes,
    }


def _overview(book: Book, period: str, calendar: Calendar) -> Row:
    found = book.wholes[period]
    # One series fills a page with all provinces; where several do, the second stops at what is left of it.
    left = PROVINCES_SHOWN
    sections = []
    for series in SERIES:
        rows = [row for row in found if row["series"] == series]
        if rows:
            sections.append(_section(book, series, period, rows, left))
            left = max(left - len(sections[-1]["provinces"]), PROVINCES_AT_LEAST)
    return {
        "period": book.periods[period],
        "calendar": calendar,
        "sections": sections,
        "classes": CLASSES,
        "status": None,
    }


def _front(book: Book) -> str:
    """Return the newest period that at least half as many units report rates of as of the fullest; real before simulated."""
    rated = book.source.reports.filter(
        pl.col("scope").is_in(["province", "nation"]), pl.any_horizontal(pl.col(RATES).is_not_null())
    )
    for frame in (rated.filter("is_standard", pl.col("series") == "submitted"), rated.filter("is_standard"), rated):
        sizes = dict(frame.group_by("period_id").len().iter_rows())
        if sizes:
            return max(period for period, size in sizes.items() if 2 * size >= max(sizes.values()))
    return max(book.wholes)


def _calendar(book: Book) -> Calendar:
    """Return the years, newest first, and per month the period that has a page."""
    years = sorted({book.periods[period]["statistical_year"] for period in book.wholes}, reverse=True)
    return [
        (year, [period if (period := f"{year}-{months:02d}") in book.wholes else None for months in range(1, 13)])
        for year in years
    ]


def _section(book: Book, series: str, period: str, rows: list[Row], most: int) -> Row:
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
        "coverage": book.coverage.get((period, series)),
        "provinces": sorted(
            ((row, book.units[row["unit_key"]]) for row in provinces),
            key=lambda entry: (
                entry[0]["cases_completion_rate_pct"] is None,
                -(entry[0]["cases_completion_rate_pct"] or 0),
            ),
        )[:most],
        "all": len(provinces),
        "has_map": most > PROVINCES_AT_LEAST and any(row[rate] is not None for row in provinces for rate in RATES),
        "maps": {basis: tile_map(size, provinces, basis) for basis in ("cases", "money")},
    }


def unit_pages(book: Book) -> Iterator[Page]:
    """Yield a page for every province, and for every office that ever reported or should have."""
    shelves = (book.reports, book.record, book.incidents, book.flows, book.revisions, book.conduct, book.newest_below)
    for key in book.units:
        if book.has_page(key):
            digest = digest_of(book.names, *(shelf.digest(key) for shelf in (*shelves, book.grids)))
            yield Page(f"units/{key}.html", "unit.html", partial(_unit, book, key), digest)


def _unit(book: Book, key: str) -> Row:
    unit = book.units[key]
    record = book.record.get(key, [])
    incidents = book.incidents.get(key, [])
    still_open = [row for row in incidents if row["state"] != AlertState.RESOLVED]
    strands = _strands(book, key, book.reports.get(key, []))
    shown = {
        "strands": strands[: len(REPORTS_SHOWN)],
        "open": within(still_open, INCIDENTS_SHOWN, INCIDENTS_SIZE),
        "resolved": len(incidents) - len(still_open),
        "offices": _offices(book, key),
        "conduct": list(latest_first(book.conduct.get(key, [])))[: ROWS_SHOWN // 2],
        "grids": _grids(book, key) if unit["level"] == "province" else [],
        "revisions": book.revisions.get(key, [])[:ROWS_SHOWN],
        "record": list(reversed(record))[:ROWS_SHOWN],
    }
    return shown | {
        "unit": unit,
        "parent": book.units.get(unit["parent_key"] or ""),
        "open_count": len(still_open),
        "contents_of": _contents(shown),
        "more_strands": [strand.latest for strand in strands[len(REPORTS_SHOWN) :]],
        "units": book.units,
    }


def _contents(shown: Row) -> list[tuple[str, Markup]]:
    """Return the parts of a unit's page that it has, with their places."""
    strands = [
        (strand.place, word("scope", strand.scope) + " · " + word("series", strand.series))
        for strand in shown["strands"]
    ]
    parts = [("incidents", shown["open"] or shown["resolved"]), ("grid", shown["grids"])]
    parts += [(name, shown[name]) for name in ("offices", "conduct", "revisions", "record")]
    order = ("incidents", "offices", "conduct", "grid", "revisions", "record")
    return strands + [
        (name, word("part", name))
        for name, is_there in sorted(parts, key=lambda part: order.index(part[0]))
        if is_there
    ]


def _strands(book: Book, key: str, rows: list[Row]) -> list[Strand]:
    """Return the series of a unit that can be compared: real ones before simulated, the whole before a part."""
    strands: list[Strand] = []
    flows = book.flows.get(key, [])
    found = sorted(
        dict.fromkeys((row["series"], row["scope"]) for row in latest_first(rows)),
        key=lambda strand: (strand[0] == "simulated", strand[1] == "own"),
    )
    for place, (series, scope) in enumerate(found):
        own = [row for row in latest_first(rows) if (row["series"], row["scope"]) == (series, scope)]
        most = REPORTS_SHOWN[place] if place < len(REPORTS_SHOWN) else 0
        has_charts = place < CHARTS_SHOWN
        of_strand = [row for row in flows if has_charts and (row["series"], row["scope"]) == (series, scope)]
        year = max((row["statistical_year"] for row in of_strand), default=None)
        of_year = [row for row in of_strand if row["statistical_year"] == year]
        in_order = list(reversed(own)) if has_charts else []
        strands.append(
            Strand(
                series,
                scope,
                own[: most or 1],
                max(0, len(own) - most),
                {basis: rates_chart(in_order, basis) for basis in ("cases", "money")},
                of_year,
                flow_chart(of_year) if len(of_year) > 1 else None,
            )
        )
    return strands


def _offices(book: Book, key: str) -> list[tuple[Row, Row | None]]:
    """Return the units below a province or the nation with their newest report, by name."""
    below = [child for child in book.children.get(key, []) if child in book.reports or child in book.record]
    return [
        (book.units[child], book.newest.get(child))
        for child in sorted(below, key=lambda child: book.units[child]["name"])
    ]


def _grids(book: Book, key: str) -> list[Row]:
    """Return who of a province reported in each month of the newest year, a grid a series."""
    rows = book.grids.get(key, [])
    grids = []
    for series in ("submitted", "simulated"):
        lines: dict[str, dict[int, Row]] = {}
        for row in rows:
            if row["series"] == series:
                lines.setdefault(row["unit_key"], {})[int(row["period_id"][5:7])] = row
        if lines:
            grids.append(
                {
                    "series": series,
                    "year": next(row["year"] for row in rows if row["series"] == series),
                    "lines": sorted(((book.units[unit], months) for unit, months in lines.items()), key=_own_first),
                }
            )
    return grids


def _own_first(line: tuple[Row, dict[int, Row]]) -> tuple[bool, str]:
    return line[0]["level"] == "office", line[0]["name"]


def passport_pages(book: Book) -> Iterator[Page]:
    """Yield the pages of passports."""
    for page in book.passports.pages:
        digest = digest_of(book.names, *book.passports.digest(page))
        yield Page(f"{PASSPORTS}{page}.html", "passports.html", partial(_passports, book, page), digest)


def _passports(book: Book, page: str) -> Row:
    found = book.passports.of_page(page)
    row = found[0].row
    around = book.passports.pages[page]
    return {
        "unit": book.units[row["unit_key"]],
        "scope": row["scope"],
        "year": row["statistical_year"],
        "around": around,
        "passports": found,
        "shares": SHARES,
        "cells": CELLS,
    }
