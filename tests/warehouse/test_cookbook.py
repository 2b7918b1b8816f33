"""Every query of the cookbook runs on a built warehouse and answers what its question promises."""

import re
from datetime import date
from decimal import Decimal
from unittest.mock import ANY

import duckdb
import pytest

from pipeline.home import PROJECT
from tests.support.two_territories import live_home

pytestmark = pytest.mark.slow

PAGE = (PROJECT / "docs" / "cookbook.md").read_text(encoding="utf-8")
RECIPES = {
    int(number): sql for number, sql in re.findall(r"^### (\d+)\. .*?\n(?:.*?\n)*?```sql\n(.*?)```", PAGE, re.M | re.S)
}

#: Columns that an answer promises, and its rows where the figures are known.
COLUMNS = {
    1: ["judgments_received", "due", "newly_accepted", "eligible", "completed", "carried_over"],
    7: ["months", "months_covered", "newly_accepted", "completed", "is_restated"],
    11: [
        *("version", "reason", "signer", "form", "row_code", "column_code"),
        *("old_value", "new_value", "difference"),
    ],
    16: ["period_id", "completed", "is_complete", "missing_units"],
    22: ["measure", "label_vi", "label_en", "definition_vi", "definition_en", "source"],
}
ANSWERS = {
    1: [(9838, 20352, 12576, 14647, 12056, 8122)],
    2: [("2022-12", Decimal("57.79"), Decimal("40.10"), Decimal("17.69"), Decimal("82.31"))],
    3: [(3405.1, 1165.1)],
    4: [("kien-giang", "2022-12", 8296, 8122, -174)],
    5: [(191, 195, 135, "reprimand", 2)],
    6: [("viec.chua_co_dieu_kien.lan_2", Decimal(1281), "1281", "KG-2022-12M")],
    7: [(1, 1, 30, 10, False), (2, 1, 25, 15, False), (5, 3, 35, 60, False), (6, 1, 5, -5, True)],
    8: [("kien-giang.an-bien", "2022-06", -5, Decimal(-5_000_000))],
    10: [("before", 800), ("after", 750)],
    14: [("kien-giang", Decimal("80.00"), 1)],
    15: [("2024-12", 10_000)],
    30: [("kien-giang", form, 2, 16, 0, False, ANY) for form in ("01", "02")],
    31: [("kien-giang.an-bien", "11", ANY), ("kien-giang.an-minh", "11", ANY)],
    32: [("kien-giang.go-quao", "2024-03", "2024-03/kien-giang/kien-giang.go-quao.2024-03.xlsx")],
    33: [("an-giang-2025", 15, "an-giang-2025.khu-vuc-01")],
    35: [
        ("2024-03", "kien-giang.an-bien", "Huyện 12", "unknown_unit", 1, None, Decimal(7)),
        ("2024-03", "kien-giang.an-bien", "kien-giang.an-minh", "differs", 3, 2, Decimal(0)),
    ],
    36: [
        ("an-giang-2025", 1, Decimal("27.99"), -508, 2),
        ("kien-giang", 2, Decimal("22.80"), -304, 1),
        ("an-giang", 3, Decimal("17.09"), -204, 1),
    ],
    18: [
        ("kien-giang", "Kiên Giang", date(2004, 1, 1), date(2025, 7, 1)),
        ("an-giang-2025", "An Giang", date(2025, 7, 1), None),
    ],
}


@pytest.fixture(scope="module")
def warehouse() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(str(live_home() / "published" / "warehouse.duckdb"), read_only=True)


def test_cookbook_has_its_questions_in_order() -> None:
    assert list(RECIPES) == list(range(1, len(RECIPES) + 1))
    assert len(RECIPES) >= 20
    assert PAGE.count("```sql") == len(RECIPES)


@pytest.mark.parametrize("number", sorted(RECIPES))
def test_query_runs_and_answers(number: int, warehouse: duckdb.DuckDBPyConnection) -> None:
    answer = warehouse.execute(RECIPES[number])
    names = [column[0] for column in answer.description]
    rows = answer.fetchall()
    assert names == COLUMNS.get(number, names)
    assert rows == ANSWERS.get(number, rows)
    assert rows, "a query that finds nothing proves nothing"
