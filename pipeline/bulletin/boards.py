"""The pages that look across units: who reported, what does not add up, each rule, conduct, and what is new."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

import polars as pl

from pipeline.bulletin.book import Book, Page
from pipeline.bulletin.shelf import digest_of, within
from pipeline.bulletin.source import SERIES
from pipeline.vocabulary import AlertState

Row = dict[str, Any]

#: Lists that could grow without end stop here and say how many more there are.
LONGEST_LIST = 200
INCIDENTS_SHOWN, INCIDENTS_SIZE = 60, 120_000
RULES_SHOWN = 120
CHANGES_SHOWN = 100
#: More provinces than ever were, and the nation; where only offices report, so many of them.
PROVINCES_SHOWN = 100
#: Age of an open incident in days: the lowest of each class.
AGES = ((0, "0-7"), (8, "8-30"), (31, "31-90"), (91, "> 90"))


def record_pages(book: Book) -> Iterator[Page]:
    """Yield a page for every period in which reports were owed: who is late or silent; the newest is the front one."""
    periods = sorted(book.record_of_period, reverse=True)
    for period in periods:
        digest = digest_of(book.names, book.labels.digest(period), book.record_of_period.digest(period), periods)
        page = Page(f"record/{period}.html", "record.html", partial(_record, book, period, periods), digest)
        yield page
        if period == periods[0]:
            yield replace(page, path="record/index.html")
    if not periods:
        yield Page(
            "record/index.html", "record.html", lambda: {"period": None, "periods": [], "sections": [], "units": {}}
        )


def _record(book: Book, period: str, periods: list[str]) -> Row:
    rows = book.record_of_period[period]
    return {
        "period": book.periods.get(period, {"period_id": period}),
        "periods": periods,
        "sections": [
            _record_section(book, series, [row for row in rows if row["series"] == series])
            for series in ("submitted", "simulated")
            if any(row["series"] == series for row in rows)
        ],
        "units": book.units,
    }


def _record_section(book: Book, series: str, rows: list[Row]) -> Row:
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
            ((book.units[key], counts) for key, counts in provinces.items()), key=lambda entry: entry[0]["name"]
        ),
        "totals": sum(provinces.values(), Counter()),
        "troubles": troubles[:LONGEST_LIST],
        "more": max(0, len(troubles) - LONGEST_LIST),
    }


def quality_pages(book: Book) -> Iterator[Page]:
    """Yield the quality board: open incidents by province, rule and age."""
    yield Page("quality.html", "quality.html", partial(_quality, book))


def open_incidents(book: Book) -> list[Row]:
    """Return the incidents that are not resolved, in the order of the query."""
    return book.source.incidents.filter(pl.col("state") != AlertState.RESOLVED).to_dicts()


def _quality(book: Book) -> Row:
    rows = open_incidents(book)
    today = _newest_arrival(book)
    by_province: dict[str, Counter[str]] = {}
    by_rule: dict[str, Counter[str]] = {}
    ages: dict[str, Counter[str]] = {label: Counter() for _, label in AGES}
    for row in rows:
        counted = (row["on_fail"], "all")
        by_province.setdefault(row["province_key"] or row["unit_key"] or "", Counter()).update(counted)
        by_rule.setdefault(row["rule_id"], Counter()).update(counted)
        ages[_age(row["opened_at"], today)].update(counted)
    rules = sorted(by_rule.items(), key=lambda entry: (-entry[1]["all"], entry[0]))
    return {
        "as_of": today,
        "open": rows,
        "shown": within(sorted(rows, key=lambda row: row["opened_at"], reverse=True), INCIDENTS_SHOWN, INCIDENTS_SIZE),
        "resolved": len(book.source.incidents) - len(rows),
        "by_province": sorted(
            ((book.units.get(key), counts) for key, counts in by_province.items()),
            key=lambda entry: -entry[1]["all"],
        ),
        "by_rule": rules[:RULES_SHOWN],
        "more_rules": max(0, len(rules) - RULES_SHOWN),
        "ages": list(ages.items()),
        "has_data_docs": book.has_data_docs,
        "units": book.units,
    }


def _newest_arrival(book: Book) -> datetime | None:
    """Return when the newest file came: the day that ages count to, so that the same release gives the same page."""
    found = [book.source.incidents["opened_at"].max(), book.source.reports["received_at"].max()]
    return max((moment for moment in found if isinstance(moment, datetime)), default=None)


def _age(opened: datetime, today: datetime | None) -> str:
    days = (today.date() - opened.date()).days if today else 0
    return next(label for low, label in reversed(AGES) if days >= low or low == 0)


def rule_pages(book: Book) -> Iterator[Page]:
    """Yield the list of rules, and a page for each: what it says, on what basis, how often it fires."""
    open_ones = Counter(row["rule_id"] for row in open_incidents(book))
    yield Page("rules/index.html", "rules.html", partial(_rules, book, open_ones))
    for rule in book.rules:
        digest = digest_of(
            *(shelf.digest(rule) for shelf in (book.rules, book.firings, book.findings)), open_ones[rule], book.names
        )
        yield Page(f"rules/{rule}.html", "rule.html", partial(_rule, book, rule, open_ones[rule]), digest)


def _rules(book: Book, open_ones: Counter[str]) -> Row:
    totals = {
        rule: {name: sum(row[name] for row in book.firings[rule]) for name in ("looked_at", "fired", "excused")}
        for rule in book.firings
    }
    return {"rules": dict(book.rules), "totals": totals, "open_ones": open_ones}


def _rule(book: Book, rule: str, open_ones: int) -> Row:
    return {
        "rule": rule,
        "packs": book.rules[rule],
        "firings": book.firings.get(rule, []),
        "findings": book.findings.get(rule, []),
        "open_ones": open_ones,
        "units": book.units,
    }


def conduct_pages(book: Book) -> Iterator[Page]:
    """Yield reception, complaints and discipline, a page a period and series: one series of all provinces fills a page.

    The newest of which provinces or the nation are known is the front one.
    """
    found = sorted(
        {
            (row["period_id"], row["series"])
            for row in book.source.conduct.select("period_id", "series").unique().to_dicts()
        },
        key=lambda place: (place[0], -SERIES.index(place[1])),
        reverse=True,
    )
    fronts = [
        place
        for place in found
        if "@" not in place[0]
        and any(row["scope"] in ("province", "nation") for row in book.conduct_of[".".join(place)])
    ]
    for place in found:
        digest = digest_of(book.names, book.labels.digest(place[0]), book.conduct_of.digest(".".join(place)), found)
        page = Page(f"conduct/{'.'.join(place)}.html", "conduct.html", partial(_conduct, book, place, found), digest)
        yield page
        if place == (fronts or found)[0]:
            yield replace(page, path="conduct/index.html")
    if not found:
        yield Page(
            "conduct/index.html", "conduct.html", lambda: {"period": None, "places": [], "rows": [], "units": {}}
        )


def _conduct(book: Book, place: tuple[str, str], places: list[tuple[str, str]]) -> Row:
    period, series = place
    rows = book.conduct_of[".".join(place)]
    whole = [row for row in rows if row["scope"] in ("province", "nation")]
    order = sorted(whole or rows, key=lambda row: (row["scope"] != "nation", book.units[row["unit_key"]]["name"]))
    return {
        "period": book.periods[period],
        "series": series,
        "rows": order[:PROVINCES_SHOWN],
        "all": len(order),
        "places": places,
        "units": book.units,
    }


def changes_page(book: Book) -> Iterator[Page]:
    """Yield what changed since the release before: reports that came, figures that moved, incidents opened and closed."""
    yield Page("changes.html", "changes.html", partial(_changes, book))


def _changes(book: Book) -> Row:
    moved = book.changes.moved[:CHANGES_SHOWN] if book.changes else []
    reports = book.source.reports.filter(pl.col("report_id").is_in([row["report_id"] for row in moved]))
    places = {row["report_id"]: row for row in reports.select("report_id", "page", "anchor").to_dicts()}
    return {
        "changes": book.changes,
        "moved_rows": [(row, places.get(row["report_id"]) if row["after"] is not None else None) for row in moved],
        "units": book.units,
        "longest": CHANGES_SHOWN,
        "opened": _first(book.changes.opened) if book.changes else [],
        "resolved": _first(book.changes.resolved) if book.changes else [],
    }


def _first(incidents: list[Row]) -> list[Row]:
    return within(incidents, INCIDENTS_SHOWN // 2, INCIDENTS_SIZE // 3)
