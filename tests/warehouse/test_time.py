"""What was known on a day, what a correction changed, and what a month was."""

from decimal import Decimal

import pytest

from tests.support.built_warehouse import Query, reader
from tests.support.two_territories import built_home

pytestmark = pytest.mark.slow

FACTS_OF_FORMS = "fact_table in (select table_name from duckdb_tables())"


@pytest.fixture(scope="module")
def query() -> Query:
    return reader(built_home())


def test_month_is_the_difference_of_two_reports_and_a_gap_is_told(query: Query) -> None:
    assert query(
        "select months, months_covered, newly_accepted, completed, is_restated, months_covered_vnd, completed_vnd "
        "from mart_monthly_flow where unit_key = 'kien-giang.an-bien' and statistical_year = 2022 order by months"
    ) == [
        (1, 1, 30, 10, False, 1, Decimal(10_000_000)),
        (2, 1, 25, 15, False, 1, Decimal(15_000_000)),
        (5, 3, 35, 60, False, 3, Decimal(60_000_000)),
        (6, 1, 5, -5, True, 1, Decimal(-5_000_000)),
    ]


def test_correction_shows_its_cells_reason_signer_and_effect(query: Query) -> None:
    assert query(
        "select version, previous_verdict, verdict, reason, signer, column_code, old_value, new_value, difference "
        "from mart_revision where unit_key = 'kien-giang' and period_id = '2023-12' and version = 2 order by all"
    ) == [
        (2, "accepted", "accepted", "Đếm trùng 50 việc", "Nguyễn Văn A", "carried_over", 700, 750, 50),
        (2, "accepted", "accepted", "Đếm trùng 50 việc", "Nguyễn Văn A", "completed", 800, 750, -50),
    ]
    assert query(
        "select distinct version, verdict, cases_completion_rate_before_pct, cases_completion_rate_after_pct, "
        "cases_completion_rate_effect_points, money_completion_rate_effect_points from mart_revision "
        "where unit_key = 'kien-giang' order by version"
    ) == [
        (2, "accepted", Decimal("80.00"), Decimal("75.00"), Decimal("-5.00"), None),
        (3, "returned", Decimal("75.00"), Decimal("70.00"), Decimal("-5.00"), None),
    ]


@pytest.mark.parametrize(
    ("day", "completed", "rate"),
    [
        ("2023-10-04", [], []),
        ("2023-10-05", [(800,)], [(Decimal("80.00"),)]),
        ("2024-01-09", [(800,)], [(Decimal("80.00"),)]),
        ("2024-01-10", [(750,)], [(Decimal("75.00"),)]),
        ("2026-12-31", [(750,)], [(Decimal("75.00"),)]),
    ],
)
def test_day_before_and_day_after_a_correction_give_the_two_figures(
    query: Query, day: str, completed: list[tuple], rate: list[tuple]
) -> None:
    place = "where unit_key = 'kien-giang' and period_id = '2023-12'"
    assert query(f"select completed from fct_case_results_as_known_on(date '{day}') {place}") == completed
    assert query(f"select cases_completion_rate_pct from mart_scorecard_as_known_on(date '{day}') {place}") == rate
    # Nine months with 500 were reported before: the rest is the flow of the last three.
    flow = [(figure - 500,) for (figure,) in completed]
    assert query(f"select completed from mart_monthly_flow_as_known_on(date '{day}') {place}") == flow


def test_everything_that_versions_affect_can_be_asked_of_a_day(query: Query) -> None:
    macros = {
        name for (name,) in query("select function_name from duckdb_functions() where function_type = 'table_macro'")
    }
    facts = {name for (name,) in query(f"select distinct fact_table from dim_form where {FACTS_OF_FORMS}")}
    marts = {name for (name,) in query("select table_name from duckdb_tables() where table_name[:5] = 'mart_'")}
    ledgers = {
        "fct_submission",
        "fct_outcome",
        "fct_finding",
        "fct_alert",
        "fct_alert_event",
        "fct_printed_ratio",
        "fct_published_figure",
    }
    assert {f"{table}_as_known_on" for table in facts | marts | ledgers} - macros == set()
    assert {f"{fact}_on_territory" for fact in facts - {"fct_officer_results", "fct_transfers"}} - macros == set()


def test_what_is_known_at_the_end_of_time_is_what_the_tables_hold(query: Query) -> None:
    tables = query(
        "select replace(function_name, '_as_known_on', '') from duckdb_functions() "
        "where function_name like '%_as_known_on' and function_name not like 'int_%' order by 1"
    )
    assert len(tables) > 20
    for (table,) in tables:
        now, then = (
            sorted(map(repr, query(f"from {source}"))) for source in (table, f"{table}_as_known_on(date '9999-12-30')")
        )
        assert now == then, table


def test_nothing_was_known_before_anything_came(query: Query) -> None:
    macros = query("select function_name from duckdb_functions() where function_name like '%_as_known_on'")
    assert len(macros) > 20
    for (macro,) in macros:
        if macro != "int_failure_as_known_on":
            assert query(f"select count(*) from {macro}(date '2000-01-01')") == [(0,)], macro


def test_preliminary_and_final_figures_stay_apart(query: Query) -> None:
    assert query(
        "select vintage, cases_completed, cases_completed_change from mart_scorecard "
        "where unit_key = 'viet-nam' and period_id = '2024-12' order by 1"
    ) == [("final", 590_000, 20_000), ("preliminary", 580_000, None)]
    assert query(
        "select vintage, completed from mart_monthly_flow where unit_key = 'viet-nam' and statistical_year = 2024 "
        "order by 1"
    ) == [("final", 590_000), ("preliminary", 580_000)]


def test_indicators_have_their_definition_beside_them(query: Query) -> None:
    assert query(
        "select measure, value from mart_indicator where unit_key = 'kien-giang' and period_id = '2023-12' order by 1"
    ) == [
        ("ageing_share", Decimal("37.5")),
        ("clearance_rate", Decimal(75)),
        ("congestion_ratio", Decimal(2)),
        ("disposition_time", Decimal(365)),
    ]
    assert query(
        "select round(value / 1000000, 1) from mart_indicator where measure = 'money_per_case' "
        "and unit_key = 'kien-giang' and period_id = '2022-12'"
    ) == [(96.6,)]
    assert query(
        "select count(*) from dim_measure where measure_kind = 'indicator' "
        "and definition_en is not null and definition_vi is not null and source is not null"
    ) == [(5,)]
