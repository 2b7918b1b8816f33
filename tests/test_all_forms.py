"""Every form of every regime reaches its fact table, on one real ``dbt build`` of simulated months."""

from pathlib import Path

import pytest

from pipeline.cells.read import read_landed
from pipeline.declared import export_declarations
from pipeline.forms import forms
from pipeline.home import Home
from pipeline.judged.judge import judge_changed
from pipeline.landing.receive import receive
from pipeline.published.query import open_readonly
from pipeline.simulator import Truth, simulate
from pipeline.simulator.figures import SUBJECTS
from pipeline.trace import Question
from pipeline.trace.trace import Tracer
from tests.test_warehouse import Query, build, reader

pytestmark = pytest.mark.slow

PERIOD = "2023-09"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Truth]:
    out = tmp_path_factory.mktemp("country")
    truth = simulate(out, 1, "2023-06", "2023-06", 11, offices_per_province=3, forms=list(SUBJECTS))
    simulate(out, 1, "2024-08", "2024-08", 11, offices_per_province=3, forms=list(SUBJECTS))
    simulate(out, 1, "2019-06", "2019-06", 11, offices_per_province=3, forms=["01", "02"])
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
        ("05/2024/TT-BTP", 14),
        ("06/2019/TT-BTP", 14),
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
    "enforcement_measure",
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
