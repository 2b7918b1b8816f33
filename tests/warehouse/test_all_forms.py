"""Every form of every regime reaches its fact table, on one real ``dbt build`` of simulated months."""

from pathlib import Path

import pytest

from pipeline import tables
from pipeline.cells.read import read_landed
from pipeline.declared import export_declarations
from pipeline.forms import forms
from pipeline.home import Home
from pipeline.judged.judge import judge_changed
from pipeline.landing.receive import receive
from pipeline.published.query import open_readonly
from pipeline.simulator import Truth, simulate
from pipeline.simulator.figures import SUBJECTS
from pipeline.storage import read_tables
from pipeline.trace import Question
from pipeline.trace.trace import Tracer
from pipeline.vocabulary import CellState, Transfer
from tests.support.built_warehouse import Query, build, reader

pytestmark = pytest.mark.slow

PERIOD = "2023-09"

#: A real office sends the annex on delegation, and nothing else.
DELEGATED = """\
unit,period_start,period_end,form,row,column,value
kien-giang.kien-hai,2021-10-01,2022-09-30,transfers,line_01,counterpart,H. Gò Quao
kien-giang.kien-hai,2021-10-01,2022-09-30,transfers,line_01,delegated,3
kien-giang.kien-hai,2021-10-01,2022-09-30,transfers,line_01,delegated_money,120
kien-giang.kien-hai,2021-10-01,2022-09-30,transfers,line_02,counterpart,Cục THADS tỉnh Cà Mau
kien-giang.kien-hai,2021-10-01,2022-09-30,transfers,line_02,received_cases,2
kien-giang.kien-hai,2021-10-01,2022-09-30,transfers,line_03,counterpart,Huyện 12
kien-giang.kien-hai,2021-10-01,2022-09-30,transfers,line_03,delegated,1
kien-giang.kien-hai,2021-10-01,2022-09-30,transfers,total,delegated,4
kien-giang.kien-hai,2021-10-01,2022-09-30,transfers,total,received_cases,2
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Truth]:
    out = tmp_path_factory.mktemp("country")
    truth = simulate(out, 1, "2023-06", "2023-06", 11, offices_per_province=3, forms=list(SUBJECTS))
    simulate(out, 1, "2024-08", "2024-08", 11, offices_per_province=3, forms=list(SUBJECTS))
    simulate(out, 1, "2019-06", "2019-06", 11, offices_per_province=3, forms=["01", "02"])
    (out / "inbox" / "kien-hai.csv").write_text(DELEGATED, encoding="utf-8")
    home = Home(out)
    receive(out / "inbox", home)
    read_landed(home)
    judge_changed(home)
    export_declarations(home)
    build(home.root)
    return home.root, truth


@pytest.fixture(scope="module")
def query(built: tuple[Path, Truth]) -> Query:
    return reader(built[0])


@pytest.fixture(scope="module")
def province(built: tuple[Path, Truth]) -> dict[str, dict[str, int]]:
    """The first row of every form, the whole province together, in printed units."""
    return built[1].totals[PERIOD]["kien-giang"]


def test_every_form_feeds_the_table_that_it_names(query: Query) -> None:
    for form in forms().all:
        if form.fact:
            period = {"01-2013": "2019-09", "06-2019": PERIOD, "05-2024": "2024-11"}[form.regime.folder]
            reports = f"select count(distinct report_id) from {form.fact} where period_id = '{period}'"
            assert query(reports) == [(5,)], form.version


def test_forms_of_all_regimes_share_one_table(query: Query) -> None:
    for fact, suffix in (("fct_case_results", ""), ("fct_money_results", "_vnd")):
        assert query(
            f"select period_id, count(pulled_up{suffix}) > 0, count(revoked{suffix}) > 0, count(due{suffix}) "
            f"from {fact} where scope = 'province' group by 1 order by 1"
        ) == [("2019-09", True, False, 30), (PERIOD, False, True, 30), ("2024-11", False, True, 30)]
    assert query("select regime, count(*) from dim_form where fact_table is not null group by 1 order by 1") == [
        ("01/2013/TT-BTP", 2),
        ("05/2024/TT-BTP", 15),
        ("06/2019/TT-BTP", 15),
    ]


def test_province_rows_are_the_true_totals(query: Query, province: dict[str, dict[str, int]]) -> None:
    def row(columns: str, fact: str, where: str = "true") -> tuple:
        (found,) = query(
            f"select {columns} from {fact} where scope = 'province' and period_id = '{PERIOD}' and {where}"
        )
        return found

    def true(form: str, *columns: str) -> tuple:
        return tuple(province[form][column] for column in columns)

    budget = ("due", "eligible", "completed", "not_eligible", "postponed", "suspended", "carried_over")
    assert row(", ".join(f"{name}_cases" for name in budget), "fct_budget_collections") == true("03", *budget)
    asked = ("requested", "granted", "exempted", "lowered", "refused", "undecided")
    assert row(", ".join(f"{name}_cases" for name in asked), "fct_exemptions") == true("06", *asked)
    orders = ("decisions", "carried_out", "with_force", "without_force", "not_carried_out")
    assert row(", ".join(orders), "fct_coercion", "enforcement_measure = 'security'") == true("07", *orders)
    looked = ("occasions", "conclusions", "recommendations", "recommendations_carried_out", "recommendations_open")
    assert row(", ".join(looked), "fct_supervision", "oversight = 'total'") == true("10", *looked)
    claims = ("claims", "claims_settled", "claims_paid", "claims_pending")
    assert row(", ".join(f"{name}_cases" for name in claims), "fct_state_compensation") == true("11", *claims)


def test_officers_make_up_their_agency_and_a_province_names_none(query: Query) -> None:
    assert query(
        """
        select count(*), bool_and(total.due = lines.due and total.completed = lines.completed),
               bool_and(total.due = cases.due and total.eligible_carried_over = cases.eligible_carried_over)
        from fct_officer_results as total
        join (select report_id, sum(due) as due, sum(completed) as completed, count(*) as officers
              from fct_officer_results where basis = 'cases' and officer <> 'total' group by report_id) as lines
            using (report_id)
        join fct_case_results as cases
            on cases.report_id = total.report_id and cases.case_kind = 'total' and cases.initiative = 'total'
        where total.basis = 'cases' and total.officer = 'total' and lines.officers between 3 and 6
        """
    ) == [(8, True, True)]
    assert query("select distinct officer from fct_officer_results where scope = 'province'") == [("total",)]


def test_officers_money_is_in_dong(query: Query, province: dict[str, dict[str, int]]) -> None:
    assert query(
        "select due_vnd, reduced_vnd, due from fct_officer_results "
        f"where scope = 'province' and basis = 'money' and period_id = '{PERIOD}'"
    ) == [(1000 * province["05"]["due"], 1000 * province["05"]["reduced"], None)]


def test_measures_of_a_kind_add_up_to_it(query: Query) -> None:
    assert query(
        """
        select sum(decisions) filter (not is_total) = sum(decisions) filter (is_total), count(*)
        from fct_coercion where scope = 'province' and period_id = '2023-09'
        """
    ) == [(True, 11)]


#: What a row of a fact says of itself; the rest are figures.
SAID = {
    *(
        "unit_key",
        "period_id",
        "scope",
        "origin",
        "vintage",
        "is_simulated",
        "report_id",
        "submission_id",
        "is_queried",
    ),
    *("case_kind", "initiative", "sanction", "staff_group", "letter_kind", "basis", "officer", "is_total", "oversight"),
    *("enforcement_measure", "line", "counterpart_text", "counterpart_key"),
}


def test_every_figure_of_every_fact_leads_to_the_cell_that_the_landed_bytes_prove(built: tuple[Path, Truth]) -> None:
    """Two rows of each fact, column by column."""
    traced = set()
    with open_readonly(built[0] / "warehouse" / "build.duckdb") as connection:
        tracer = Tracer(Home(built[0]), connection)
        facts = [fact for (fact,) in connection.execute("select distinct fact_table from dim_form").fetchall() if fact]
        for fact in facts:
            found = connection.execute(f"select * from {fact} where period_id = ? order by all limit 2", [PERIOD])
            names = [column[0] for column in found.description]
            for line in found.fetchall():
                row = dict(zip(names, line, strict=True))
                keys = {name: str(row[name]) for name in SAID if row.get(name) is not None and name != "is_queried"}
                keys |= {name: value.lower() for name, value in keys.items() if name.startswith("is_")}
                for column in row.keys() - SAID:
                    if row[column] is not None:
                        trace = tracer.trace(Question(fact, column, keys))
                        assert trace.is_proven, (fact, column, keys, trace.worked_out, trace.proof)
                        traced.add((fact, column))
    assert {fact for fact, _ in traced} == set(facts)
    assert len(traced) > 90


# --- delegation by pair of agencies


def test_the_name_of_the_other_agency_is_read_as_a_name_and_is_no_figure(built: tuple[Path, Truth]) -> None:
    home = Home(built[0])
    mine = read_tables(home.cells, "submissions", tables.SUBMISSIONS).filter(file_name="kien-hai.csv")
    cells = read_tables(home.cells, "cells", tables.CELLS, submissions=mine["submission_id"]).filter(
        column_code="counterpart"
    )
    assert cells.select("raw", "value", "state").rows() == [
        (text, None, CellState.TEXT) for text in ("H. Gò Quao", "Cục THADS tỉnh Cà Mau", "Huyện 12")
    ]
    remarks = read_tables(home.cells, "remarks", tables.REMARKS, submissions=mine["submission_id"])
    assert remarks.is_empty()


def test_an_agency_is_found_by_name_or_alias_and_a_stranger_is_told_by_its_name(query: Query) -> None:
    assert query(
        "select sender_key, receiver_key, unknown_text, status from mart_transfer_pair where not is_simulated order by all"
    ) == [
        ("ca-mau", "kien-giang.kien-hai", None, Transfer.ONE_SIDE),
        ("kien-giang.kien-hai", "kien-giang.go-quao", None, Transfer.ONE_SIDE),
        ("kien-giang.kien-hai", None, "Huyện 12", Transfer.UNKNOWN_UNIT),
    ]
    assert query("select sent_vnd from mart_transfer_pair where sent = 3 and not is_simulated") == [(120_000,)]


def test_a_faultless_country_matches_in_every_pair_to_the_dong(
    query: Query, province: dict[str, dict[str, int]]
) -> None:
    assert query(
        "select count(*), list(distinct status), sum(sent), sum(sent_vnd), sum(abs(unmatched)), sum(abs(unmatched_vnd)) "
        f"from mart_transfer_pair where is_simulated and period_id = '{PERIOD}'"
    ) == [(4, [Transfer.MATCHED], province["01"]["delegated"], 1000 * province["02"]["delegated"], 0, 0)]
    assert province["01"]["delegated"] > 0


def test_what_both_sides_name_is_the_floor_of_what_stands_twice_and_the_bound_its_ceiling(query: Query) -> None:
    ((floor, ceiling, newly, at_least),) = query(
        "select counted_twice_at_least, counted_twice_at_most, newly_accepted, newly_accepted_at_least "
        f"from mart_transfer where scope = 'province' and is_simulated and period_id = '{PERIOD}'"
    )
    assert 0 < floor <= ceiling
    assert newly - ceiling == at_least


def test_the_total_of_the_annex_is_the_delegated_of_form_01(query: Query) -> None:
    assert query(
        "select count(*), count(*) filter (total.delegated = cases.delegated) from fct_transfers as total "
        "join fct_case_results as cases using (report_id) where total.is_simulated and line = 'total' "
        f"and case_kind = 'total' and initiative = 'total' and total.period_id = '{PERIOD}'"
    ) == [(5, 5)]
