"""The pages that look across units: who reported, what does not add up, each rule, conduct, and what is new."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from pipeline.bulletin.book import Book, Page
from pipeline.bulletin.source import SERIES, by
from pipeline.vocabulary import AlertState

Row = dict[str, Any]

#: Lists that could grow without end stop here and say how many more there are.
LONGEST_LIST = 200
#: Age of an open incident in days: the lowest of each class.
AGES = ((0, "0-7"), (8, "8-30"), (31, "31-90"), (91, "> 90"))


def record_pages(book: Book) -> Iterator[Page]:
    """Yield a page for every period in which reports were owed: who is late or silent; the newest is the front one."""
    periods = sorted(set(book.source.record["period_id"]), reverse=True)
    of_period = by(book.source.record, "period_id")
    for period in periods:
        sections = [
            _record_section(book, series, [row for row in of_period[period] if row["series"] == series])
            for series in ("submitted", "simulated")
            if any(row["series"] == series for row in of_period[period])
        ]
        context = {"period": book.periods.get(period, {"period_id": period}), "periods": periods, "sections": sections}
        yield Page(f"record/{period}.html", "record.html", context)
        if period == periods[0]:
            yield Page("record/index.html", "record.html", context)
    if not periods:
        yield Page("record/index.html", "record.html", {"period": None, "periods": [], "sections": []})


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
        "units": book.units,
    }


def quality_pages(book: Book) -> Iterator[Page]:
    """Yield the quality board: open incidents by province, rule and age."""
    rows = [row for row in book.source.incidents.to_dicts() if row["state"] != AlertState.RESOLVED]
    today = _newest_arrival(book)
    by_province: dict[str, Counter[str]] = {}
    by_rule: dict[str, Counter[str]] = {}
    ages: Counter[str] = Counter()
    for row in rows:
        by_province.setdefault(row["province_key"] or row["unit_key"] or "", Counter()).update([row["on_fail"], "all"])
        by_rule.setdefault(row["rule_id"], Counter()).update([row["on_fail"], "all"])
        ages[_age(row["opened_at"], today)] += 1
    yield Page(
        "quality.html",
        "quality.html",
        {
            "as_of": today,
            "open": rows,
            "shown": sorted(rows, key=lambda row: row["opened_at"], reverse=True)[:60],
            "resolved": sum(row["state"] == AlertState.RESOLVED for row in book.source.incidents.to_dicts()),
            "by_province": sorted(
                ((book.units.get(key), counts) for key, counts in by_province.items()),
                key=lambda entry: -entry[1]["all"],
            ),
            "by_rule": sorted(by_rule.items(), key=lambda entry: (-entry[1]["all"], entry[0])),
            "ages": [(label, ages[label]) for _, label in AGES],
        },
    )


def _newest_arrival(book: Book) -> datetime | None:
    """Return when the newest file came: the day that ages count to, so that the same release gives the same page."""
    found = [row["opened_at"] for row in book.source.incidents.to_dicts()]
    found += [row["received_at"] for row in book.source.reports.to_dicts() if row["received_at"]]
    return max(found, default=None)


def _age(opened: datetime, today: datetime | None) -> str:
    days = (today.date() - opened.date()).days if today else 0
    return next(label for low, label in reversed(AGES) if days >= low or low == 0)


def rule_pages(book: Book) -> Iterator[Page]:
    """Yield the list of rules, and a page for each: what it says, on what basis, how often it fires."""
    firings = by(book.source.firings, "rule_id")
    findings = by(book.source.findings, "rule_id")
    open_ones = Counter(
        row["rule_id"] for row in book.source.incidents.to_dicts() if row["state"] != AlertState.RESOLVED
    )
    totals = {
        rule: {name: sum(row[name] for row in rows) for name in ("looked_at", "fired", "excused", "checked", "failed")}
        for rule, rows in firings.items()
    }
    yield Page("rules/index.html", "rules.html", {"rules": book.rules, "totals": totals, "open_ones": open_ones})
    for rule, versions in book.rules.items():
        yield Page(
            f"rules/{rule}.html",
            "rule.html",
            {
                "rule": rule,
                "packs": versions,
                "firings": firings.get(rule, []),
                "findings": findings.get(rule, []),
                "open_ones": open_ones[rule],
                "units": book.units,
            },
        )


def conduct_pages(book: Book) -> Iterator[Page]:
    """Yield reception, complaints and discipline, a page a period; the newest that a province reports is the front one."""
    of_period = by(book.source.conduct, "period_id")
    periods = sorted(of_period, reverse=True)
    fronts = [
        p for p in periods if "@" not in p and any(row["scope"] in ("province", "nation") for row in of_period[p])
    ]
    for period in periods:
        sections = []
        for series in SERIES:
            rows = [row for row in of_period[period] if row["series"] == series]
            whole = [row for row in rows if row["scope"] in ("province", "nation")]
            if rows:
                sections.append({"series": series, "rows": (whole or rows)[:LONGEST_LIST], "is_whole": bool(whole)})
        context = {"period": book.periods[period], "periods": periods, "sections": sections, "units": book.units}
        yield Page(f"conduct/{period}.html", "conduct.html", context)
        if period == (fronts or periods)[0]:
            yield Page("conduct/index.html", "conduct.html", context)
    if not periods:
        yield Page("conduct/index.html", "conduct.html", {"period": None, "periods": [], "sections": [], "units": {}})


def changes_page(book: Book) -> Iterator[Page]:
    """Yield what changed since the release before: reports that came, figures that moved, incidents opened and closed."""
    yield Page("changes.html", "changes.html", {"changes": book.changes, "units": book.units, "longest": LONGEST_LIST})
