"""Two territorial orders in one warehouse: as reported, and restated to the units of a day."""

import shutil
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from tests.support.built_warehouse import Query, reader
from tests.support.two_territories import TRILLION, built_home

pytestmark = pytest.mark.slow

OLD, NEW = "date '2025-06-30'", "date '2025-07-01'"


@pytest.fixture(scope="module")
def query() -> Query:
    return reader(built_home())


def test_merged_an_giang_is_the_sum_of_what_it_consists_of_to_the_dong(query: Query) -> None:
    assert query(
        "select period_id, completed_vnd, units_expected, units_found, is_complete "
        f"from fct_money_results_on_territory({NEW}) where unit_key = 'an-giang-2025' "
        "and origin = 'submitted' and right(period_id, 3) = '-09' order by all"
    ) == [
        ("2022-09", Decimal(2 * TRILLION + 6101 + 4102), 2, 2, True),
        ("2023-09", Decimal(2 * TRILLION + 500 + 4903), 2, 2, True),
        ("2024-09", Decimal(2 * TRILLION + 6304 + 4204), 2, 2, True),
        ("2025-09", Decimal(TRILLION + 10_000), 1, 1, True),
        ("2026-09", Decimal(TRILLION + 9003), 1, 1, True),
    ]


def test_same_series_as_reported_shows_both_territories(query: Query) -> None:
    assert query(
        "select period_id, unit_key, completed from fct_case_results where unit_key in ('kien-giang', 'an-giang', "
        "'an-giang-2025') and origin = 'submitted' and right(period_id, 3) = '-09' order by period_id, unit_key"
    ) == [
        ("2022-09", "an-giang", 4102),
        ("2022-09", "kien-giang", 6101),
        ("2023-09", "an-giang", 4903),
        ("2023-09", "kien-giang", 500),
        ("2024-09", "an-giang", 4204),
        ("2024-09", "kien-giang", 6304),
        ("2025-09", "an-giang", 4000),
        ("2025-09", "an-giang-2025", 10_000),
        ("2025-09", "kien-giang", 6000),
        ("2026-09", "an-giang-2025", 9003),
    ]


def test_nine_months_reported_on_both_territories_count_once(query: Query) -> None:
    for day, units in ((OLD, ["an-giang", "kien-giang"]), (NEW, ["an-giang-2025"])):
        assert query(
            f"select list(unit_key order by unit_key), sum(completed) from fct_case_results_on_territory({day}) "
            "where period_id = '2025-09'"
        ) == [(units, 10_000)]


def test_merged_province_is_compared_with_last_year_on_its_own_territory(query: Query) -> None:
    def rate(completed: int, eligible: int) -> Decimal:
        return 100 * Decimal(completed) / Decimal(eligible)

    merged = rate(10_000, 10_999) - rate(6304 + 4204, 6304 + 4204 + 2 * 999)
    assert query(
        "select unit_key, period_id, cases_completed_change, cases_completion_rate_change_points, "
        "money_completed_change_vnd, len(cases_last_year_report_ids) from mart_scorecard "
        "where unit_key in ('an-giang-2025', 'an-giang') and origin = 'submitted' "
        "and period_id in ('2025-09', '2026-09') order by all"
    ) == [
        ("an-giang", "2025-09", 4000 - 4204, round(rate(4000, 4999) - rate(4204, 5203), 2), Decimal(4000 - 4204), 1),
        ("an-giang-2025", "2025-09", 10_000 - 10_508, round(merged, 2), Decimal(10_000 - 10_508 - TRILLION), 2),
        ("an-giang-2025", "2026-09", -997, round(rate(9003, 10_002) - rate(10_000, 10_999), 2), Decimal(-997), 1),
    ]


def test_merged_figure_without_a_split_key_stays_whole_under_its_own_unit(query: Query) -> None:
    assert query(
        f"select unit_key, is_on_territory, is_estimated, completed from fct_case_results_on_territory({OLD}) "
        "where period_id = '2026-09' order by unit_key"
    ) == [("an-giang-2025", False, False, 9003), ("ha-noi", True, False, 21_000)]


def test_merged_total_with_a_part_missing_is_not_complete(query: Query) -> None:
    assert query(
        "select completed, units_expected, units_found, missing_units, is_complete "
        f"from fct_case_results_on_territory({NEW}) where unit_key = 'an-giang-2025' and period_id = '2023-12'"
    ) == [(750, 2, 1, ["An Giang"], False)]


def test_province_without_a_report_is_the_sum_of_its_offices_and_names_the_silent(query: Query) -> None:
    [(completed, expected, found, missing, complete)] = query(
        "select completed, units_expected, units_found, missing_units, is_complete "
        f"from fct_case_results_on_territory({OLD}) where unit_key = 'kien-giang' and period_id = '2021-12'"
    )
    assert (completed, expected, found, complete) == (40, 16, 4, False)
    assert len(missing) == 12
    assert "Chi cục THADS TP Hà Tiên" in missing
    assert "Chi cục THADS huyện Gò Quao" not in missing


def test_measure_that_one_part_leaves_blank_is_blank_in_the_sum(query: Query) -> None:
    assert query(
        f"select opening, completed from fct_case_results_on_territory({NEW}) "
        "where unit_key = 'an-giang-2025' and period_id = '2024-12'"
    ) == [(None, 12_003)]


def test_national_totals_are_equal_before_and_after(query: Query) -> None:
    for table in ("fct_case_results", f"fct_case_results_on_territory({OLD})", f"fct_case_results_on_territory({NEW})"):
        assert query(f"select sum(completed) from {table} where period_id = '2024-12' and scope = 'province'") == [
            (32_003,)
        ]
    assert query(
        f"select vintage, completed from fct_case_results_on_territory({NEW}) where scope = 'nation' order by all"
    ) == [("final", 570_000), ("final", 590_000), ("preliminary", 580_000)]


def test_code_91_is_two_provinces_and_only_validity_tells_which(query: Query) -> None:
    assert query("select unit_key from dim_unit where code = '91' order by valid_from") == [
        ("kien-giang",),
        ("an-giang-2025",),
    ]
    # A join by code alone meets two units; one by code and the day of the period meets one.
    assert query(
        "select f.period_id, u.name from fct_case_results f join dim_unit reported using (unit_key) "
        "join dim_period p using (period_id) join dim_unit u on u.code = reported.code "
        "and p.period_end >= u.valid_from and p.period_end < coalesce(u.valid_to, date '9999-12-31') "
        "where reported.code = '91' and f.origin = 'submitted' and f.period_id in ('2024-12', '2026-09') order by 1"
    ) == [("2024-12", "Kiên Giang"), ("2026-09", "An Giang")]
    assert query(
        "select count(*) from dim_unit a join dim_unit b on a.code = b.code and a.unit_key < b.unit_key "
        "and a.valid_from < coalesce(b.valid_to, date '9999-12-31') "
        "and b.valid_from < coalesce(a.valid_to, date '9999-12-31')"
    ) == [(0,)]


def test_no_fact_has_a_code_to_join_by(query: Query) -> None:
    assert (
        query("select table_name from duckdb_columns() where column_name = 'code' and table_name <> 'dim_unit'") == []
    )


def test_declared_split_key_estimates_the_parts_and_loses_nothing(tmp_path: Path) -> None:
    """What ``split_keys`` would add to the bridge, in a copy of the file: the parts sum to the whole."""
    copy = tmp_path / "copy.duckdb"
    shutil.copy(built_home() / "warehouse" / "build.duckdb", copy)
    with duckdb.connect(str(copy)) as connection:
        connection.execute(
            "insert into bridge_territory values "
            "('an-giang-2025', 'an-giang', 0, 0.333333333, true, date '2004-01-01', date '2025-07-01'), "
            "('an-giang-2025', 'kien-giang', 0.333333333, 1, true, date '2004-01-01', date '2025-07-01')"
        )
        assert connection.execute(
            f"select unit_key, completed, is_estimated, is_complete from fct_case_results_on_territory({OLD}) "
            "where period_id = '2026-09' and unit_key <> 'ha-noi' order by unit_key"
        ).fetchall() == [("an-giang", 3001, True, True), ("kien-giang", 6002, True, True)]
        assert connection.execute(
            f"select unit_key, completed, is_estimated from fct_case_results_on_territory({OLD}) "
            "where period_id = '2025-09' order by unit_key"
        ).fetchall() == [("an-giang", 4000, False), ("kien-giang", 6000, False)]
