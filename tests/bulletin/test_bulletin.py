"""The bulletin: every figure is the warehouse's, every link leads somewhere, nothing comes from elsewhere."""

import os
import re
from collections import Counter
from datetime import date
from decimal import Decimal
from pathlib import Path
from urllib.parse import unquote

import polars as pl
import pytest
import yaml

from expectations.rules import packs
from pipeline.bulletin import make_bulletin
from pipeline.bulletin.cells import CELLS, SHARES
from pipeline.bulletin.charts import nice_ticks, tile_layout
from pipeline.bulletin.figure_rows import figure_rows
from pipeline.bulletin.numbers import figure, format_number
from pipeline.bulletin.passports import Passport
from pipeline.bulletin.source import FOLDER, QUERIES, _add_rates
from pipeline.bulletin.words import words
from pipeline.home import PROJECT, Home
from pipeline.published.query import NoWarehouse, run_query
from pipeline.registry.units import unit_registry
from tests.support.html_pages import HtmlPage

LARGEST_PAGE = 300_000


@pytest.fixture(scope="module")
def site(samples_home: Home, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bulletin") / "site"
    make_bulletin(samples_home, folder)
    return folder


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[str, HtmlPage]:
    """Our pages; Great Expectations' have claims of their own in ``test_data_docs.py``."""
    found = {path.relative_to(site).as_posix(): path for path in sorted(site.rglob("*.html"))}
    return {path: HtmlPage(file) for path, file in found.items() if not path.startswith("data_docs/")}


def test_every_tile_map_shows_each_province_of_its_days_once() -> None:
    for size, day in ((63, date(2025, 6, 30)), (34, date(2025, 7, 1))):
        tiles = tile_layout(size)
        assert len({(tile.column, tile.row) for tile in tiles}) == len(tiles) == size
        units = unit_registry().units.values()
        assert {tile.unit_key for tile in tiles} == {
            unit.key for unit in units if unit.level == "province" and unit.is_valid_on(day)
        }


def test_every_kind_of_rule_has_its_words() -> None:
    assert sorted({rule.kind for pack in packs() for rule in pack.rules} - words()["rule_kind"].keys()) == []


def test_figures_are_written_the_readers_way_and_kept_exactly() -> None:
    assert format_number(Decimal("-1234567.891"), 2) == "−1.234.567,89"
    assert format_number(5, signed=True) == "+5"
    told = str(figure({"money_due_vnd": Decimal("3405066268000")}, "money_due_vnd", 2, href="a&b"))
    assert '<data value="3405066268000" data-f="money_due_vnd">3.405,07</data>' in told
    assert 'href="a&amp;b"' in told
    assert "data" not in str(figure({"money_due_vnd": None}, "money_due_vnd")), "missing is a dash, not a zero"


@pytest.mark.parametrize(
    ("column", "part", "whole", "words_of_both"),
    [
        ("cases_completion_rate_pct", "cases_completed", "cases_eligible", ("Completed", "Eligible")),
        ("cases_eligible_share_pct", "cases_eligible", "cases_due", ("Eligible", "Due")),
        ("money_completion_rate_pct", "money_completed_vnd", "money_eligible_vnd", ("Completed", "Eligible")),
        ("money_eligible_share_pct", "money_eligible_vnd", "money_due_vnd", ("Eligible", "Due")),
    ],
)
def test_the_passport_of_a_share_leads_to_its_part_and_then_to_its_whole(
    column: str, part: str, whole: str, words_of_both: tuple[str, str]
) -> None:
    row = {"anchor": "r", "is_sum": False, column: Decimal("40.00")}
    told = str(figure_rows(Passport(row, [], {}, [])))
    (derived,) = re.findall(r'<td colspan="2" class="words">100 × (.*)</td></tr>', told)
    numerator, denominator = derived.split("</a> / ")
    assert (f'href="#r.{part}"' in numerator, f'href="#r.{whole}"' in denominator) == (True, True)
    assert tuple(re.findall(r'lang="en">([^<]*)<', side)[0] for side in (numerator, denominator)) == words_of_both
    assert f'<tr id="r.{column}">' in told
    assert 'data-f="' + column + '">40,00<' in told


def test_every_share_of_the_pages_has_a_part_and_a_whole_that_the_pages_show() -> None:
    assert len(SHARES) == 4
    assert {term for terms in SHARES.values() for term in terms} - CELLS.keys() == set()


@pytest.mark.parametrize(("basis", "suffix"), [("cases", ""), ("money", "_vnd")])
def test_rates_of_a_sum_of_offices_are_part_by_whole_and_its_gap_is_to_its_own_target(basis: str, suffix: str) -> None:
    """Ten of forty eligible, of eighty due, after six months; the nation's target is another."""
    figures = {"completed": Decimal(10), "eligible": Decimal(40), "due": Decimal(80)}
    others = {f"{other}_{name}{end}": None for other, end in (("cases", ""), ("money", "_vnd")) for name in figures}
    row = others | {f"{basis}_{name}{suffix}": value for name, value in figures.items()}
    sums = pl.DataFrame([{"unit_key": "kien-giang", "statistical_year": 2023, "months": 6} | row])
    targets = pl.DataFrame(
        [("kien-giang", "province", basis, Decimal(60)), ("viet-nam", "nation", basis, Decimal(80))],
        schema={"unit_key": pl.String, "level": pl.String, "basis": pl.String, "target_pct": pl.Decimal(9, 4)},
        orient="row",
    ).with_columns(statistical_year=pl.lit(2023, pl.Int64))
    (rates,) = _add_rates(sums, targets).to_dicts()
    names = ("completion_rate_pct", "eligible_share_pct", "target_pct", "target_pro_rata_pct", "gap_points")
    assert [rates[f"{basis}_{name}"] for name in names] == [25, 50, 60, 30, -35]
    (elsewhere,) = _add_rates(sums.with_columns(unit_key=pl.lit("an-giang")), targets).to_dicts()
    assert [elsewhere[f"{basis}_{name}"] for name in names] == [25, 50, 80, 40, -55]


def test_axes_have_round_numbers_around_the_figures() -> None:
    assert nice_ticks(0, 83.2) == [0, 20, 40, 60, 80, 100]
    assert nice_ticks(-8, 41)[0] <= -8
    assert nice_ticks(0, 0)[-1] > 0


#: What stands behind the figures of each part of a page, by report.
WAREHOUSE = {
    "mart_scorecard": """
        select
            card.*, cases.judgments_received, cases.accepted_total as cases_accepted_total,
            cases.opening as cases_opening, cases.newly_accepted as cases_newly_accepted,
            cases.carried_over as cases_carried_over, money.accepted_total_vnd as money_accepted_total_vnd,
            money.opening_vnd as money_opening_vnd, money.newly_accepted_vnd as money_newly_accepted_vnd,
            money.carried_over_vnd as money_carried_over_vnd
        from mart_scorecard as card
        left join (from fct_case_results where case_kind = 'total' and initiative = 'total') as cases using (report_id)
        left join (from fct_money_results where case_kind = 'total' and initiative = 'total') as money using (report_id)
    """,
    "conduct": """
        select report_id, visits, people, visits_by_leaders, people_by_leaders from fct_reception
        union all by name
        select report_id, received, within_competence, matters, settled, pending from fct_complaints
        where letter_kind = 'total'
        union all by name
        select
            report_id,
            {sanctions}
        from fct_discipline where staff_group = 'total' group by report_id
    """.format(
        sanctions=", ".join(
            f"max(people) filter (sanction = '{sanction}') as {sanction}s"
            for sanction in ("reprimand", "warning", "salary_cut", "demotion", "removal", "dismissal")
        )
    ),
    "mart_monthly_flow": "from mart_monthly_flow where case_kind = 'total' and initiative = 'total'",
}


@pytest.mark.slow
def test_every_figure_equals_the_warehouse(samples_home: Home, pages: dict[str, HtmlPage]) -> None:
    truth: dict[tuple[str, str], Decimal] = {}
    for sql in WAREHOUSE.values():
        for row in run_query(samples_home, sql).to_dicts():
            truth |= {(row["report_id"], name): value for name, value in row.items() if value is not None}
    flows = WAREHOUSE["mart_monthly_flow"]
    flow = {
        (row["report_id"], name): value
        for row in run_query(samples_home, flows).to_dicts()
        for name, value in row.items()
    }
    compared = Counter()
    for path, page in pages.items():
        for table, key, column, value, text in page.figures:
            if table not in WAREHOUSE or key.startswith("sum/") or column == "people_disciplined":
                continue
            expected = flow[key, column] if table == "mart_monthly_flow" else truth[key, column]
            assert Decimal(value) == expected, f"{path}: {key} {column}"
            shown = Decimal(text.replace(".", "").replace(",", ".").replace("−", "-"))
            exact = Decimal(value) / 10**9 if column.endswith("_vnd") else Decimal(value)
            assert abs(shown - exact) <= Decimal(1) / 2 / 10 ** len(text.partition(",")[2]), f"{path}: {key} {column}"
            compared[table] += 1
    assert compared["mart_scorecard"] > 1000
    assert compared["conduct"] > 50
    assert compared["mart_monthly_flow"] > 50
    told = {key for page in pages.values() for _, key, *_ in page.figures}
    assert told >= {key for key, column in truth if column in ("cases_due", "money_due_vnd", "visits", "received")}


@pytest.mark.slow
def test_every_figure_of_a_table_leads_to_its_passport(pages: dict[str, HtmlPage]) -> None:
    led = Counter()
    for path, page in pages.items():
        if not path.startswith("passports/"):
            for table, key, column, link in page.figure_links:
                led[bool(link)] += 1
                assert link is not None or table in ("mart_revision", ""), f"{path}: {key} {column} leads nowhere"
    assert led[True] > 1000


@pytest.mark.slow
def test_a_sum_of_offices_is_their_sum_and_names_who_is_missing(samples_home: Home, pages: dict[str, HtmlPage]) -> None:
    summed = run_query(
        samples_home,
        "select sum(cases_completed) as completed, sum(cases_eligible) as eligible, count(*) as parts from mart_scorecard "
        "where is_simulated and period_id = '2023-09' and unit_key like 'kien-giang%' and scope <> 'province'",
    ).to_dicts()[0]
    page = pages["units/kien-giang.html"]
    shown = {
        (column, Decimal(value))
        for _, key, column, value, _ in page.figures
        if key == "sum/kien-giang/2023-09/simulated"
    }
    assert ("cases_completed", summed["completed"]) in shown
    assert ("cases_completion_rate_pct", round(100 * summed["completed"] / summed["eligible"], 2)) in shown
    assert f"{summed['parts']}/16" in page.text
    assert "huyện Gò Quao" in page.text


@pytest.mark.slow
def test_every_link_leads_to_a_page_and_a_place_in_it(pages: dict[str, HtmlPage], site: Path) -> None:
    followed = 0
    for path, page in pages.items():
        for link in page.links:
            target, _, place = unquote(link).partition("#")
            assert "://" not in target, f"{path} leads out of the site: {link}"
            found = os.path.normpath(os.path.join(os.path.dirname(path), target)) if target else path
            assert found in pages or (site / found).is_file(), f"{path} leads to {link}"
            if place and found in pages:
                assert place in pages[found].ids, f"{path} leads to {link}"
            followed += 1
    assert followed > 1000


@pytest.mark.slow
def test_nothing_comes_from_elsewhere_and_no_page_is_large(pages: dict[str, HtmlPage], site: Path) -> None:
    assert len(pages) > 30
    for path, page in pages.items():
        assert page.sources == [], path
        assert page.unclosed == [], path
        text = (site / path).read_text(encoding="utf-8")
        assert "default-src 'none'" in text
        assert "@import" not in text
        assert "url(" not in text
        assert len(text.encode()) < LARGEST_PAGE, path


@pytest.mark.slow
def test_no_page_speaks_of_less_than_no_more(pages: dict[str, HtmlPage]) -> None:
    assert sum(len(page.text) > 100 for page in pages.values()) > 30
    assert [path for path, page in pages.items() if re.search(r"(?:và|and) -\d", page.text)] == []


@pytest.mark.slow
def test_kien_giang_2022_is_told_down_to_the_cell(pages: dict[str, HtmlPage]) -> None:
    text = pages["units/kien-giang.html"].text
    for told in ("57,79", "+17,69", "40,10", "59,20", "20.352", "8.122", "8.296", "20.178"):
        assert told in text, told
    for told in ("191", "195", "135", "139"):
        assert told in pages["units/kien-giang.html"].text, told
    passport = pages["passports/kien-giang.province.2022.html"]
    assert "2022-12.published.money_completion_rate_pct" in passport.ids
    for told in ("KG-2022-12M", "3405066268", "G9", "1165081049", "published_figures.csv"):
        assert told in passport.text, told


@pytest.mark.slow
def test_simulated_figures_say_so_wherever_they_show(samples_home: Home, pages: dict[str, HtmlPage]) -> None:
    simulated = set(run_query(samples_home, "select report_id from mart_scorecard where is_simulated")["report_id"])
    marked = 0
    for path, page in pages.items():
        if any(key in simulated or key.endswith("/simulated") for _, key, *_ in page.figures):
            assert "SỐ LIỆU MÔ PHỎNG" in page.text, path
            marked += 1
    assert marked > 10


@pytest.mark.slow
def test_the_same_release_is_not_made_twice_and_is_swapped_in_whole(samples_home: Home) -> None:
    stood = make_bulletin(samples_home)
    assert not stood.is_new, "the night made it"
    current = samples_home.bulletin / "current"
    assert current.is_symlink()
    assert (current / "index.html").exists()
    assert stood.folder == current.resolve()


@pytest.mark.slow
def test_a_folder_that_holds_something_else_is_left_alone(samples_home: Home, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("mine")
    with pytest.raises(FileExistsError, match="something else"):
        make_bulletin(samples_home, tmp_path)
    assert (tmp_path / "letter.txt").read_text() == "mine"
    made = make_bulletin(samples_home, tmp_path / "new")
    again = make_bulletin(samples_home, tmp_path / "new")
    assert made.pages == again.pages > 100


def test_without_a_warehouse_the_way_out_is_named(tmp_path: Path) -> None:
    with pytest.raises(NoWarehouse, match="thads load"):
        make_bulletin(Home(tmp_path))


@pytest.mark.slow
def test_the_quality_board_leads_to_the_data_docs_of_the_night(
    samples_home: Home, site: Path, pages: dict[str, HtmlPage]
) -> None:
    assert "data_docs/index.html" in pages["quality.html"].links
    kept = {path.name: path.read_bytes() for path in samples_home.data_docs.glob("*.html")}
    assert len(kept) > 10
    assert {path.name: path.read_bytes() for path in (site / "data_docs").glob("*.html")} == kept


def test_the_exposure_names_the_tables_that_the_pages_ask() -> None:
    exposures = yaml.safe_load((PROJECT / "dbt_project/models/exposures.yml").read_text(encoding="utf-8"))["exposures"]
    named = next(exposure for exposure in exposures if exposure["name"] == "bulletin")["depends_on"]
    asked = {
        table
        for name in QUERIES
        for table in re.findall(r"\b(?:from|join) ((?:fct|mart|dim)_\w+)", (FOLDER / f"{name}.sql").read_text())
    }
    assert {f"ref('{table}')" for table in asked} == set(named)
