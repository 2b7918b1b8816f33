"""Office x form x period: what came, what is due or late on a day, and which totals lack whom."""

import json

import pytest
from typer.testing import CliRunner

from pipeline.cli.main import app
from pipeline.vocabulary import Completeness
from tests.support.built_warehouse import Query, reader
from tests.support.two_territories import built_home, live_home

pytestmark = pytest.mark.slow

OFFICES = ("an-bien", "an-minh", "hon-dat", "go-quao", "kien-hai")
MARCH = "period_id = '2024-03' and not is_simulated"


@pytest.fixture(scope="module")
def query() -> Query:
    return reader(built_home())


def statuses(query: Query, day: str) -> dict[str, list[tuple[str, str]]]:
    """Return form and status of some forms by office, as of a day."""
    rows = query(
        f"select unit_key, form, status from mart_completeness_on(date '{day}') where {MARCH} and scope = 'office' "
        "and form in ('01', '11', '12', 'credit') order by unit_key, form"
    )
    return {
        office: [(form, status) for unit, form, status in rows if unit == f"kien-giang.{office}"] for office in OFFICES
    }


def test_every_form_of_every_office_has_one_status_with_its_reason(query: Query) -> None:
    assert statuses(query, "2024-01-31") == {
        "an-bien": [("01", "accepted"), ("11", "nil"), ("12", "late"), ("credit", "not_owed")],
        "an-minh": [("01", "accepted"), ("11", "nil"), ("12", "late"), ("credit", "not_owed")],
        "hon-dat": [("01", "returned"), ("11", "returned"), ("12", "late"), ("credit", "not_owed")],
        "go-quao": [("01", "received"), ("11", "received"), ("12", "received"), ("credit", "not_owed")],
        "kien-hai": [("01", "late"), ("11", "late"), ("12", "late"), ("credit", "not_owed")],
    }
    assert query(
        f"select form, is_late from mart_completeness where {MARCH} and unit_key = 'kien-giang.an-minh' "
        "and is_owed and status = 'accepted' order by form"
    ) == [("01", True), ("02", True)]


def test_what_is_not_here_is_due_until_its_day_is_over_and_late_from_then_on(query: Query) -> None:
    on_its_day, after = statuses(query, "2024-01-03"), statuses(query, "2024-01-04")
    assert dict(on_its_day["kien-hai"])["01"] == "due"
    assert dict(after["kien-hai"])["01"] == "late"
    # An Minh came a day late: on the day itself nobody could know that it would.
    assert dict(on_its_day["an-minh"])["01"] == "due"
    assert dict(after["an-minh"])["01"] == "accepted"


def test_the_table_itself_knows_no_clock(query: Query) -> None:
    words = {status for (status,) in query("select distinct status from mart_completeness")}
    assert words <= set(Completeness) - {Completeness.LATE}
    assert Completeness.DUE in words


def test_an_unreadable_file_is_tied_to_its_office_by_key_and_period_in_its_path(query: Query) -> None:
    assert query(
        f"select distinct unit_key, unreadable_file from mart_completeness where {MARCH} and unreadable_file is not null"
    ) == [("kien-giang.go-quao", "2024-03/kien-giang/kien-giang.go-quao.2024-03.xlsx")]


def test_a_total_is_not_complete_while_an_agency_is_silent_or_returned_and_names_it(query: Query) -> None:
    ((owed, covered, complete, missing),) = query(
        "select units_owed, units_covered, is_complete, missing_units from mart_coverage "
        f"where {MARCH} and unit_key = 'kien-giang' and form = '01'"
    )
    assert (owed, covered, complete, len(missing)) == (16, 2, False, 14)
    for name in ("Kiên Giang (own caseload)", "Chi cục THADS huyện Hòn Đất", "Chi cục THADS huyện Gò Quao"):
        assert name in missing
    assert query(f"select count(*) from mart_coverage where {MARCH} and is_complete") == [(0,)]


def test_a_province_that_sent_its_sum_is_not_complete_behind_a_silent_office(query: Query) -> None:
    assert query(
        "select completed, units_expected, units_found, is_complete, list_contains(missing_units, "
        "'Chi cục THADS huyện Kiên Hải') from fct_case_results_on_territory(date '2024-01-01') "
        f"where {MARCH} and unit_key = 'kien-giang'"
    ) == [(15, 16, 2, False, True)]
    ((found, missing),) = query(
        "select units_found, missing_units from fct_case_results_on_territory(date '2026-01-01') "
        f"where {MARCH} and unit_key = 'an-giang-2025'"
    )
    assert found == 2
    assert "An Giang (own caseload)" in missing


def test_a_province_that_reported_before_is_silent_as_a_whole(query: Query) -> None:
    assert query(
        f"select unit_key, scope from mart_reporting_record where {MARCH} and is_silent and unit_key = 'an-giang'"
    ) == [("an-giang", "own")]
    ((missing,),) = query(
        f"select missing_units from mart_coverage where {MARCH} and unit_key = 'viet-nam' and form = '01'"
    )
    assert "An Giang (own caseload)" in missing
    assert "Chi cục THADS huyện Kiên Hải, Kiên Giang" in missing


def test_only_the_circulars_forms_are_owed_and_never_those_of_another_regime(query: Query) -> None:
    assert query(f"select list(distinct form order by form) from mart_completeness where {MARCH} and is_owed") == [
        ([f"{number:02d}" for number in range(1, 13)],)
    ]
    assert query("select count(*) from mart_completeness where period_id < '2020' and is_owed and form > '02'") == [
        (0,)
    ]


def status(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["status", "--home", str(live_home()), *arguments])
    return done.exit_code, done.output


def test_the_command_shows_a_day_an_office_and_what_the_total_lacks() -> None:
    code, output = status("--period", "2024-03", "--unit", "kien-giang", "--on", "03/01/2024", "--json")
    assert code == 0
    told = json.loads(output)
    of = {row["unit_key"]: row for row in told["units"]}
    assert told["on"] == "2024-01-03"
    assert of["kien-giang.kien-hai"]["state"] == "silent"
    assert {row["status"] for row in of["kien-giang.kien-hai"]["forms"]} == {"due", "not_owed"}
    assert {row["status"] for row in of["kien-giang.go-quao"]["forms"]} == {"received", "not_owed"}
    (first,) = [row for row in told["coverage"] if row["form"] == "01"]
    assert (first["units_covered"], first["units_owed"]) == (1, 16)
    code, output = status("--period", "2024-03", "--unit", "Kiên Giang", "--on", "2024-01-31")
    assert code == 0
    for words in ("quá hạn · late", "trả lại · returned", "Mức đầy đủ · Coverage", "2/16"):
        assert words in output
    assert status("--on", "someday")[0] == 2
    assert status("--unit", "nobody")[0] == 2
