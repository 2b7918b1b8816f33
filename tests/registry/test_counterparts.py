"""Claims about the agencies that the annex on delegation names: known on that day, and others than the one that reports."""

from datetime import date

import polars as pl
import pytest

from pipeline import tables
from pipeline.forms import forms
from pipeline.home import Home
from pipeline.judged.counterparts import Agencies, counterpart_remarks
from pipeline.registry.home_register import import_units, registry_of
from pipeline.registry.units import UnitRegistry, unit_registry
from tests.support.built_warehouse import reader
from tests.support.two_territories import built_home

BEFORE, AFTER = date(2023, 6, 30), date(2026, 6, 30)
AN_BIEN = "kien-giang.an-bien"


def told(
    name: str | None,
    *,
    by: str | None = AN_BIEN,
    on: date = BEFORE,
    scope: str | None = "office",
    cases: int | None = 3,
    registry: UnitRegistry | None = None,
) -> list[tuple[str, str, str]]:
    """Return code and details of what is said of an annex with this name on its first line."""
    submissions = pl.DataFrame(
        [{"submission_id": "s", "unit_key": by, "scope": scope, "period_end": on}], schema=tables.SUBMISSIONS
    )
    place = {"submission_id": "s", "form": "transfers", "row_code": "line_01", "sheet": "transfers"}
    cells = pl.DataFrame(
        [
            place | {"column_code": "counterpart", "raw": name, "address": "D15"},
            place | {"column_code": "delegated", "value": cases, "address": "E15"},
            place | {"row_code": "total", "column_code": "delegated", "value": cases, "address": "E14"},
        ],
        schema=tables.CELLS,
    )
    remarks = counterpart_remarks(submissions, cells, forms(), registry or unit_registry())
    for vi, en in remarks.select("detail_vi", "detail_en").iter_rows():
        assert "(trang «transfers», ô D15)" in vi
        assert "(sheet 'transfers', cell D15)" in en
    return list(remarks.select("code", "detail_vi", "detail_en").iter_rows())


@pytest.mark.parametrize(
    "name",
    [
        "An Minh",
        "kien-giang.an-minh",
        "Chi cục THADS huyện An Minh",
        "Cục THADS tỉnh Cà Mau",
        "cục thads hà nội",
    ],
)
def test_an_agency_of_the_registry_is_no_finding(name):
    assert told(name) == []


def test_an_agency_that_nobody_knows_is_told_with_the_one_that_may_be_meant():
    ((code, vi, en),) = told("Chi cục THADS huyện Không Có")
    assert code == "unknown_counterpart"
    assert "«Chi cục THADS huyện Không Có» (trang «transfers», ô D15) không có trong danh mục" in vi
    assert "có phải" not in vi
    ((_, vi, en),) = told("CCTHADS - An Minh")
    assert "có phải là «Chi cục THADS huyện An Minh»" in vi
    assert "perhaps Chi cục THADS huyện An Minh is meant" in en


def test_an_agency_of_another_day_is_told_with_what_it_became():
    ((code, vi, _),) = told("kien-giang", by="an-giang-2025", on=AFTER, scope="own")
    assert code == "counterpart_of_another_day"
    assert "đến trước 01/07/2025; hãy ghi cơ quan của ngày cuối kỳ: An Giang" in vi
    ((code, _, en),) = told("an-giang-2025")
    assert code == "counterpart_of_another_day"
    assert "from 2025-07-01" in en


def test_a_name_that_several_have_is_nobodys_unless_one_of_them_is_in_the_same_province(tmp_path):
    home = Home(tmp_path)
    header = "unit_key,name,level,parent_key,valid_from,valid_to,aliases\n"
    both = (
        f"{province}.chau-thanh-x,Chi cục THADS huyện Bình Giang,office,{province},2004-01-01,2025-07-01,\n"
        for province in ("long-an", "ben-tre")
    )
    import_units(home, (header + "".join(both)).encode())
    ((code, vi, _),) = told("Chi cục THADS huyện Bình Giang", registry=registry_of(home))
    assert code == "unknown_counterpart"
    assert vi.startswith("Nhiều cơ quan")
    assert told("Chi cục THADS huyện Bình Giang", by="long-an", scope="own", registry=registry_of(home)) == []
    # Of whom nobody knows the province, it is said already that nobody knows who it is.
    assert told("Chi cục THADS huyện Bình Giang", by=None, scope=None, registry=registry_of(home)) == []


def test_nobody_delegates_to_itself_but_a_province_that_adds_up_names_its_own_agency():
    for name in (AN_BIEN, "Chi cục THADS huyện An Biên"):
        assert [code for code, *_ in told(name)] == ["own_counterpart"]
    assert [code for code, *_ in told("Kiên Giang", by="kien-giang", scope="own")] == ["own_counterpart"]
    assert told("Kiên Giang", by="kien-giang", scope="province") == []


def test_a_line_with_figures_needs_a_name_and_one_without_is_not_used():
    for blank in (None, "  "):
        assert [code for code, *_ in told(blank)] == ["missing_counterpart"]
        assert told(blank, cases=0) == []
    assert told("Không Có", cases=None) == []


@pytest.mark.slow
def test_what_the_rule_does_not_know_the_warehouse_does_not_know_either():
    rows = reader(built_home())(
        "select counterpart_text, unit_key, period_end, counterpart_key from fct_transfers "
        "join dim_period using (period_id) where line <> 'total'"
    )
    agencies = Agencies(unit_registry())
    assert {key for *_, key in rows} >= {None, "kien-giang.an-minh"}
    for text, unit, day, key in rows:
        found = agencies.find(text, day, unit)
        assert (found.key if found else None) == key, text
