"""No page grows with the history, the number of offices or what a file holds: lists end, text is cut, years are split."""

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from pipeline.bulletin.bulletin_data import BulletinData
from pipeline.bulletin.changes import Changes
from pipeline.bulletin.pages import PASSPORTS, all_pages
from pipeline.bulletin.site import TEMPLATES, write_page
from pipeline.bulletin.source import Source, _anchors, read_source
from pipeline.home import Home
from pipeline.published.releases import Release, live_release

LARGEST_PAGE = 300_000
UNIT = "kien-giang"
#: What a hostile file may hold: long, and six characters each once it is written as HTML.
LONG = '"' * 2000
YEARS = range(2014, 2024)

pytestmark = pytest.mark.slow


def repeated(frame: pl.DataFrame, rows: int, **changed: pl.Expr) -> pl.DataFrame:
    """Return the frame with its first row so often again, ``n`` counting them."""
    more = pl.concat([frame.head(1)] * rows).with_row_index("n").with_columns(**changed).drop("n")
    return pl.concat([frame, more.select(frame.columns).cast(dict(frame.schema))])


def ten_years(reports: pl.DataFrame) -> pl.DataFrame:
    """Return the reports with ten years of months in each of the series of one province, and of its own caseload."""
    full = reports.filter(pl.col("unit_key") == UNIT, pl.col("series") == "simulated", pl.col("scope") == "own").head(1)
    months = pl.DataFrame(
        [
            {
                "statistical_year": year,
                "months": month,
                "period_id": f"{year}-{month:02d}",
                "series": series,
                "scope": scope,
            }
            for year in YEARS
            for month in range(1, 13)
            for series in ("submitted", "published", "final", "preliminary", "simulated")
            for scope in ("own", "province")
        ]
    )
    names = pl.concat_str("series", "scope", "period_id", separator="/")
    made = full.drop(months.columns).join(months, how="cross").with_columns(report_id=names, source_ref=pl.lit(LONG))
    made = made.select(reports.columns).cast(dict(reports.schema))
    return pl.concat([reports.filter(pl.col("unit_key") != UNIT), made]).sort(
        "period_id", "series", "scope", "unit_key"
    )


@pytest.fixture(scope="module")
def source(samples_home: Home) -> Source:
    """The samples' source, with ten years of one province and thousands of rows of everything that is a list."""
    release = live_release(samples_home)
    assert release
    found = read_source(release.path)
    places = ["anchor", "page"]
    reports = ten_years(found.reports)
    report_ids = reports.filter(pl.col("unit_key") == UNIT)["report_id"]
    conduct = found.conduct.filter(pl.col("unit_key") == UNIT).head(1)
    conduct = conduct.drop("report_id", "period_id", "series", "scope", "statistical_year").join(
        reports.filter(pl.col("unit_key") == UNIT).select(
            "report_id", "period_id", "series", "scope", "statistical_year"
        ),
        how="cross",
    )
    conduct = conduct.select(found.conduct.columns).with_columns(pl.col(list(CONDUCT_COUNTS)).fill_null(123456))
    anchors = _anchors(reports, conduct)
    flow = found.flows.head(1).drop("report_id", "period_id", "series", "scope", "statistical_year", "months", *places)
    flows = flow.with_columns(unit_key=pl.lit(UNIT)).join(
        reports.filter(pl.col("unit_key") == UNIT).select(
            "report_id", "period_id", "series", "scope", "statistical_year", "months"
        ),
        how="cross",
    )
    version = (
        found.versions.head(1)
        .drop("report_id")
        .with_columns(source_ref=pl.lit(LONG), reason=pl.lit(LONG), signer=pl.lit(LONG))
    )
    versions = version.join(pl.DataFrame({"report_id": report_ids}), how="cross").with_columns(
        submission_id="report_id"
    )
    periods = found.periods.filter(pl.col("period_id") == "2023-12").with_columns(pl.col("period_end"))
    known = set(found.periods["period_id"])
    missing = sorted(set(reports["period_id"]) - known)
    periods = pl.concat(
        [
            found.periods,
            periods.drop("period_id")
            .join(pl.DataFrame({"period_id": missing}), how="cross")
            .select(found.periods.columns),
        ]
    )
    n = pl.col("n").cast(pl.String)
    incident = {
        "alert_id": n,
        "unit_key": pl.lit(UNIT),
        "province_key": pl.lit(UNIT),
        "state": pl.lit("open"),
        "sentence_vi": pl.lit(LONG),
        "sentence_en": pl.lit(LONG),
        "story_vi": pl.lit(LONG),
        "story_en": pl.lit(LONG),
    }
    return replace(
        found,
        reports=reports.drop(places)
        .join(anchors, on="report_id", how="left", maintain_order="left")
        .select(reports.columns),
        conduct=conduct.drop(places)
        .join(anchors, on="report_id", how="left", maintain_order="left")
        .select(conduct.columns),
        flows=flows.join(anchors, on="report_id", how="left")
        .select(found.flows.columns)
        .cast(dict(found.flows.schema)),
        versions=versions.select(found.versions.columns),
        periods=periods,
        record=repeated(found.record, 3000, is_silent=pl.lit(True), unit_key=pl.lit(UNIT), name=pl.lit(LONG[:200])),
        incidents=repeated(found.incidents, 3000, rule_id=pl.lit("rule.") + n, **incident),
        revisions=repeated(found.revisions, 500, unit_key=pl.lit(UNIT), reason=pl.lit(LONG))
        if len(found.revisions)
        else found.revisions,
        findings=repeated(found.findings, 20, sentence_vi=pl.lit(LONG), sentence_en=pl.lit(LONG)),
    )


CONDUCT_COUNTS = ("visits", "people", "received", "within_competence", "matters", "settled", "pending", "warnings")


def test_no_page_outgrows_its_bound(source: Source, samples_home: Home, tmp_path: Path) -> None:
    incidents = source.incidents.tail(500).to_dicts()
    moved = [
        {"report_id": row["report_id"], "unit_key": UNIT, "period_id": row["period_id"], "series": row["series"],
         "column": "money_completed_vnd", "before": row["money_completed_vnd"], "after": row["money_completed_vnd"]}
        for row in source.reports.filter(pl.col("unit_key") == UNIT).to_dicts()
    ]  # fmt: skip
    arrived = [
        {"unit_key": UNIT, "period_id": "2023-12", "series": "submitted", "version": 1, "verdict": "accepted",
         "received_at": None, "source_ref": LONG}
    ] * 800  # fmt: skip
    data = BulletinData(source, Changes(1, arrived, moved, incidents, incidents))
    cell = {"sheet": LONG, "address": "XFD1048576", "raw": LONG}
    data.passports.find_cell = lambda *place: cell
    release = Release(1, "f", Path())
    sizes, kinds = {}, set()
    for page in all_pages(data):
        write_page(tmp_path, page, release=release, known_rules=data.rules)
        sizes[page.path] = (tmp_path / page.path).stat().st_size
        kinds.add(page.template)
    parts_of_pages = {"base.html", "charts.html", "parts.html", "empty.html"}
    assert kinds == {template.name for template in TEMPLATES.glob("*.html")} - parts_of_pages
    assert sum(path.startswith(f"{PASSPORTS}{UNIT}.") for path in sizes) > 100
    too_large = {path: size for path, size in sizes.items() if size >= LARGEST_PAGE}
    assert too_large == {}
