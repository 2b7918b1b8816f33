"""Great Expectations' Data Docs of a night: its own pages, made readable offline, and an index of them.

Its pages fetch styles, scripts and a logo from six addresses. Here these are taken out, a policy forbids any other, and a
few lines of style are put into the page. Results are kept, without their lists of keys, in the process that validated.
"""

import html
import re
from typing import Any

from expectations.suites import SuiteResult

#: A year judged again has more suites and portions than anybody reads.
MOST_PAGES = 200
INDEX = "index.html"
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
STYLE = """
body { font: 15px system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif; margin: 1.5rem; color: #1c1c1c; background: #fff; }
table { border-collapse: collapse; } th, td { border: 1px solid #bbb; padding: .25rem .5rem; text-align: left; vertical-align: top; }
.container, .container-fluid { padding: 0; } .row { display: block; } .card, .btn-group, .ge-breadcrumbs { display: none; }
.text-success::before { content: '✓'; color: #00695c; } .text-danger::before { content: '✗'; color: #a62700; }
.sticky { position: static; } .bad { color: #a62700; font-weight: bold; }
"""
_REMOTE_CONTENT = re.compile(
    r"<script\b.*?</script>|<link\b[^>]*>|<img\b[^>]*>|<nav class=\"navbar navbar-expand.*?</nav>\s*</div>\s*</nav>|<footer\b.*?</footer>",
    re.DOTALL | re.IGNORECASE,
)
_HANDLER = re.compile(r"\son\w+=\"[^\"]*\"", re.IGNORECASE)
_ADDRESS = re.compile(r"\s(?:href|src)=\"(?!#)[^\"]*\"", re.IGNORECASE)


def data_docs_pages(suite_results: list[SuiteResult]) -> dict[str, bytes]:
    """Return the files of the Data Docs by name: an index, and a page for each suite and portion that was validated."""
    from great_expectations.render.renderer.page_renderer import ValidationResultsPageRenderer
    from great_expectations.render.view import DefaultJinjaPageView

    renderer, view = ValidationResultsPageRenderer(), DefaultJinjaPageView()
    files: dict[str, bytes] = {}
    rows: list[tuple[str, str, int, int]] = []
    for suite, result in suite_results[:MOST_PAGES]:
        name = _unique_name(f"{re.sub(r'[^a-z0-9]+', '-', suite.replace('*', 'all'))}", files)
        files[name] = offline_page(view.render(renderer.render(result)), suite).encode()
        statistics: Any = result.statistics
        rows.append((name, suite, statistics["evaluated_expectations"], statistics["unsuccessful_expectations"]))
    files[INDEX] = _index(rows, len(suite_results) - len(rows)).encode()
    return files


def offline_page(page: str, title: str) -> str:
    """Return a page of Great Expectations that fetches nothing and runs nothing."""
    body = page[page.index("<body") :] if "<body" in page else page
    body = _ADDRESS.sub("", _HANDLER.sub("", _REMOTE_CONTENT.sub("", body)))
    body = re.sub(r"<body[^>]*>", f'<body><p><a href="{INDEX}">Data Docs</a></p>', body, count=1)
    return f"{_head(title)}{body}"


def _index(rows: list[tuple[str, str, int, int]], omitted_count: int) -> str:
    lines = "".join(
        f'<tr><td><a href="{name}">{html.escape(suite)}</a></td><td>{expectation_count}</td>'
        f"<td{' class=bad' if failing_count else ''}>{failing_count}</td></tr>"
        for name, suite, expectation_count, failing_count in sorted(rows, key=lambda row: (row[1], row[0]))
    )
    rest = f"<p>… {omitted_count} more were validated and are not shown.</p>" if omitted_count > 0 else ""
    return (
        f"{_head('Data Docs')}<body><h1>Great Expectations: Data Docs</h1>"
        "<p>What the rule packs expected in the last night that judged anything, a page per pack and form. An expectation "
        "that fails is a return that does not add up; each failing cell is in <code>fct_finding</code>.</p>"
        "<table><thead><tr><th>Suite (pack / form)</th><th>Expectations</th><th>Failing</th></tr></thead>"
        f"<tbody>{lines}</tbody></table>{rest}</body></html>"
    )


def _head(title: str) -> str:
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}</title>'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{STYLE}</style></head>'
    )


def _unique_name(stem: str, files: dict[str, bytes]) -> str:
    name, number = f"{stem}.html", 2
    while name in files:
        name, number = f"{stem}-{number}.html", number + 1
    return name
