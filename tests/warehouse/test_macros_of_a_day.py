"""Tables of a day, on a handful of rows: what a correction changes on the very day it comes, and what a split shares out.

``test_time`` and ``test_territory`` ask the same of a warehouse that dbt built.
"""

from datetime import date, datetime
from decimal import Decimal

import duckdb
import pytest

from tests.support.built_models import draw, ledgers_sql, model_sql, territory_sql

FIRST, CORRECTED = datetime(2024, 1, 5), datetime(2024, 1, 10, 23, 59, 59)
TIMES = {"received_at": "timestamp", "superseded_at": "timestamp", "occurred_at": "timestamp"}


@pytest.fixture
def known() -> duckdb.DuckDBPyConnection:
    """A report and its correction, with all that hangs on versions: the first night begins its day, the second ends it."""
    connection = duckdb.connect()
    came = [{"submission_id": "v1", "received_at": FIRST}, {"submission_id": "v2", "received_at": CORRECTED}]
    draw(connection, "fct_submission", came, **TIMES)
    forms = [
        {"form": form} | row | ({"superseded_at": CORRECTED, "superseded_by": "v2"} if row is came[0] else {})
        for form in ("01", None)
        for row in came
    ]
    draw(connection, "fct_form_version", forms, **TIMES)
    for table in ("fct_printed_ratio", "fct_published_figure"):
        form = "01" if table == "fct_printed_ratio" else None
        figures = [{"submission_id": row["submission_id"], "form": form} for row in came]
        draw(
            connection,
            table,
            [figures[0] | {"is_current": False}, figures[1] | {"is_current": True}],
            is_current="boolean",
        )
    for table in ("fct_outcome", "fct_finding", "fct_form_received"):
        draw(connection, table, [{"submission_id": row["submission_id"]} for row in came])
    draw(connection, "mart_revision", came[1:], **TIMES)
    story = [
        {"event": "opened", "occurred_at": FIRST, "state_after": "open", "standing_after": "opened"},
        {
            "event": "assigned",
            "occurred_at": datetime(2024, 1, 7, 12),
            "state_after": "open",
            "standing_after": "assigned",
        },
        {"event": "resolved", "occurred_at": CORRECTED, "state_after": "resolved", "standing_after": "resolved"},
    ]
    events = [{"alert_id": "a", "sequence": number} | event for number, event in enumerate(story, start=1)]
    draw(connection, "fct_alert_event", events, sequence="integer", **TIMES)
    alert = {
        "alert_id": "a", "state": "resolved", "standing": "resolved", "assigned_to": "Lê An", "resolved_by": "v2",
        "resolved_version": "2", "resolved_at": CORRECTED,
    }  # fmt: skip
    draw(connection, "fct_alert", [alert], resolved_at="timestamp")
    for table, sql in ledgers_sql().items():
        connection.execute(f"create macro {table}_as_known_on(day) as table {sql}")
    return connection


def on(connection: duckdb.DuckDBPyConnection, columns: str, table: str, day: date) -> list[tuple]:
    return connection.execute(f"select {columns} from {table}_as_known_on(date '{day}') order by all").fetchall()


EVE, FIRST_DAY, DAY_BEFORE, DAY, DAY_AFTER = (date(2024, 1, day) for day in (4, 5, 9, 10, 11))


@pytest.mark.parametrize("table", ["fct_printed_ratio", "fct_published_figure"])
def test_a_figure_is_the_corrected_one_on_the_very_day_of_the_correction_and_not_the_day_before(known, table) -> None:
    told = {
        day: on(known, "submission_id, is_current", table, day) for day in (EVE, FIRST_DAY, DAY_BEFORE, DAY, DAY_AFTER)
    }
    corrected = [("v1", False), ("v2", True)]
    assert told == {
        EVE: [],
        FIRST_DAY: [("v1", True)],
        DAY_BEFORE: [("v1", True)],
        DAY: corrected,
        DAY_AFTER: corrected,
    }


@pytest.mark.parametrize("table", ["fct_submission", "fct_outcome", "fct_finding", "fct_form_received"])
def test_whatever_a_version_brought_is_known_from_the_day_on_which_it_came(known, table) -> None:
    told = {day: on(known, "submission_id", table, day) for day in (EVE, FIRST_DAY, DAY_BEFORE, DAY)}
    assert told == {EVE: [], FIRST_DAY: [("v1",)], DAY_BEFORE: [("v1",)], DAY: [("v1",), ("v2",)]}


def test_a_version_is_superseded_from_the_day_on_which_the_next_one_came(known) -> None:
    columns = "submission_id, superseded_at, superseded_by"
    told = {
        day: known.execute(
            f"select {columns} from fct_form_version_as_known_on(date '{day}') where form = '01' order by all"
        ).fetchall()
        for day in (EVE, DAY_BEFORE, DAY)
    }
    assert told == {
        EVE: [],
        DAY_BEFORE: [("v1", None, None)],
        DAY: [("v1", CORRECTED, "v2"), ("v2", None, None)],
    }


def test_a_correction_is_told_of_from_its_day_on(known) -> None:
    assert [on(known, "submission_id", "mart_revision", day) for day in (DAY_BEFORE, DAY)] == [[], [("v2",)]]


def test_an_incident_is_open_until_the_day_before_its_proof_and_resolved_on_that_day(known) -> None:
    columns = "state, standing, assigned_to, resolved_by, resolved_version, resolved_at"
    open_since = ("open", "opened", None, None, None, None)
    told = {
        day: on(known, columns, "fct_alert", day)
        for day in (EVE, FIRST_DAY, date(2024, 1, 6), date(2024, 1, 7), DAY_BEFORE, DAY)
    }
    assert told == {
        EVE: [],
        FIRST_DAY: [open_since],
        date(2024, 1, 6): [open_since],
        date(2024, 1, 7): [("open", "assigned", "Lê An", None, None, None)],
        DAY_BEFORE: [("open", "assigned", "Lê An", None, None, None)],
        DAY: [("resolved", "resolved", "Lê An", "v2", "2", CORRECTED)],
    }
    assert [len(on(known, "event", "fct_alert_event", day)) for day in (EVE, FIRST_DAY, DAY_BEFORE, DAY)] == [
        0,
        1,
        2,
        3,
    ]


def test_every_ledger_of_a_day_is_asked_here(known) -> None:
    assert ledgers_sql().keys() == {
        *("fct_submission", "fct_form_version", "fct_form_received", "fct_outcome", "fct_finding", "fct_printed_ratio"),
        *("fct_published_figure", "fct_alert_event", "fct_alert", "mart_revision"),
    }


def test_a_later_version_that_came_earlier_replaces_the_older_ones_from_the_day_on_which_it_came() -> None:
    """Versions of three loads; the files of the second and the third bear older times than those before them."""
    connection = duckdb.connect()
    place = dict.fromkeys(("unit_key", "period_id", "scope", "origin", "vintage", "report_id"), "x")
    days = {"v1": 12, "v2": 15, "v3": 10, "v4": 9, "v5": 8, "v6": 10}
    rows = [
        place
        | {"submission_id": name, "version": int(name[1]), "received_at": datetime(2024, 1, day), "verdict": "accepted"}
        for name, day in days.items()
    ]
    rows[3]["verdict"] = "returned"
    rows[4]["is_out_of_order"] = True
    types = {"version": "integer", "is_simulated": "boolean", "is_out_of_order": "boolean"} | TIMES
    draw(connection, "int_submission", rows, **types)
    draw(connection, "stg_cells", [{"submission_id": name, "form": "01"} for name in days])
    draw(connection, "int_failure", [], submission_id="varchar", form="varchar", on_fail="varchar")
    found = connection.execute(
        f"select submission_id, day(superseded_at), superseded_by from ({model_sql('int_form_version')}) order by 1"
    ).fetchall()
    assert found == [("v1", 10, "v2"), ("v2", 10, "v3"), ("v3", 10, "v6"), ("v6", None, None)]


WHOLE = "whole-2025"


@pytest.fixture(scope="module")
def shared() -> duckdb.DuckDBPyConnection:
    """A province that three became, of which one had been two until 2015 and one bore another name: thirds and halves."""
    connection = duckdb.connect()
    units = {
        "a": (2015, 2025),
        "b": (2004, 2025),
        "c": (2015, 2025),
        "a1": (2004, 2015),
        "a2": (2004, 2015),
        "c0": (2004, 2015),
        WHOLE: (2025, None),
    }
    draw(
        connection,
        "dim_unit",
        [
            {
                "unit_key": key, "name": key.upper(), "level": "province", "valid_from": date(since, 7, 1),
                "valid_to": date(until, 7, 1) if until else None,
            }
            for key, (since, until) in units.items()
        ],
        province_key="varchar", valid_from="date", valid_to="date",
    )  # fmt: skip
    successions = [("a1", "a"), ("a2", "a"), ("c0", "c"), ("a", WHOLE), ("b", WHOLE), ("c", WHOLE)]
    draw(
        connection,
        "bridge_unit_succession",
        [dict(zip(("predecessor_key", "successor_key"), pair, strict=True)) for pair in successions],
    )
    third, half = Decimal("0.333333333"), Decimal("0.5")
    keys = [(WHOLE, "a", third), (WHOLE, "b", third), (WHOLE, "c", 1 - 2 * third), ("a", "a1", half), ("a", "a2", half)]
    draw(
        connection,
        "stg_split_keys",
        [dict(zip(("unit_key", "territory_key", "share"), key, strict=True)) for key in keys],
        share="decimal(10, 9)",
    )
    connection.execute(f"create table bridge_territory as {model_sql('bridge_territory')}")
    draw(connection, "dim_period", [{"period_id": "2026-09", "period_end": date(2026, 6, 30)}], period_end="date")
    record = ("unit_key", "scope", "period_id", "origin", "vintage")
    draw(connection, "mart_reporting_record", [], **dict.fromkeys(record, "varchar"), is_simulated="boolean")
    report = {
        "unit_key": WHOLE, "period_id": "2026-09", "scope": "province", "origin": "submitted", "vintage": "reported",
        "is_simulated": False, "report_id": "r", "submission_id": "s", "is_queried": False,
    }  # fmt: skip
    draw(
        connection,
        "fct",
        [report | {"case_kind": f"{n:03}", "completed": n, "completed_vnd": Decimal(n * 10**12 + n)} for n in range(101)],
        completed="integer", completed_vnd="decimal(24, 0)", is_simulated="boolean", is_queried="boolean",
    )  # fmt: skip
    sql = territory_sql("fct", {"completed": "INTEGER", "completed_vnd": "DECIMAL(24,0)"})
    connection.execute(f"create macro fct_on_territory(day) as table {sql}")
    return connection


@pytest.mark.parametrize(
    ("whole", "thirds"),
    [(1, [0, 1, 0]), (2, [1, 0, 1]), (5, [2, 1, 2]), (9, [3, 3, 3]), (10, [3, 4, 3]), (100, [33, 34, 33])],
)
def test_a_figure_that_does_not_divide_evenly_is_shared_out_to_the_last_case(
    shared, whole: int, thirds: list[int]
) -> None:
    parts = shared.execute(
        "select unit_key, completed, is_estimated from fct_on_territory(date '2024-12-31') where case_kind = ? order by 1",
        [f"{whole:03}"],
    ).fetchall()
    assert parts == [(unit, part, True) for unit, part in zip("abc", thirds, strict=True)]


@pytest.mark.parametrize(("day", "parts"), [("2025-07-01", 1), ("2025-06-30", 3), ("2015-07-01", 3), ("2015-06-30", 4)])
def test_the_parts_of_every_figure_sum_to_the_whole_to_the_dong_on_every_territory(
    shared, day: str, parts: int
) -> None:
    sums = shared.execute(
        "select case_kind, count(distinct unit_key), sum(completed), sum(completed_vnd), min(completed) >= 0, bool_and(is_estimated) "
        f"from fct_on_territory(date '{day}') group by all order by 1"
    ).fetchall()
    assert sums == [(f"{n:03}", parts, n, n * 10**12 + n, True, parts > 1) for n in range(101)]


def test_shares_lie_end_to_end_from_nothing_to_the_whole_also_where_a_part_is_divided_again(shared) -> None:
    shares = shared.execute(
        "select territory_key, share_from, share_to from bridge_territory "
        f"where unit_key = '{WHOLE}' and valid_from < date '2015-06-30' order by share_from, share_to"
    ).fetchall()
    assert [unit for unit, _, _ in shares] == ["a1", "a2", "b", "c0"]
    edges = [edge for _, *edge in shares]
    assert [edges[0][0], edges[-1][1]] == [0, 1]
    assert [end for _, end in edges[:-1]] == [start for start, _ in edges[1:]]
