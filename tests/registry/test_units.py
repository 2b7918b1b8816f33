"""Claims about the registry: neither a code nor a name is a key, so a unit is found by name, day and parent."""

from datetime import date, timedelta

import pytest

from pipeline.registry.units import FOREVER, UnitRegistry, unit_registry

BEFORE, AFTER = date(2025, 6, 30), date(2025, 7, 1)
REGISTRY = unit_registry()


def key(text: str, day: date = BEFORE, parent: str | None = None) -> str | None:
    unit = REGISTRY.find(text, day, parent)
    return unit.key if unit else None


def days_of(unit) -> set[date]:
    last = unit.valid_to - timedelta(days=1) if unit.valid_to != FOREVER else date(2026, 9, 30)
    return {unit.valid_from, last}


@pytest.mark.parametrize("unit", REGISTRY.units.values(), ids=lambda unit: unit.key)
def test_every_unit_is_found_by_its_own_name_below_its_parent_on_every_day_it_exists(unit):
    parent = REGISTRY.units[unit.parent].name if unit.parent else None
    for day in days_of(unit):
        assert key(unit.name, day, parent) == unit.key
        assert key(unit.name.upper(), day, parent) == unit.key


@pytest.mark.parametrize("unit", [u for u in REGISTRY.units.values() if u.aliases], ids=lambda unit: unit.key)
def test_every_unit_is_found_by_each_of_its_aliases(unit):
    parent = REGISTRY.units[unit.parent].name if unit.parent else None
    for alias in unit.aliases:
        assert key(alias, max(days_of(unit)), parent) == unit.key


def test_a_unit_is_not_found_on_a_day_on_which_it_does_not_exist():
    asked = [
        (unit, day)
        for unit in REGISTRY.units.values()
        for day in (unit.valid_from - timedelta(days=1), unit.valid_to)
        if day < FOREVER
    ]
    assert len(asked) > len(REGISTRY.units) > 1000, "the day before each, and the end of those that ended"
    for unit, day in asked:
        assert key(unit.name, day, unit.parent and REGISTRY.units[unit.parent].name) != unit.key


def test_kien_giang_is_part_of_an_giang_from_july_2025_on():
    assert key("Kiên Giang", BEFORE) == "kien-giang"
    assert key("Kiên Giang", AFTER) is None
    assert key("An Giang", BEFORE) == "an-giang"
    assert key("An Giang", AFTER) == "an-giang-2025"


def test_code_91_is_another_province_on_another_day():
    def coded(day: date) -> list[str]:
        return [u.key for u in REGISTRY.units.values() if u.code == "91" and u.is_valid_on(day)]

    assert coded(BEFORE) == ["kien-giang"]
    assert coded(AFTER) == ["an-giang-2025"]


def test_no_code_stands_for_two_provinces_on_one_day():
    for day in (date(2015, 1, 1), BEFORE, AFTER):
        codes = [u.code for u in REGISTRY.units.values() if u.level == "province" and u.is_valid_on(day)]
        assert len(codes) == len(set(codes)) == (63 if day < AFTER else 34)


def test_kien_giang_has_fifteen_offices_and_the_new_an_giang_fifteen_regional_ones():
    assert len(REGISTRY.parts_of("kien-giang", BEFORE, is_simulated=False)) == 15
    assert len(REGISTRY.parts_of("an-giang-2025", AFTER, is_simulated=False)) == 15
    assert REGISTRY.parts_of("kien-giang", AFTER, is_simulated=False) == []


@pytest.mark.parametrize(
    ("text", "day", "expected"),
    [
        ("Cục THADS tỉnh Kiên Giang", BEFORE, "kien-giang"),
        ("CỤC THI HÀNH ÁN DÂN SỰ TỈNH KIÊN GIANG", BEFORE, "kien-giang"),
        ("T. Kiên Giang", BEFORE, "kien-giang"),
        ("Cục THADS TP.HCM", BEFORE, "ho-chi-minh"),
        ("TP.HCM", BEFORE, "ho-chi-minh"),
        ("TPHCM", AFTER, "ho-chi-minh-2025"),
        ("Tp. Hồ Chí Minh", BEFORE, "ho-chi-minh"),
        ("Huế", AFTER, "hue"),
        ("Thừa Thiên Huế", BEFORE, "hue"),
        ("Cục THADS tỉnh Thừa Thiên - Huế", BEFORE, "hue"),
        ("(toàn quốc)", BEFORE, "viet-nam"),
        ("Hải Phòng", BEFORE, "hai-phong"),
        ("Cục THADS thành phố Hải Phòng", AFTER, "hai-phong-2025"),
        ("CCTHADS H. Gò Quao", BEFORE, "kien-giang.go-quao"),
        ("Chi cục THADS TP. Rạch Giá", BEFORE, "kien-giang.rach-gia"),
        ("Lâm Đồng / TP. Bảo Lộc", BEFORE, "lam-dong.bao-loc"),
        ("An Giang (mới: An Giang + Kiên Giang)", BEFORE, "an-giang-2025"),
        ("An Giang (mới)", AFTER, "an-giang-2025"),
        ("", BEFORE, None),
        ("Cục THADS", BEFORE, None),
        ("Sài Gòn", BEFORE, None),
    ],
)
def test_a_unit_is_found_as_people_write_it(text, day, expected):
    assert key(text, day) == expected


def test_a_name_that_many_have_needs_its_parent():
    assert (
        key("Phòng THADS khu vực 1", AFTER) is None or key("Phòng THADS khu vực 1", AFTER) == "an-giang-2025.khu-vuc-01"
    )
    assert key("Phòng THADS khu vực 1", AFTER, "THADS tỉnh An Giang") == "an-giang-2025.khu-vuc-01"
    assert key("Chi cục THADS đơn vị mô phỏng 01") is None
    assert key("Chi cục THADS đơn vị mô phỏng 01", BEFORE, "Cục THADS Huế") == "hue.sim-01"


def test_an_office_is_not_found_below_another_province():
    assert key("Chi cục THADS huyện Châu Thành", BEFORE, "Cục THADS tỉnh Kiên Giang") == "kien-giang.chau-thanh"
    assert key("Chi cục THADS huyện Châu Thành", BEFORE, "Cục THADS tỉnh Long An") is None
    assert key("Long An / huyện Châu Thành") is None


def test_a_parent_that_nobody_knows_says_nothing():
    assert key("Chi cục THADS huyện Gò Quao", BEFORE, "Phòng Tổng hợp") == "kien-giang.go-quao"
    assert key("Chi cục THADS huyện Gò Quao", BEFORE, "Tổng cục THADS") == "kien-giang.go-quao"


def test_two_units_of_one_name_are_never_guessed():
    twice = REGISTRY.frame.filter(REGISTRY.frame["unit_key"] == "kien-giang.go-quao")
    other = twice.with_columns(
        unit_key=twice["unit_key"] + "-2", parent_key=twice["parent_key"].replace("kien-giang", "long-an")
    )
    both = UnitRegistry(REGISTRY.frame.vstack(other))
    assert both.find("Gò Quao", BEFORE) is None
    found = both.find("Gò Quao", BEFORE, "Cục THADS tỉnh Long An")
    assert found
    assert found.key == "kien-giang.go-quao-2"


def test_the_version_of_the_registry_changes_with_its_content():
    fewer = UnitRegistry(REGISTRY.frame.head(10))
    assert fewer.version != REGISTRY.version == unit_registry().version
