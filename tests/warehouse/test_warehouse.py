"""What the warehouse promises its readers, on one real ``dbt build``."""

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from tests.support.built_warehouse import Query, build, kien_giang_2022, reader
from tests.support.table_claims import claims, failures
from tests.support.warehouse_inputs import Inputs

pytestmark = pytest.mark.slow


def go_quao_corrects_itself(inputs: Inputs) -> None:
    """Returned, then corrected in one form, then spoilt again: version 2 stays."""
    first = inputs.submission("kien-giang.go-quao", "2023-09", version=1, verdict="returned")
    inputs.cells(first, "01", "total.total", due=100, completed=40, carried_over=61)
    inputs.cells(first, "02", "total.total", due=5000)
    inputs.outcome(first, "carried_over", "fail", off_by=1)
    inputs.finding(first, "carried_over", "01", off_by=-7)

    second = inputs.submission("kien-giang.go-quao", "2023-09", version=2)
    inputs.cells(second, "01", "total.total", due=100, completed=40, carried_over=60)
    inputs.outcome(second, "carried_over", "pass")

    third = inputs.submission("kien-giang.go-quao", "2023-09", version=3, verdict="returned")
    inputs.cells(third, "01", "total.total", due=100, completed=40, carried_over=59)
    inputs.outcome(third, "carried_over", "not_applicable")
    inputs.outcome(third, "due", "fail", off_by=3)


def an_bien_withdraws(inputs: Inputs) -> None:
    """A figure that does not add up is left out of the next version."""
    first = inputs.submission("kien-giang.an-bien", "2023-09", verdict="returned", batch=9)
    inputs.outcome(first, "carried_over", "fail", off_by=5)
    second = inputs.submission("kien-giang.an-bien", "2023-09", version=2, batch=10)
    inputs.cells(second, "01", "total.total", due=10, completed=None, revoked="-")
    inputs.outcome(second, "carried_over", "not_applicable")


def broken_files(inputs: Inputs) -> None:
    """One file is mended under its path, one is not; one comes twice; one belongs to no known office."""
    sentence = {"problem": "no_workbook", "problem_vi": "Tệp hỏng.", "problem_en": "The file is broken."}
    inputs.receipt("mended.xlsx", batch=1, verdict="unreadable", **sentence)
    inputs.submission("kien-giang.kien-hai", "2023-09", path="mended.xlsx", batch=4)
    inputs.receipt("broken.xlsx", batch=1, verdict="unreadable", **sentence)
    inputs.receipt("copy.xlsx", batch=2, verdict="duplicate")
    inputs.receipt("box.zip", media="zip")
    stranger = inputs.submission("?", "2023-09", verdict="returned", path="stranger.xlsx", placed=False)
    inputs.outcome(stranger, "header", "fail", form="*")


def gia_lai_slips(inputs: Inputs) -> None:
    """Money of 2021 is printed in the wrong unit: it is kept, flagged and compared with nothing."""
    for period, verdict, cases, money in (
        ("2021-12", "accepted_with_query", 8431, 850_000_000),
        ("2022-12", "accepted", 11072, 900_000_000_000),
    ):
        report = inputs.submission(
            "gia-lai", period, verdict=verdict, scope="province", origin="published", path=f"GL-{period}"
        )
        inputs.cells(report, "01", "total.total", eligible=13409, completed=cases)
        inputs.cells(report, "02", "total.total", eligible=1_270_000_000_000, completed=money)
        inputs.outcome(report, "money_per_case", "fail" if period == "2021-12" else "pass", form="02", off_by=9)


def simulated_neighbour(inputs: Inputs) -> None:
    """Simulated figures of the same office and period as real ones, and an office that only the simulator knows."""
    for unit in ("kien-giang.go-quao", "ha-giang.sim-03"):
        report = inputs.submission(unit, "2023-09", simulated=True, path=f"simulated-{unit}.xlsx")
        inputs.cells(report, "01", "total.total", due=999, eligible=10, completed=9)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    inputs = Inputs()
    inputs.rule("carried_over")
    inputs.rule("due")
    inputs.rule("header", kind="header")
    inputs.rule("money_per_case", kind="money_per_case", on_fail="query")
    for case in (
        kien_giang_2022,
        go_quao_corrects_itself,
        an_bien_withdraws,
        broken_files,
        gia_lai_slips,
        simulated_neighbour,
    ):
        case(inputs)
    ton = inputs.submission("ha-tinh.nghi-xuan", "2020-08@2020-05-13", origin="published", path="NX-2020-TON")
    inputs.cells(ton, "01", "total.total", opening=87)
    inputs.deadline("2023-09", "office", date(2022, 10, 2))
    inputs.write(folder)
    build(folder)
    return folder


@pytest.fixture(scope="module")
def query(home: Path) -> Query:
    return reader(home)


def test_published_file_holds_only_tables_of_schema_main(query: Query) -> None:
    assert query("select distinct schema_name from duckdb_tables()") == [("main",)]
    assert query("select view_name from duckdb_views() where not internal") == []
    assert query("select table_name from duckdb_tables() where table_name[:4] in ('stg_', 'int_')") == []


def test_kien_giang_2022_has_its_figures(query: Query) -> None:
    report = "period_id = '2022-12' and unit_key = 'kien-giang'"
    assert query(
        "select judgments_received, due, newly_accepted, eligible, completed, carried_over, opening "
        f"from fct_case_results where {report}"
    ) == [(9838, 20352, 12576, 14647, 12056, 8122, None)]
    assert query(f"select due_vnd, eligible_vnd, completed_vnd from fct_money_results where {report}") == [
        (3405066268000, 2015887559000, 1165081049000)
    ]
    assert query(f"select visits, people, visits_by_leaders, people_by_leaders from fct_reception where {report}") == [
        (191, 195, 135, 139)
    ]
    assert query(f"select sanction, staff_group, people from fct_discipline where {report}") == [
        ("reprimand", "total", 2)
    ]
    assert query(
        "select printed_completion_rate_cases_pct, printed_completion_rate_money_pct, printed_share_of_due_money_pct, "
        f"due_cases from fct_credit_results where {report}"
    ) == [(Decimal("29.24"), Decimal("27.69"), Decimal("47.40"), None)]


def test_scorecard_tells_rate_target_gap_and_what_was_printed(query: Query) -> None:
    assert query(
        "select money_completion_rate_pct, money_target_pct, money_gap_points, money_eligible_share_pct, "
        "printed_money_completed_change_vnd, printed_money_completed_change_verdict, "
        "printed_money_completed_growth_pct, printed_money_completion_rate_change_points, cases_completion_rate_pct "
        "from mart_scorecard where unit_key = 'kien-giang' and period_id = '2022-12'"
    ) == [
        (
            Decimal("57.79"),
            Decimal("40.10"),
            Decimal("17.69"),
            Decimal("59.20"),
            Decimal(374099782000),
            "fits",
            Decimal("47.30"),
            Decimal("9.9"),
            Decimal("82.31"),
        )
    ]


def test_scorecard_takes_a_provinces_own_target_and_pro_rates_it(query: Query) -> None:
    assert query(
        "select unit_key, cases_target_pct, money_target_pct from mart_scorecard "
        "where period_id = '2022-12' and origin = 'published' order by unit_key"
    ) == [
        ("gia-lai", Decimal("82"), Decimal("40.10")),
        ("kien-giang", Decimal("81.50"), Decimal("40.10")),
    ]
    assert query(
        "select cases_target_pct, cases_target_pro_rata_pct from mart_scorecard "
        "where unit_key = 'kien-giang.go-quao' and not is_simulated"
    ) == [(Decimal("82.50"), Decimal("61.875"))]


def test_alert_on_carried_over_stays_open_and_names_the_cell(query: Query) -> None:
    [(state, sentence, cells)] = query(
        "select state, sentence_en, cells from fct_alert where rule_id = 'carried_over' and unit_key = 'kien-giang'"
    )
    assert (state, sentence) == ("open", "off by -174")
    assert cells[0]["address"] == "H12"


def test_last_accepted_version_stays_when_a_newer_one_is_returned(query: Query) -> None:
    assert query(
        "select s.version, f.due, f.carried_over from fct_case_results f join fct_submission s using (submission_id) "
        "where f.unit_key = 'kien-giang.go-quao' and not f.is_simulated"
    ) == [(2, 100, 60)]


def test_form_that_was_only_returned_reaches_no_fact(query: Query) -> None:
    assert query("select * from fct_money_results where unit_key = 'kien-giang.go-quao'") == []


def test_alert_resolves_with_both_versions_named(query: Query) -> None:
    assert query(
        "select rule_id, state, opened_version, resolved_version, findings, sentence_en from fct_alert "
        "where unit_key = 'kien-giang.go-quao' order by rule_id"
    ) == [
        ("carried_over", "resolved", 1, 2, 2, "off by -7"),
        ("due", "open", 3, None, 1, "off by 3"),
    ]


def test_withdrawn_figure_does_not_resolve_its_alert(query: Query) -> None:
    assert query("select state, resolved_by from fct_alert where unit_key = 'kien-giang.an-bien'") == [("open", None)]


def test_missing_is_never_zero_and_nil_is(query: Query) -> None:
    assert query(
        "select due, revoked, completed, delegated from fct_case_results where unit_key = 'kien-giang.an-bien'"
    ) == [(10, 0, None, None)]


def test_every_file_is_a_submission_or_says_why_not(query: Query) -> None:
    assert query(
        "select source_ref, verdict, problem_en from fct_submission where report_id is null order by source_ref"
    ) == [
        ("broken.xlsx", "unreadable", "The file is broken."),
        ("copy.xlsx", "duplicate", None),
        ("mended.xlsx", "unreadable", "The file is broken."),
        ("stranger.xlsx", "returned", None),
    ]


def test_unreadable_file_is_an_incident_until_a_readable_one_replaces_it(query: Query) -> None:
    assert query(
        "select source_ref, rule_id, state, resolved_at from fct_alert where report_id is null order by source_ref"
    ) == [
        ("broken.xlsx", "unreadable", "open", None),
        ("mended.xlsx", "unreadable", "resolved", datetime(2022, 10, 4, 8)),
        ("stranger.xlsx", "header", "open", None),
    ]


def test_slip_of_the_unit_is_flagged_and_compared_with_nothing(query: Query) -> None:
    assert query(
        "select period_id, is_queried, cases_completed_change, money_completed_change_vnd from mart_scorecard "
        "where unit_key = 'gia-lai' order by period_id"
    ) == [("2021-12", True, None, None), ("2022-12", False, 2641, None)]
    assert query("select is_queried from fct_money_results where unit_key = 'gia-lai' order by period_id") == [
        (True,),
        (False,),
    ]
    assert query("select distinct is_queried from fct_case_results where unit_key = 'gia-lai'") == [(False,)]


def test_ranks_compare_like_with_like(query: Query) -> None:
    assert query(
        "select unit_key, cases_completion_rank, money_completion_rank from mart_scorecard "
        "where period_id = '2022-12' and scope = 'province' order by unit_key"
    ) == [("gia-lai", 1, 1), ("kien-giang", 2, 2)]
    assert query(
        "select is_simulated, cases_completion_rank from mart_scorecard where period_id = '2023-09' "
        "and unit_key = 'kien-giang.go-quao' order by 1"
    ) == [(False, None), (True, 1)]


def test_simulated_figures_never_mix_with_real_ones(query: Query) -> None:
    assert query("select is_simulated, due from fct_case_results where unit_key = 'kien-giang.go-quao' order by 1") == [
        (False, 100),
        (True, 999),
    ]
    assert query("select unit_key from dim_unit where is_simulated") == [("ha-giang.sim-03",)]


def test_reporting_record_counts_versions_and_names_the_silent(query: Query) -> None:
    record = "from mart_reporting_record where period_id = '2023-09' and not is_simulated"
    assert query(
        "select unit_key, versions_received, is_late, days_late, verdict, accepted_version, open_alerts "
        f"{record} and not is_silent order by unit_key"
    ) == [
        ("kien-giang.an-bien", 2, True, 7, "accepted", 2, 1),
        ("kien-giang.go-quao", 3, False, 0, "returned", 2, 1),
        ("kien-giang.kien-hai", 1, True, 2, "accepted", 1, 0),
    ]
    # Fifteen offices and the province's own caseload, less the three that reported.
    assert query(f"select count(*), count(verdict), count(report_id) {record} and is_silent") == [(13, 0, 0)]
    assert query(f"select scope {record} and is_silent and unit_key = 'kien-giang'") == [("own",)]


def test_lateness_is_told_of_submitted_reports_only(query: Query) -> None:
    assert query("select count(due_at) from fct_submission where origin = 'published'") == [(0,)]
    assert query(
        "select version, due_at, is_late from fct_submission where unit_key = 'kien-giang.go-quao' "
        "and not is_simulated order by version"
    ) == [
        (1, datetime(2022, 10, 2, 23, 59, 59), False),
        (2, datetime(2022, 10, 2, 23, 59, 59), False),
        (3, datetime(2022, 10, 2, 23, 59, 59), True),
    ]


def test_figure_without_a_form_is_kept(query: Query) -> None:
    assert query(
        "select column_code, value, is_current from fct_published_figure "
        "where form is null and source_ref = 'KG-2022-12M'"
    ) == [("viec.chua_co_dieu_kien.lan_2", Decimal(1281), True)]


def test_report_inside_a_month_has_a_period_of_its_own(query: Query) -> None:
    assert query("select months, period_end, is_standard from dim_period where period_id like '%@%'") == [
        (8, date(2020, 5, 13), False)
    ]
    assert query("select count(*) from dim_period where is_standard") == [(4 * 12,)]


def test_units_know_what_they_became(query: Query) -> None:
    assert query(
        "select predecessor_key from bridge_unit_succession where successor_key = 'an-giang-2025' order by 1"
    ) == [("an-giang",), ("kien-giang",)]
    provinces = "from dim_unit where level = 'province' and"
    assert query(
        f"select count(*) {provinces} valid_from <= '2025-06-30' and coalesce(valid_to, '9999-12-31') > '2025-06-30'"
    ) == [(63,)]
    assert query(
        f"select count(*) {provinces} valid_from <= '2025-07-01' and coalesce(valid_to, '9999-12-31') > '2025-07-01'"
    ) == [(34,)]


def test_second_build_of_the_same_inputs_is_the_same_row_for_row(home: Path, query: Query) -> None:
    tables = [name for (name,) in query("select table_name from duckdb_tables() order by 1")]
    before = {table: sorted(map(repr, query(f"from {table}"))) for table in tables}
    build(home, "--exclude-resource-type", "unit_test")
    assert before == {table: sorted(map(repr, query(f"from {table}"))) for table in tables}


def test_home_without_a_single_report_builds_too(tmp_path: Path) -> None:
    Inputs().write(tmp_path)
    build(tmp_path, "--exclude-resource-type", "unit_test")
    query = reader(tmp_path)
    assert query("select count(*) from mart_scorecard") == [(0,)]
    assert query("select count(*) from dim_measure") != [(0,)]


def test_every_claim_about_a_table_can_fail(home: Path) -> None:
    scratch = home / "warehouse"
    told = list(claims(scratch / "target"))
    assert len(told) > 100
    with duckdb.connect() as connection:
        for name in ("build", "staging"):
            connection.execute(f"attach '{scratch / name}.duckdb' as {name} (read_only)")
        silent = [
            (claim.test, claim.words)
            for claim in told
            if not any(words.startswith(claim.words) for words in failures(connection, claim))
        ]
    assert silent == []
