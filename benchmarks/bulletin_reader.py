"""Reads a whole bulletin in Chromium as a reader would: every page opened, every link followed, every figure compared.

Of each page: the browser complains of nothing and asks for nothing that is not in the site; each link leads to a page and,
where it names one, to a place on it; each figure of the scorecard that is shown is the one that the warehouse holds.
"""

import argparse
import sys
import time
from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin

from playwright.sync_api import Browser, sync_playwright

from pipeline.home import open_home
from pipeline.published.query import run_query
from tests.support import browser as chromium

#: What a page holds, asked of the page as the browser has it: links, places, figures with their row and column.
PAGE_QUERY = """() => ({
    links: [...document.querySelectorAll('a[href]')].map(link => link.href),
    places: [...document.querySelectorAll('[id]')].map(place => place.id),
    figures: [...document.querySelectorAll('[data-table=mart_scorecard] data')].map(figure =>
        [figure.closest('[data-key]').dataset.key, figure.dataset.f, figure.value]),
})"""
MOST_PRINTED = 20


@dataclass
class SiteReport:
    """What reading a site found: how much there is, and what is wrong with it."""

    pages: int = 0
    links: int = 0
    figures: int = 0
    errors: list[str] = field(default_factory=list)


def read_site(browser: Browser, site: Path, truth: dict[tuple[str, str], object]) -> SiteReport:
    """Open every page of ``site``; ``truth`` is the scorecard, by report and column."""
    report, start = SiteReport(), site.as_uri() + "/"
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_offline(True)
    page, messages = context.new_page(), []
    page.on("console", lambda message: messages.append(message.text))
    page.on("pageerror", lambda error: messages.append(str(error)))
    page.on("requestfailed", lambda request: messages.append(f"asks for {request.url}"))
    places: dict[str, set[str]] = {}
    link_targets: dict[str, set[tuple[str, str]]] = defaultdict(set)
    paths = sorted(path.relative_to(site).as_posix() for path in site.rglob("*.html"))
    for path in paths:
        page.goto(start + path)
        contents = page.evaluate(PAGE_QUERY)
        places[path] = set(contents["places"])
        for link in contents["links"]:
            target, place = urldefrag(urljoin(start + path, link))
            if not target.startswith(start):
                report.errors.append(f"{path}: leads out of the site, to {target}")
            link_targets[unquote(target.removeprefix(start)) or path].add((unquote(place), path))
        for key, column, value in contents["figures"]:
            if (key, column) in truth:
                report.figures += 1
                if Decimal(value) != truth[key, column]:
                    report.errors.append(f"{path}: {key} {column} is {value}, in the warehouse {truth[key, column]}")
        report.errors += [f"{path}: {message}" for message in messages]
        messages.clear()
        report.pages += 1
        report.links += len(contents["links"])
        if report.pages % 500 == 0:
            print(f"{report.pages} of {len(paths)} pages, {len(report.errors)} wrong", flush=True)
    context.close()
    for target, sources in sorted(link_targets.items()):
        for place, path in sorted(sources):
            if target not in places and not (site / target).is_file():
                report.errors.append(f"{path}: there is no {target}")
            elif place and target in places and place not in places[target]:
                report.errors.append(f"{path}: {target} has no place {place}")
    return report


def main(arguments: list[str] | None = None) -> int:
    """Read the bulletin of a home; return 1 where anything is wrong."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bulletin_reader", description=__doc__)
    parser.add_argument("--home", type=Path, metavar="DIR", help="whose bulletin (default: $THADS_HOME, else ./var)")
    home = open_home(parser.parse_args(arguments).home)
    executable = chromium.find_chromium()
    if executable is None:
        print(chromium.HOW)
        return 2
    rows = run_query(home, "from mart_scorecard").to_dicts()
    truth = {(row["report_id"], name): value for row in rows for name, value in row.items() if value is not None}
    start = time.monotonic()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=list(chromium.ARGUMENTS))
        report = read_site(browser, (home.bulletin / "current").resolve(), truth)
        browser.close()
    print(*report.errors[:MOST_PRINTED], sep="\n")
    print(
        f"{report.pages} pages, {report.links} links, {report.figures} figures compared: {len(report.errors)} wrong; "
        f"{time.monotonic() - start:.0f} s"
    )
    return 1 if report.errors else 0


if __name__ == "__main__":
    sys.exit(main())
