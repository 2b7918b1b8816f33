"""Makes the site: reads the live release once, renders every page, and swaps the whole in by one rename."""

import base64
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
import polars as pl
from markupsafe import Markup

from pipeline.bulletin import numbers, words
from pipeline.bulletin.bulletin_data import BulletinData, Page
from pipeline.bulletin.cells import CONDUCT
from pipeline.bulletin.changes import changes_since
from pipeline.bulletin.figure_rows import figure_rows
from pipeline.bulletin.pages import PASSPORTS, all_pages
from pipeline.bulletin.source import read_source
from pipeline.files.guard import skip_failure
from pipeline.home import Home
from pipeline.published.query import NoWarehouse, mend_live_file
from pipeline.published.releases import Release, live_release
from pipeline.vocabulary import Verdict

TEMPLATES = Path(__file__).parent / "templates"
SOURCES = ("*.py", "*.yaml", "*.csv", "queries/*", "templates/*", "../forms/*.yaml")

#: Great Expectations' pages on the night, within the site.
DATA_DOCS = "data_docs"
#: This file names the release that a site was made from, and marks a folder as a bulletin.
MARK = "bulletin.json"

#: Columns of the table of a unit's reports, with their decimals.
REPORT_COLUMNS = (
    *((name, 0) for name in ("judgments_received", "cases_newly_accepted", "cases_due", "cases_eligible")),
    *(("cases_completed", 0), ("cases_carried_over", 0), ("cases_completion_rate_pct", 2)),
    *(
        (name, 2)
        for name in ("money_due_vnd", "money_eligible_vnd", "money_completed_vnd", "money_completion_rate_pct")
    ),
)

#: The pages that every page links to.
CONTENTS = (
    ("index.html", "Tổng quan", "Overview"),
    ("units/index.html", "Các đơn vị", "Units"),
    ("record/index.html", "Tình hình gửi báo cáo", "Reporting record"),
    ("quality.html", "Chất lượng số liệu", "Quality"),
    ("rules/index.html", "Quy tắc kiểm tra", "Rules"),
    ("conduct/index.html", "Tiếp dân, đơn thư, kỷ luật", "Reception, complaints, discipline"),
    ("changes.html", "Thay đổi", "What changed"),
    ("about.html", "Cách đọc", "How to read"),
)


@dataclass(frozen=True)
class Bulletin:
    """A finished site: its folder and size, and whether this call made it."""

    folder: Path
    pages: int
    bytes: int
    largest: tuple[str, int]
    release: int
    is_new: bool
    left_out: tuple[str, ...] = ()  # pages that could not be made, and why


def make_bulletin(home: Home, out: Path | None = None) -> Bulletin:
    """Make the site of the live release in ``bulletin/current`` of the home, or at ``out``; raises ``NoWarehouse``,
    ``FileExistsError`` where ``out`` holds something else.

    Nothing is done where this code has made the site of this release already. Readers of the old site keep it complete:
    the new one is built elsewhere and swapped in by one rename of a link.
    """
    mend_live_file(home)
    release = live_release(home)
    if release is None:
        raise NoWarehouse(f"there is no warehouse in {home.root}; run 'thads load INBOX' first")
    fingerprint = site_fingerprint(release)
    if out is not None:
        _write_to(out, home, release)
        return _measure(out, release, is_new=True)
    site = home.bulletin / f"{release.number:06d}-{fingerprint[:16]}"
    is_new = not site.exists()
    if is_new:
        building = home.root / "scratch" / "bulletin"
        current = home.bulletin / "current"
        _build(home, release, building, previous_site=current.resolve() if current.exists() else None)
        site.parent.mkdir(parents=True, exist_ok=True)
        building.rename(site)
    _make_current(home, site)
    return _measure(site, release, is_new=is_new)


def _write_to(out: Path, home: Home, release: Release) -> None:
    """Make a site at a folder of the reader's choice; only an earlier bulletin is replaced."""
    if out.exists() and not (out / MARK).exists() and (not out.is_dir() or any(out.iterdir())):
        raise FileExistsError(f"{out} holds something else than a bulletin; name an empty or a new folder")
    building, old_site = (out.with_name(f".{out.name}.{state}") for state in ("building", "leaving"))
    _build(home, release, building)
    shutil.rmtree(old_site, ignore_errors=True)
    if out.exists():
        out.rename(old_site)
    building.rename(out)
    shutil.rmtree(old_site, ignore_errors=True)


def site_fingerprint(release: Release) -> str:
    """Return a hash of everything a site is made from: the release, and the code, templates and words of the pages."""
    return hashlib.sha256(f"{release.number} {release.fingerprint} {code_fingerprint()}".encode()).hexdigest()


@cache
def code_fingerprint() -> str:
    """Return a hash of what turns rows into pages: code, templates, words, and the labels of the forms."""
    digest = hashlib.sha256(pl.__version__.encode())  # the digests of rows hold within one version of Polars
    folder = Path(__file__).parent
    for file in sorted(file for pattern in SOURCES for file in folder.glob(pattern)):
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def _make_current(home: Home, site: Path) -> None:
    """Let ``bulletin/current`` point to the site, and delete all but the last two."""
    link = home.bulletin / ".next"
    link.unlink(missing_ok=True)
    link.symlink_to(site.name)
    os.replace(link, home.bulletin / "current")
    for old in sorted(path for path in home.bulletin.iterdir() if path.is_dir() and not path.is_symlink())[:-2]:
        if old != site:
            shutil.rmtree(old, ignore_errors=True)


def _build(home: Home, release: Release, building: Path, previous_site: Path | None = None) -> None:
    """Write the site; pages that did not change are taken from ``previous_site``."""
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(parents=True)
    docs = sorted(home.data_docs.glob("*.html"))
    data = BulletinData(read_source(release.path), changes_since(home, release), has_data_docs=bool(docs))
    pages = list(all_pages(data))
    previous_digests = _pages_of(previous_site)
    stale = [page for page in pages if page.digest is None or previous_digests.get(page.path) != page.digest]
    data.passports.read_cells(
        home, [page.path[len(PASSPORTS) : -5] for page in stale if page.path.startswith(PASSPORTS)]
    )
    for folder in {(building / page.path).parent for page in pages}:
        folder.mkdir(parents=True, exist_ok=True)
    failures: list[str] = []
    for page in stale:
        failure_count = len(failures)
        with skip_failure(failures, page.path):
            write_page(building, page, release=release, known_rules=data.rules)
        if len(failures) > failure_count:
            _write_placeholder(building / page.path, previous_site / page.path if previous_site else None)
    for path in {page.path for page in pages} - {page.path for page in stale}:
        assert previous_site is not None
        os.link(previous_site / path, building / path)
    for file in docs:  # the site may be copied elsewhere, so it holds all that it links to
        (building / DATA_DOCS).mkdir(exist_ok=True)
        shutil.copy(file, building / DATA_DOCS / file.name)
    record = {
        "release": release.number,
        "fingerprint": release.fingerprint,
        "code": code_fingerprint(),
        "pages": {page.path: page.digest for page in pages},
        "left_out": failures,
    }
    (building / MARK).write_text(json.dumps(record, indent=0) + "\n", encoding="utf-8")


def _write_placeholder(path: Path, previous_page: Path | None) -> None:
    """Replace a page that cannot be made by the previous one, or by a page that says so."""
    if previous_page and previous_page.exists():
        shutil.copy(previous_page, path)
        return
    path.write_text(
        '<!doctype html>\n<html lang="vi"><meta charset="utf-8"><title>Trang chưa dựng được</title><body>'
        "<p>Trang này chưa dựng được đêm qua; bộ phận kỹ thuật đã được báo. · "
        "This page could not be made last night; the engineers have been told.</p></body></html>\n",
        encoding="utf-8",
    )


def _failed_pages(site: Path) -> tuple[str, ...]:
    """Return the pages of a site that could not be made, and why."""
    mark = site / MARK
    return tuple(json.loads(mark.read_text(encoding="utf-8")).get("left_out", [])) if mark.exists() else ()


def _pages_of(site: Path | None) -> dict[str, str]:
    """Return path and digest of the pages that this code wrote in an earlier site."""
    if site is None or not (site / MARK).exists():
        return {}
    record = json.loads((site / MARK).read_text(encoding="utf-8"))
    return record["pages"] if record.get("code") == code_fingerprint() else {}


def write_page(folder: Path, page: Page, **shared: Any) -> None:
    """Render one page to its path; ``shared`` are the values that every page gets."""
    file = folder / page.path
    file.parent.mkdir(parents=True, exist_ok=True)
    context = page.context()
    text = _template(page.template).render(**shared, **context, root="../" * page.path.count("/"), here=page.path)
    file.write_text(text, encoding="utf-8")


@cache
def _template(name: str) -> jinja2.Template:
    return environment().get_template(name)


@cache
def environment() -> jinja2.Environment:
    """Return the templates' environment: everything is escaped that is not declared to be HTML."""
    jinja = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    script = (TEMPLATES / "bulletin.js").read_text(encoding="utf-8")
    jinja.globals.update(
        t=words.bilingual,
        word=words.word,
        measure=words.measure,
        figure=numbers.figure,
        day=numbers.day,
        moment=numbers.moment,
        written=numbers.format_number,
        moved=numbers.standalone_figure,
        column_word=words.column_word,
        period_word=words.period_word,
        state_mark=_state_mark,
        ledger=figure_rows,
        eve=numbers.eve,
        span=numbers.span,
        report_columns=REPORT_COLUMNS,
        conduct_columns=tuple(CONDUCT),
        contents=CONTENTS,
        style=Markup((TEMPLATES / "bulletin.css").read_text(encoding="utf-8")),
        script=Markup(script),
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    )
    jinja.filters["short"] = numbers.shorten
    return jinja


def _state_mark(row: dict[str, Any]) -> Markup:
    """Return the sign of a row of the reporting record."""
    if row["is_silent"]:
        return words.state_mark("silent")
    return words.state_mark("late" if row["is_late"] and row["verdict"] == Verdict.ACCEPTED else row["verdict"])


def _measure(folder: Path, release: Release, *, is_new: bool) -> Bulletin:
    sizes = {str(path.relative_to(folder)): path.stat().st_size for path in _files(folder)}
    largest = max(sizes.items(), key=lambda entry: entry[1])
    return Bulletin(folder, len(sizes), sum(sizes.values()), largest, release.number, is_new, _failed_pages(folder))


def _files(folder: Path) -> Iterator[Path]:
    yield from (path for path in folder.rglob("*.html"))


def as_object(bulletin: Bulletin) -> dict[str, Any]:
    """Return the bulletin as plain data."""
    return {name: str(value) if isinstance(value, Path) else value for name, value in vars(bulletin).items()}
