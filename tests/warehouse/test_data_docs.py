"""Claims about the Data Docs of a night: Great Expectations' own pages, that fetch nothing and run nothing."""

import re

from expectations.data_docs import INDEX, offline_page
from pipeline.home import Home
from pipeline.judged.data_docs import keep_data_docs

OUTSIDE = re.compile(r"(?:https?:)?//[a-z]|<script|<link|<img|javascript:|\son\w+=", re.IGNORECASE)
SPACES_OF_STANDARDS = ("http://www.w3.org/",)


def test_a_night_leaves_a_page_for_each_suite_and_an_index_whose_links_hold(samples_home: Home) -> None:
    index = (samples_home.data_docs / INDEX).read_text(encoding="utf-8")
    linked = re.findall(r'href="([^"]+)"', index)
    assert {"circular-06-2019-01.html", "published-02.html"} <= set(linked)
    assert {path.name for path in samples_home.data_docs.glob("*.html")} == {*linked, INDEX}
    failing = (samples_home.data_docs / "circular-06-2019-01.html").read_text(encoding="utf-8")
    assert "Carried over must equal due less completed" in failing
    assert "Failed" in failing


def test_no_page_asks_for_anything_from_elsewhere(samples_home: Home) -> None:
    pages = sorted(samples_home.data_docs.glob("*.html"))
    assert len(pages) > 10
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert "default-src 'none'" in text
        assert not OUTSIDE.search(text.replace(SPACES_OF_STANDARDS[0], "")), page.name
        assert len(text) < 300_000


def test_what_a_page_would_fetch_or_run_is_taken_out() -> None:
    page = (
        '<html><head><link href="https://a.example/x.css"></head><body class="x"><script src="//a.example/x.js"></script>'
        '<img src="https://a.example/p.png"><a href="https://a.example">out</a><a href="#section-1">in</a>'
        '<p onclick="go()">kept</p></body></html>'
    )
    text = offline_page(page, "a <title>")
    assert not OUTSIDE.search(text)
    assert 'href="#section-1"' in text
    assert "kept" in text
    assert "a &lt;title&gt;" in text


def test_a_night_that_judged_nothing_leaves_the_pages_as_they_are(tmp_path) -> None:
    home = Home(tmp_path)
    assert keep_data_docs(home, {INDEX: b"first"}) == 1
    assert keep_data_docs(home, None) == 0
    assert (home.data_docs / INDEX).read_bytes() == b"first"
    keep_data_docs(home, {INDEX: b"second", "a.html": b""})
    keep_data_docs(home, {INDEX: b"third"})
    assert sorted(path.name for path in home.data_docs.glob("*.html")) == [INDEX]
