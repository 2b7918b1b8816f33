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
from tests import browser as chromium

#: What a page holds, asked of the page as the browser has it: links, places, figures with their row and column.
ASK = """() => ({
    links: [...document.querySelectorAll('a[href]')].map(link => link.href),
    places: [...document.querySelectorAll('[id]')].map(place => place.id),
    figures: [...document.querySelectorAll('[data-table=mart_scorecard] data')].map(figure =>
        [figure.closest('[data-key]').dataset.key, figure.dataset.f, figure.value]),
})"""
MOST_TOLD = 20


@dataclass
class Found:
    """What reading a site found: how much there is, and what is wrong with it."""

    pages: int = 0
    links: int = 0
    figures: int = 0
    wrong: list[str] = field(default_factory=list)


def read_site(browser: Browser, site: Path, truth: dict[tuple[str, str], object]) -> Found:
    """Open every page of ``site``; ``truth`` is the scorecard, by report and column."""
    found, start = Found(), site.as_uri() + "/"
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_offline(True)
    page, complaints = context.new_page(), []
    page.on("console", lambda said: complaints.append(said.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("requestfailed", lambda request: complaints.append(f"asks for {request.url}"))
    places: dict[str, set[str]] = {}
    wanted: dict[str, set[tuple[str, str]]] = defaultdict(set)
    paths = sorted(path.relative_to(site).as_posix() for path in site.rglob("*.html"))
    for path in paths:
        page.goto(start + path)
        held = page.evaluate(ASK)
        places[path] = set(held["places"])
        for link in held["links"]:
            target, place = urldefrag(urljoin(start + path, link))
            if not target.startswith(start):
                found.wrong.append(f"{path}: leads out of the site, to {target}")
            wanted[unquote(target.removeprefix(start)) or path].add((unquote(place), path))
        for key, column, value in held["figures"]:
            if (key, column) in truth:
                found.figures += 1
                if Decimal(value) != truth[key, column]:
                    found.wrong.append(f"{path}: {key} {column} is {value}, in the warehouse {truth[key, column]}")
        found.wrong += [f"{path}: {said}" for said in complaints]
        complaints.clear()
        found.pages += 1
        found.links += len(held["links"])
        if found.pages % 500 == 0:
            print(f"{found.pages} of {len(paths)} pages, {len(found.wrong)} wrong", flush=True)
    context.close()
    for target, named in sorted(wanted.items()):
        for place, path in sorted(named):
            if target not in places and not (site / target).is_file():
                found.wrong.append(f"{path}: there is no {target}")
            elif place and target in places and place not in places[target]:
                found.wrong.append(f"{path}: {target} has no place {place}")
    return found


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
    began = time.monotonic()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=list(chromium.ARGUMENTS))
        found = read_site(browser, (home.bulletin / "current").resolve(), truth)
        browser.close()
    print(*found.wrong[:MOST_TOLD], sep="\n")
    print(
        f"{found.pages} pages, {found.links} links, {found.figures} figures compared: {len(found.wrong)} wrong; "
        f"{time.monotonic() - began:.0f} s"
    )
    return 1 if found.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
