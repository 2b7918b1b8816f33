"""The pages of the site and what each shows: rows of the source under the names that the templates use."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import Any

import polars as pl
from markupsafe import Markup

from pipeline.bulletin import boards
from pipeline.bulletin.bulletin_data import BulletinData, Page
from pipeline.bulletin.cells import CELLS, SHARES
from pipeline.bulletin.charts import CLASSES, Chart, flow_chart, rates_chart, tile_layout, tile_map
from pipeline.bulletin.row_groups import digest_of, truncate_rows
from pipeline.bulletin.source import SERIES, sort_latest_first
from pipeline.bulletin.words import word
from pipeline.vocabulary import AlertState, Verdict

#: How many reports of its first series, its second and so on a unit's page lists; their passports link to the others.
REPORTS_SHOWN = (18, 12, 4, 4, 4, 4)
#: How many of these series have charts and figures by month.
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
        """Return the anchor of the strand in its page."""
        return f"{self.series}-{self.scope}"

    @property
    def is_total(self) -> bool:
        """Return whether its figures are totals over several units."""
        return self.scope in ("province", "nation")


def all_pages(data: BulletinData) -> Iterator[Page]:
    """Yield every page of the site."""
    yield from overview_pages(data)
    yield from boards.record_pages(data)
    yield from boards.quality_pages(data)
    yield from boards.rule_pages(data)
    yield from boards.conduct_pages(data)
    yield from boards.changes_page(data)
    yield Page("about.html", "about.html", lambda: {"indicators": data.indicators})
    yield Page("units/index.html", "units.html", lambda: {"units": data.tree(), "newest": data.newest})
    yield from unit_pages(data)
    yield from passport_pages(data)


def overview_pages(data: BulletinData) -> Iterator[Page]:
    """Yield a page for every period that has figures of provinces or of the nation; the newest is the front page."""
    if not data.wholes:
        yield Page("index.html", "empty.html", dict)
        return
    calendar = _calendar(data)
    newest = _front_period(data)
    for period in data.wholes:
        digest = digest_of(
            data.names_digest,
            data.labels.digest(period),
            data.wholes.digest(period),
            data.record_by_period.digest(period),
            calendar,
        )
        page = Page(f"periods/{period}.html", "overview.html", partial(_overview, data, period, calendar), digest)
        yield page
        if period == newest:
            yield replace(page, path="index.html", context=partial(_front_page, data, period, calendar), digest=None)


def _front_page(data: BulletinData, period: str, calendar: Calendar) -> Row:
    """Return the overview of the newest period, with tonight's status."""
    return _overview(data, period, calendar) | {"status": _status(data)}


def _status(data: BulletinData) -> Row:
    """Return how many reports of the newest period with reports owed have come, what is open, and what is new."""
    newest = max((period for period in data.record_by_period if "@" not in period), default="")
    record = data.record_by_period.get(newest, [])
    return {
        "period": newest,
        "owed": len(record),
        "accepted": sum(row["verdict"] in (Verdict.ACCEPTED, Verdict.ACCEPTED_WITH_QUERY) for row in record),
        "silent": sum(row["is_silent"] for row in record),
        "open": data.source.incidents.filter(pl.col("state") != AlertState.RESOLVED).height,
        "changes": data.changes,
    }


def _overview(data: BulletinData, period: str, calendar: Calendar) -> Row:
    reports = data.wholes[period]
    # One series fills a page with all provinces; where there are several, the second gets the remaining room.
    remaining = PROVINCES_SHOWN
    sections = []
    for series in SERIES:
        rows = [row for row in reports if row["series"] == series]
        if rows:
            sections.append(_section(data, series, period, rows, remaining))
            remaining = max(remaining - len(sections[-1]["provinces"]), PROVINCES_AT_LEAST)
    return {
        "period": data.periods[period],
        "calendar": calendar,
        "sections": sections,
        "classes": CLASSES,
        "status": None,
    }


def _front_period(data: BulletinData) -> str:
    """Return the newest period with rates of at least half as many units as the fullest one has; real ones first."""
    rated = data.source.reports.filter(
        pl.col("scope").is_in(["province", "nation"]), pl.any_horizontal(pl.col(RATES).is_not_null())
    )
    for frame in (rated.filter("is_standard", pl.col("series") == "submitted"), rated.filter("is_standard"), rated):
        sizes = dict(frame.group_by("period_id").len().iter_rows())
        if sizes:
            return max(period for period, size in sizes.items() if 2 * size >= max(sizes.values()))
    return max(data.wholes)


def _calendar(data: BulletinData) -> Calendar:
    """Return the years, newest first, and per month the period that has a page."""
    years = sorted({data.periods[period]["statistical_year"] for period in data.wholes}, reverse=True)
    return [
        (year, [period if (period := f"{year}-{months:02d}") in data.wholes else None for months in range(1, 13)])
        for year in years
    ]


def _section(data: BulletinData, series: str, period: str, rows: list[Row], limit: int) -> Row:
    """Return what the overview shows of one series: the nation, the maps, the table of provinces."""
    provinces = [row for row in rows if row["scope"] == "province"]
    size = 63 if data.periods[period]["period_end"] < MERGER else 34
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
        "coverage": data.coverage.get((period, series)),
        "provinces": sorted(
            ((row, data.units[row["unit_key"]]) for row in provinces),
            key=lambda entry: (
                entry[0]["cases_completion_rate_pct"] is None,
                -(entry[0]["cases_completion_rate_pct"] or 0),
            ),
        )[:limit],
        "all": len(provinces),
        "has_map": limit > PROVINCES_AT_LEAST and any(row[rate] is not None for row in provinces for rate in RATES),
        "maps": {basis: tile_map(size, provinces, basis) for basis in ("cases", "money")},
    }


def unit_pages(data: BulletinData) -> Iterator[Page]:
    """Yield a page for every province, and for every office that ever reported or should have."""
    groups_by_unit = (
        data.reports,
        data.record,
        data.incidents,
        data.flows,
        data.revisions,
        data.conduct,
        data.newest_by_parent,
    )
    for key in data.units:
        if data.has_page(key):
            digest = digest_of(data.names_digest, *(groups.digest(key) for groups in (*groups_by_unit, data.grids)))
            yield Page(f"units/{key}.html", "unit.html", partial(_unit, data, key), digest)


def _unit(data: BulletinData, key: str) -> Row:
    unit = data.units[key]
    record = data.record.get(key, [])
    incidents = data.incidents.get(key, [])
    open_incidents = [row for row in incidents if row["state"] != AlertState.RESOLVED]
    strands = _strands(data, key, data.reports.get(key, []))
    content = {
        "strands": strands[: len(REPORTS_SHOWN)],
        "open": truncate_rows(open_incidents, INCIDENTS_SHOWN, INCIDENTS_SIZE),
        "resolved": len(incidents) - len(open_incidents),
        "offices": _offices(data, key),
        "conduct": list(sort_latest_first(data.conduct.get(key, [])))[: ROWS_SHOWN // 2],
        "grids": _grids(data, key) if unit["level"] == "province" else [],
        "revisions": data.revisions.get(key, [])[:ROWS_SHOWN],
        "record": list(reversed(record))[:ROWS_SHOWN],
    }
    return content | {
        "unit": unit,
        "parent": data.units.get(unit["parent_key"] or ""),
        "open_count": len(open_incidents),
        "contents_of": _contents(content),
        "more_strands": [strand.latest for strand in strands[len(REPORTS_SHOWN) :]],
        "units": data.units,
    }


def _contents(content: Row) -> list[tuple[str, Markup]]:
    """Return the parts that a unit's page has, with their anchors."""
    strands = [
        (strand.place, word("scope", strand.scope) + " · " + word("series", strand.series))
        for strand in content["strands"]
    ]
    parts = [("incidents", content["open"] or content["resolved"]), ("grid", content["grids"])]
    parts += [(name, content[name]) for name in ("offices", "conduct", "revisions", "record")]
    order = ("incidents", "offices", "conduct", "grid", "revisions", "record")
    return strands + [
        (name, word("part", name))
        for name, has_rows in sorted(parts, key=lambda part: order.index(part[0]))
        if has_rows
    ]


def _strands(data: BulletinData, key: str, rows: list[Row]) -> list[Strand]:
    """Return the series of a unit that can be compared: real ones before simulated, the whole before a part."""
    strands: list[Strand] = []
    flows = data.flows.get(key, [])
    keys = sorted(
        dict.fromkeys((row["series"], row["scope"]) for row in sort_latest_first(rows)),
        key=lambda strand: (strand[0] == "simulated", strand[1] == "own"),
    )
    for place, (series, scope) in enumerate(keys):
        strand_rows = [row for row in sort_latest_first(rows) if (row["series"], row["scope"]) == (series, scope)]
        limit = REPORTS_SHOWN[place] if place < len(REPORTS_SHOWN) else 0
        has_charts = place < CHARTS_SHOWN
        strand_flows = [row for row in flows if has_charts and (row["series"], row["scope"]) == (series, scope)]
        year = max((row["statistical_year"] for row in strand_flows), default=None)
        year_flows = [row for row in strand_flows if row["statistical_year"] == year]
        history = list(reversed(strand_rows)) if has_charts else []
        strands.append(
            Strand(
                series,
                scope,
                strand_rows[: limit or 1],
                max(0, len(strand_rows) - limit),
                {basis: rates_chart(history, basis) for basis in ("cases", "money")},
                year_flows,
                flow_chart(year_flows) if len(year_flows) > 1 else None,
            )
        )
    return strands


def _offices(data: BulletinData, key: str) -> list[tuple[Row, Row | None]]:
    """Return the units below a province or the nation with their newest report, by name."""
    children = [child for child in data.children.get(key, []) if child in data.reports or child in data.record]
    return [
        (data.units[child], data.newest.get(child))
        for child in sorted(children, key=lambda child: data.units[child]["name"])
    ]


def _grids(data: BulletinData, key: str) -> list[Row]:
    """Return who of a province reported in each month of the newest year, a grid a series."""
    rows = data.grids.get(key, [])
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
                    "lines": sorted(((data.units[unit], months) for unit, months in lines.items()), key=_own_first),
                }
            )
    return grids


def _own_first(line: tuple[Row, dict[int, Row]]) -> tuple[bool, str]:
    return line[0]["level"] == "office", line[0]["name"]


def passport_pages(data: BulletinData) -> Iterator[Page]:
    """Yield the pages of passports."""
    for page in data.passports.pages:
        digest = digest_of(data.names_digest, *data.passports.digest(page))
        yield Page(f"{PASSPORTS}{page}.html", "passports.html", partial(_passports, data, page), digest)


def _passports(data: BulletinData, page: str) -> Row:
    passports = data.passports.passports_on(page)
    row = passports[0].row
    neighbours = data.passports.pages[page]
    return {
        "unit": data.units[row["unit_key"]],
        "scope": row["scope"],
        "year": row["statistical_year"],
        "around": neighbours,
        "passports": passports,
        "shares": SHARES,
        "cells": CELLS,
    }
