"""The pages that look across units: who reported, what does not add up, each rule, conduct, and what is new."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

import polars as pl

from pipeline.bulletin.bulletin_data import BulletinData, Page
from pipeline.bulletin.row_groups import digest_of, truncate_rows
from pipeline.bulletin.source import SERIES
from pipeline.vocabulary import AlertState

Row = dict[str, Any]

#: Lists of any length are cut here, and say how many more entries there are.
LONGEST_LIST = 200
INCIDENTS_SHOWN, INCIDENTS_SIZE = 60, 120_000
RULES_SHOWN = 120
CHANGES_SHOWN = 100
#: Room for all provinces that ever existed, and the nation; where only offices report, for this many offices.
PROVINCES_SHOWN = 100
#: Age of an open incident in days: the lowest of each class.
AGES = ((0, "0-7"), (8, "8-30"), (31, "31-90"), (91, "> 90"))


def record_pages(data: BulletinData) -> Iterator[Page]:
    """Yield a page for every period in which reports were owed: who is late or silent; the newest is the index."""
    periods = sorted(data.record_by_period, reverse=True)
    for period in periods:
        digest = digest_of(data.names_digest, data.labels.digest(period), data.record_by_period.digest(period), periods)
        page = Page(f"record/{period}.html", "record.html", partial(_record, data, period, periods), digest)
        yield page
        if period == periods[0]:
            yield replace(page, path="record/index.html")
    if not periods:
        yield Page(
            "record/index.html", "record.html", lambda: {"period": None, "periods": [], "sections": [], "units": {}}
        )


def _record(data: BulletinData, period: str, periods: list[str]) -> Row:
    rows = data.record_by_period[period]
    return {
        "period": data.periods.get(period, {"period_id": period}),
        "periods": periods,
        "sections": [
            _record_section(data, series, [row for row in rows if row["series"] == series])
            for series in ("submitted", "simulated")
            if any(row["series"] == series for row in rows)
        ],
        "units": data.units,
    }


def _record_section(data: BulletinData, series: str, rows: list[Row]) -> Row:
    """Return a period's record of one series: counts by province, and whom to remind."""
    provinces: dict[str, Counter[str]] = {}
    for row in rows:
        counts = provinces.setdefault(row["province_key"] or row["unit_key"], Counter())
        counts["owed"] += 1
        counts["silent" if row["is_silent"] else row["verdict"]] += 1
        counts["late"] += bool(row["is_late"])
    troubles = [
        row for row in rows if row["is_silent"] or row["is_late"] or row["verdict"] in ("returned", "unreadable")
    ]
    return {
        "series": series,
        "provinces": sorted(
            ((data.units[key], counts) for key, counts in provinces.items()), key=lambda entry: entry[0]["name"]
        ),
        "totals": sum(provinces.values(), Counter()),
        "troubles": troubles[:LONGEST_LIST],
        "more": max(0, len(troubles) - LONGEST_LIST),
    }


def quality_pages(data: BulletinData) -> Iterator[Page]:
    """Yield the quality board: open incidents by province, rule and age."""
    yield Page("quality.html", "quality.html", partial(_quality, data))


def open_incidents(data: BulletinData) -> list[Row]:
    """Return the incidents that are not resolved, in the order of the query."""
    return data.source.incidents.filter(pl.col("state") != AlertState.RESOLVED).to_dicts()


def _quality(data: BulletinData) -> Row:
    rows = open_incidents(data)
    today = _newest_arrival(data)
    by_province: dict[str, Counter[str]] = {}
    by_rule: dict[str, Counter[str]] = {}
    ages: dict[str, Counter[str]] = {label: Counter() for _, label in AGES}
    for row in rows:
        keys = (row["on_fail"], "all")
        by_province.setdefault(row["province_key"] or row["unit_key"] or "", Counter()).update(keys)
        by_rule.setdefault(row["rule_id"], Counter()).update(keys)
        ages[_age(row["opened_at"], today)].update(keys)
    rules = sorted(by_rule.items(), key=lambda entry: (-entry[1]["all"], entry[0]))
    return {
        "as_of": today,
        "open": rows,
        "shown": truncate_rows(
            sorted(rows, key=lambda row: row["opened_at"], reverse=True), INCIDENTS_SHOWN, INCIDENTS_SIZE
        ),
        "resolved": len(data.source.incidents) - len(rows),
        "by_province": sorted(
            ((data.units.get(key), counts) for key, counts in by_province.items()),
            key=lambda entry: -entry[1]["all"],
        ),
        "by_rule": rules[:RULES_SHOWN],
        "more_rules": max(0, len(rules) - RULES_SHOWN),
        "ages": list(ages.items()),
        "has_data_docs": data.has_data_docs,
        "units": data.units,
    }


def _newest_arrival(data: BulletinData) -> datetime | None:
    """Return when the newest file came: ages are counted to that day, so that the same release gives the same page."""
    moments = [data.source.incidents["opened_at"].max(), data.source.reports["received_at"].max()]
    return max((moment for moment in moments if isinstance(moment, datetime)), default=None)


def _age(opened: datetime, today: datetime | None) -> str:
    days = (today.date() - opened.date()).days if today else 0
    return next(label for low, label in reversed(AGES) if days >= low or low == 0)


def rule_pages(data: BulletinData) -> Iterator[Page]:
    """Yield the list of rules, and a page for each: what it says, on what basis, how often it fires."""
    open_counts = Counter(row["rule_id"] for row in open_incidents(data))
    yield Page("rules/index.html", "rules.html", partial(_rules, data, open_counts))
    for rule in data.rules:
        digest = digest_of(
            *(groups.digest(rule) for groups in (data.rules, data.firings, data.findings)),
            open_counts[rule],
            data.names_digest,
        )
        yield Page(f"rules/{rule}.html", "rule.html", partial(_rule, data, rule, open_counts[rule]), digest)


def _rules(data: BulletinData, open_counts: Counter[str]) -> Row:
    totals = {
        rule: {name: sum(row[name] for row in data.firings[rule]) for name in ("looked_at", "fired", "excused")}
        for rule in data.firings
    }
    return {"rules": dict(data.rules), "totals": totals, "open_ones": open_counts}


def _rule(data: BulletinData, rule: str, open_count: int) -> Row:
    return {
        "rule": rule,
        "packs": data.rules[rule],
        "firings": data.firings.get(rule, []),
        "findings": data.findings.get(rule, []),
        "open_ones": open_count,
        "units": data.units,
    }


def conduct_pages(data: BulletinData) -> Iterator[Page]:
    """Yield reception, complaints and discipline, a page a period and series: one series of all provinces fills a page.

    The newest with figures of provinces or the nation is the index.
    """
    places = sorted(
        {
            (row["period_id"], row["series"])
            for row in data.source.conduct.select("period_id", "series").unique().to_dicts()
        },
        key=lambda place: (place[0], -SERIES.index(place[1])),
        reverse=True,
    )
    fronts = [
        place
        for place in places
        if "@" not in place[0]
        and any(row["scope"] in ("province", "nation") for row in data.conduct_by_place[".".join(place)])
    ]
    for place in places:
        digest = digest_of(
            data.names_digest, data.labels.digest(place[0]), data.conduct_by_place.digest(".".join(place)), places
        )
        page = Page(f"conduct/{'.'.join(place)}.html", "conduct.html", partial(_conduct, data, place, places), digest)
        yield page
        if place == (fronts or places)[0]:
            yield replace(page, path="conduct/index.html")
    if not places:
        yield Page(
            "conduct/index.html", "conduct.html", lambda: {"period": None, "places": [], "rows": [], "units": {}}
        )


def _conduct(data: BulletinData, place: tuple[str, str], places: list[tuple[str, str]]) -> Row:
    period, series = place
    rows = data.conduct_by_place[".".join(place)]
    territory_rows = [row for row in rows if row["scope"] in ("province", "nation")]
    ordered_rows = sorted(
        territory_rows or rows, key=lambda row: (row["scope"] != "nation", data.units[row["unit_key"]]["name"])
    )
    return {
        "period": data.periods[period],
        "series": series,
        "rows": ordered_rows[:PROVINCES_SHOWN],
        "all": len(ordered_rows),
        "places": places,
        "units": data.units,
    }


def changes_page(data: BulletinData) -> Iterator[Page]:
    """Yield what changed since the previous release: new reports, changed figures, incidents opened and resolved."""
    yield Page("changes.html", "changes.html", partial(_changes, data))


def _changes(data: BulletinData) -> Row:
    moved = data.changes.moved[:CHANGES_SHOWN] if data.changes else []
    reports = data.source.reports.filter(pl.col("report_id").is_in([row["report_id"] for row in moved]))
    places = {row["report_id"]: row for row in reports.select("report_id", "page", "anchor").to_dicts()}
    return {
        "changes": data.changes,
        "moved_rows": [(row, places.get(row["report_id"]) if row["after"] is not None else None) for row in moved],
        "units": data.units,
        "longest": CHANGES_SHOWN,
        "opened": _first(data.changes.opened) if data.changes else [],
        "resolved": _first(data.changes.resolved) if data.changes else [],
    }


def _first(incidents: list[Row]) -> list[Row]:
    return truncate_rows(incidents, INCIDENTS_SHOWN // 2, INCIDENTS_SIZE // 3)
