"""The bulletin as its readers meet it: in Chromium, on a phone, at a desk, on paper, and with nothing but the keyboard."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from pipeline.bulletin.charts import CLASSES
from pipeline.home import Home
from pipeline.published.query import run_query
from tests.support import browser as chromium

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 900}

#: One page of every kind; those of Kiên Giang hold the seed.
KINDS = (
    "index.html",
    "periods/2022-12.html",
    "units/index.html",
    "units/kien-giang.html",
    "units/kien-giang.an-bien.html",
    "units/viet-nam.html",
    "record/index.html",
    "quality.html",
    "rules/index.html",
    "rules/balance.carried_over.html",
    "conduct/index.html",
    "changes.html",
    "about.html",
    "passports/kien-giang.province.2022.html",
)


@pytest.fixture(scope="module")
def chrome() -> Iterator[Browser]:
    found = chromium.find_chromium()
    if not found:
        (pytest.fail if chromium.is_required() else pytest.skip)(chromium.HOW)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=list(chromium.ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def site(samples_home: Home) -> Path:
    return (samples_home.bulletin / "current").resolve()


class Reader:
    """A reader of the site without a network; what the browser complains of or asks for elsewhere is kept."""

    def __init__(self, context: BrowserContext, site: Path) -> None:
        self.site, self.complaints, self.asked_elsewhere = site, [], []
        context.on("request", self._asked)
        context.set_offline(True)
        self.page: Page = context.new_page()
        self.page.on("console", lambda said: self.complaints.append(said.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _asked(self, request) -> None:
        if not request.url.startswith(self.site.as_uri()):
            self.asked_elsewhere.append(request.url)

    def opens(self, path: str) -> Page:
        self.page.goto((self.site / path).as_uri())
        return self.page

    def is_at(self) -> str:
        return self.page.url.removeprefix(self.site.as_uri() + "/")


@pytest.fixture
def reader(chrome: Browser, site: Path) -> Iterator[Callable[..., Reader]]:
    contexts = []

    def made(viewport: dict[str, int] = DESK, **kept) -> Reader:
        contexts.append(chrome.new_context(viewport=viewport, **kept))
        return Reader(contexts[-1], site)

    yield made
    for context in contexts:
        context.close()


@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
def test_pages_open_without_complaint_and_fit_the_width(reader: Callable[..., Reader], viewport: dict) -> None:
    somebody = reader(viewport)
    for path in KINDS:
        page = somebody.opens(path)
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), path
        assert page.locator("h1").count() == 1, path
        assert page.locator("h1").inner_text().strip(), path
        assert page.locator("html").get_attribute("lang") == "vi"
    assert somebody.complaints == []
    assert somebody.asked_elsewhere == [], "a page asks for something that is not in the site"


def test_no_page_of_the_site_complains(reader: Callable[..., Reader], site: Path) -> None:
    somebody = reader()
    paths = sorted(path.relative_to(site).as_posix() for path in site.rglob("*.html"))
    for path in paths[::4]:
        somebody.opens(path)
    assert len(paths) > 200
    assert somebody.complaints == []
    assert somebody.asked_elsewhere == []


def test_a_reader_goes_from_the_nation_to_the_cell_by_clicks(reader: Callable[..., Reader]) -> None:
    somebody = reader()
    page = somebody.opens("periods/2022-12.html")
    page.get_by_role("link", name="Kiên Giang", exact=True).first.click()
    assert somebody.is_at() == "units/kien-giang.html"
    page.locator("#published-province .big a", has_text="57,79").click()
    assert somebody.is_at() == "passports/kien-giang.province.2022.html#2022-12.published.money_completion_rate_pct"
    row = page.locator(":target")
    assert row.get_by_role("cell").first.inner_text() == "57,79"
    assert row.is_visible()
    row.get_by_role("link", name="Thi hành xong").click()
    told = page.locator(":target").inner_text()
    for expected in ("1.165,081", "1165081049", "published_figures.csv", "G12"):
        assert expected in told
    page.get_by_role("link", name="balance.carried_over").click()
    assert somebody.is_at() == "rules/balance.carried_over.html"
    assert "8.296" in page.locator("main").inner_text()


def test_figures_in_the_browser_equal_the_warehouse(reader: Callable[..., Reader], samples_home: Home) -> None:
    rows = run_query(samples_home, "from mart_scorecard").to_dicts()
    truth = {(row["report_id"], name): value for row in rows for name, value in row.items()}
    somebody, compared = reader(), 0
    for path in ("periods/2022-12.html", "units/kien-giang.html", "passports/kien-giang.province.2022.html"):
        shown = somebody.opens(path).evaluate(
            "[...document.querySelectorAll('[data-table=mart_scorecard] data')].map(figure => "
            "[figure.closest('[data-key]').dataset.key, figure.dataset.f, figure.value, figure.innerText])"
        )
        for key, column, value, text in shown:
            if (key, column) in truth and text:
                assert Decimal(value) == truth[key, column], f"{path}: {key} {column}"
                compared += 1
    assert compared > 60


def test_the_switch_turns_words_and_figures_to_english_and_is_remembered(reader: Callable[..., Reader]) -> None:
    somebody = reader()
    page = somebody.opens("units/kien-giang.html")
    assert "Tỷ lệ thi hành xong" in page.locator("main").inner_text()
    assert "Completion rate" not in page.locator("main").inner_text()
    page.get_by_text("English", exact=True).click()
    text = page.locator("main").inner_text()
    assert "Completion rate" in text
    assert "Tỷ lệ thi hành xong" not in text
    assert "57.79" in text
    assert page.locator("html").get_attribute("lang") == "en"
    page = somebody.opens("quality.html")
    assert page.locator("h1").inner_text() == "Quality board"
    page.get_by_text("Tiếng Việt", exact=True).click()
    assert page.locator("h1").inner_text() == "Chất lượng số liệu"


def test_without_a_script_both_languages_are_still_there(reader: Callable[..., Reader]) -> None:
    page = reader(java_script_enabled=False).opens("quality.html")
    assert page.locator("h1").inner_text() == "Chất lượng số liệu"
    page.get_by_text("English", exact=True).click()
    assert page.locator("h1").inner_text() == "Quality board"


def test_the_keyboard_reaches_everything_in_reading_order_and_shows_where_it_is(reader: Callable[..., Reader]) -> None:
    page = reader().opens("units/kien-giang.html")
    page.keyboard.press("Tab")
    assert page.locator(":focus").get_attribute("class") == "skip"
    assert page.locator(":focus").bounding_box()["x"] >= 0, "the skip link is seen when it has the focus"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.getElementById('main').contains(document.activeElement)")
    page.evaluate("document.activeElement.blur(); window.getSelection().removeAllRanges(); window.scrollTo(0, 0)")

    page = reader().opens("units/kien-giang.html")
    stops = 0
    for _ in range(60):
        page.keyboard.press("Tab")
        seen = page.evaluate(
            """() => {
                const now = document.activeElement, before = window.before;
                window.before = now;
                // The radio buttons of the switch are not seen themselves: their label carries the outline.
                const shown = now.matches('.language') ? document.querySelector(`label[for=${now.id}]`) : now;
                const style = getComputedStyle(shown), box = shown.getBoundingClientRect();
                return {
                    outlined: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2,
                    visible: box.width > 0 && box.height > 0,
                    forward: !before || !!(before.compareDocumentPosition(now) & Node.DOCUMENT_POSITION_FOLLOWING),
                    told: (now.getAttribute('aria-label') || now.innerText || '').trim(),
                };
            }"""
        )
        assert seen["outlined"], seen
        assert seen["visible"], seen
        assert seen["forward"], seen
        assert seen["told"], "a stop that says nothing to a screen reader"
        stops += 1
    assert stops == 60


def test_arrow_keys_switch_the_language(reader: Callable[..., Reader]) -> None:
    page = reader().opens("about.html")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    assert page.locator("h1").inner_text() == "How to read the bulletin"


def test_wide_tables_scroll_by_themselves_on_a_phone_and_by_keyboard(reader: Callable[..., Reader]) -> None:
    page = reader(PHONE).opens("units/kien-giang.html")
    wide = page.locator(".scroll[role=region]").first
    assert wide.get_attribute("aria-label")
    wide.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("box => box.scrollLeft > 0", arg=wide.element_handle())


def _regions(page: Page) -> list[str]:
    """What a screen reader calls the tables that scroll."""
    return page.eval_on_selector_all(".scroll[role=region]", "all => all.map(one => one.getAttribute('aria-label'))")


def test_a_table_in_a_closed_box_is_no_region_until_it_is_opened(reader: Callable[..., Reader]) -> None:
    page = reader(PHONE).opens("units/kien-giang.html")
    assert page.locator("details:not([open]) .scroll").count() > 0
    assert page.locator("details:not([open]) .scroll[role=region], details:not([open]) .scroll[tabindex]").count() == 0
    box = page.locator("details:has(.scroll)").first
    box.locator("summary").click()
    opened = box.locator(".scroll[role=region][tabindex]")
    opened.wait_for()
    assert opened.get_attribute("aria-label") == opened.locator("caption").inner_text()
    box.locator("summary").click()
    page.wait_for_function("box => !box.querySelector('[role=region]')", arg=box.element_handle())


@pytest.mark.parametrize("path", KINDS)
def test_every_region_is_called_by_its_table_in_the_language_that_is_read(
    reader: Callable[..., Reader], path: str
) -> None:
    page = reader(PHONE).opens(path)
    vietnamese = _regions(page)
    page.get_by_text("English", exact=True).click()
    english = _regions(page)
    assert all(vietnamese + english)
    assert not set(vietnamese) & set(english), "a label that stayed in the other language"
    shown = page.locator(".scroll[role=region] caption")
    assert {caption.inner_text() for caption in shown.all() if caption.is_visible()} <= set(english)


def test_paper_is_dark_on_light_without_contents_and_fits(reader: Callable[..., Reader], tmp_path: Path) -> None:
    page = reader(color_scheme="dark").opens("units/kien-giang.html")
    page.emulate_media(media="print", color_scheme="dark")
    assert page.locator("nav").first.is_hidden()
    assert page.locator(".switch").is_hidden()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert _contrast(*page.evaluate("[getComputedStyle(document.body).color, 'rgb(255, 255, 255)']")) > 7
    assert page.locator(".banner").first.is_visible(), "simulated figures say so on paper too"
    paper = page.pdf(format="A4")
    assert paper.startswith(b"%PDF")
    # A4 at 96 dots an inch less two margins of 14 mm; what is wider is cut off by the printer.
    page.set_viewport_size({"width": 688, "height": 1000})
    cut = page.evaluate(
        "[...document.querySelectorAll('table')].filter(t => t.getBoundingClientRect().right > 700).length"
    )
    assert cut == 0


def test_every_chart_says_in_words_what_it_draws(reader: Callable[..., Reader]) -> None:
    somebody, charts = reader(), 0
    for path in ("periods/2023-09.html", "units/kien-giang.html"):
        page = somebody.opens(path)
        for figure in page.locator("figure").all():
            assert "Nguồn:" in figure.locator("figcaption").inner_text()
            named = figure.locator("svg[aria-labelledby]").first
            title = page.evaluate("svg => svg.querySelector('title').textContent", named.element_handle())
            assert title.strip()
            if named.get_attribute("role") == "img":
                assert any(sign.isdigit() for sign in title), "the figures of the chart are told"
                drawn = page.evaluate(
                    "svg => [...svg.querySelectorAll('text')].map(t => t.textContent)", named.element_handle()
                )
                assert {"%", "việc"} & set(drawn), "the axis has a unit"
                assert "tháng kể từ tháng 10" in drawn
            charts += 1
    assert charts >= 4


# Colour -------------------------------------------------------------------------------------------------------------

#: Machado, Oliveira and Fernandes (2009), severity 1: how a colour looks with one kind of cone missing.
BLINDNESS = {
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
    "full colour vision": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
}


@pytest.mark.parametrize("kind", BLINDNESS)
def test_neighbouring_classes_of_the_map_are_told_apart_with_any_colour_vision(kind: str) -> None:
    seen = [_lab(_seen(_linear(colour), BLINDNESS[kind])) for _, colour, *_ in CLASSES]
    for one, other in pairwise(seen):
        assert sum((a - b) ** 2 for a, b in zip(one, other, strict=True)) ** 0.5 > 15
    assert sum((a - b) ** 2 for a, b in zip(seen[0], seen[-1], strict=True)) ** 0.5 > 40


def test_what_stands_on_a_tile_is_readable() -> None:
    for _, colour, _, _, is_dark in CLASSES:
        text = "#ffffff" if is_dark else "#1c2430"
        assert _contrast(text, colour) >= 4.5, colour


def _linear(colour: str) -> tuple[float, ...]:
    if colour.startswith("rgb"):
        parts = [int(part) / 255 for part in colour[4:-1].split(",")]
    else:
        parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    return tuple(part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)


def _seen(linear: tuple[float, ...], matrix: tuple) -> tuple[float, ...]:
    return tuple(min(1.0, max(0.0, sum(m * c for m, c in zip(row, linear, strict=True)))) for row in matrix)


def _lab(linear: tuple[float, ...]) -> tuple[float, float, float]:
    r, g, b = linear
    x, y, z = (
        (0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.95047,
        0.2126 * r + 0.7152 * g + 0.0722 * b,
        (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.08883,
    )
    fx, fy, fz = (v ** (1 / 3) if v > 0.008856 else 7.787 * v + 16 / 116 for v in (x, y, z))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


def _contrast(one: str, other: str) -> float:
    light = sorted(0.2126 * r + 0.7152 * g + 0.0722 * b for r, g, b in (_linear(one), _linear(other)))
    return (light[1] + 0.05) / (light[0] + 0.05)
