"""What readers of the published warehouse are promised."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from pipeline.bulletin.changes import changes_since
from pipeline.home import Home
from pipeline.lock import HomeIsBusy, one_writer
from pipeline.published import find_release, publish, rollback
from pipeline.published.query import NoWarehouse, run_query
from pipeline.published.record import storage_version
from pipeline.published.releases import MOST_RELEASES, live_release, releases
from pipeline.warehouse.build import (
    STORAGE_VERSION,
    IncompleteBuild,
    NotPublishable,
    build_environment,
    create_build_file,
    dbt_arguments,
    frozen_plan,
    inputs_fingerprint,
    prepare_build,
    publish_build,
    record_build,
)
from tests.support.releases import build_night, fingerprint, plan_night, publish_night, read_night
from tests.support.warehouse_inputs import Inputs

READER = """
import json, sys
import duckdb
failures, mixed, seen = [], 0, set()
for _ in range(200):
    try:
        with duckdb.connect(sys.argv[1], read_only=True) as connection:
            left, right = connection.execute("select (select max(night) from a), (select min(night) from b)").fetchone()
        mixed += left != right
        seen.add(left)
    except Exception as error:
        failures.append(str(error))
print(json.dumps({"failures": failures, "mixed": mixed, "nights": len(seen)}))
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def test_the_built_file_becomes_the_live_one(home: Home) -> None:
    publish_night(home, 1)
    publish_night(home, 2)
    assert read_night(home) == 2
    assert [release.number for release in releases(home)] == [1, 2]


def test_the_same_inputs_are_not_a_new_release(home: Home) -> None:
    publish_night(home, 1)
    publish_night(home, 1)
    assert [release.number for release in releases(home)] == [1]


def test_inputs_that_come_back_after_others_were_live_are_a_third_release(home: Home) -> None:
    for night in (1, 2, 1):
        publish_night(home, night)
    first, second, third = releases(home)
    assert [release.number for release in (first, second, third)] == [1, 2, 3]
    assert (third.fingerprint, first.fingerprint) == (fingerprint(1)[:16], fingerprint(1)[:16])
    assert read_night(home) == 1
    assert live_release(home) == third, "the last one that was published, not the older one of the same inputs"
    assert rollback(home) == second, "the one that was live before, and not the first"
    assert read_night(home) == 2


def test_of_two_releases_of_the_same_bytes_the_later_one_is_live(home: Home) -> None:
    publish_night(home, 1)
    shutil.copyfile(releases(home)[0].path, build_night(home, 2))
    publish(home, home.warehouse / "build.duckdb", fingerprint(2))
    first, second = releases(home)
    assert first.is_at(home.live), "the bytes alone do not tell"
    assert live_release(home) == second
    assert find_release(home, fingerprint(1)) is None


def test_inputs_of_a_release_that_is_no_longer_live_must_be_built_and_tested_again(home: Home) -> None:
    publish_night(home, 1)
    publish_night(home, 2)
    assert find_release(home, fingerprint(1)) is None
    assert find_release(home, fingerprint(2)) == releases(home)[1]
    plan_night(home, 1)
    with pytest.raises(NotPublishable, match="did not end green and whole"):
        publish_build(home)
    (home.warehouse / "build.duckdb").unlink()
    with pytest.raises(NotPublishable, match="did not end green and whole"):
        publish_build(home)
    assert read_night(home) == 2


def test_the_last_seven_stay(home: Home) -> None:
    for night in range(1, 11):
        publish_night(home, night)
    assert [release.number for release in releases(home)] == list(range(4, 4 + MOST_RELEASES))


def test_release_json_describes_the_live_one(home: Home) -> None:
    publish_night(home, 1)
    publish_night(home, 2)
    told = json.loads((home.published / "release.json").read_text())
    assert told["number"] == 2
    assert told["tables"] == {"a": 1000, "b": 1000}


def test_a_load_killed_before_the_swap_is_finished_by_the_next(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    publish_night(home, 1)
    monkeypatch.setattr("pipeline.published.releases._make_live", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        publish_night(home, 2)
    monkeypatch.undo()
    assert read_night(home) == 1, "yesterday's stays"
    waiting = find_release(home, fingerprint(2))
    assert waiting is not None, "nothing is built again"
    publish(home, home.warehouse / "build.duckdb", fingerprint(2))
    assert read_night(home) == 2
    assert [release.number for release in releases(home)] == [1, 2]


def test_rollback_brings_the_release_before_back_and_keeps_it(home: Home) -> None:
    publish_night(home, 1)
    publish_night(home, 2)
    assert rollback(home).number == 1
    assert read_night(home) == 1
    publish_night(home, 2)
    assert read_night(home) == 1, "the withdrawn one comes back only when something changed"
    publish_night(home, 3)
    assert read_night(home) == 3


def test_rollback_passes_over_what_was_withdrawn(home: Home) -> None:
    for night in (1, 2, 3):
        publish_night(home, night)
    rollback(home)
    publish_night(home, 4)
    assert rollback(home).number == 2


def test_rollback_without_a_release_before_says_so(home: Home) -> None:
    publish_night(home, 1)
    with pytest.raises(LookupError, match="no release before"):
        rollback(home)


@pytest.mark.timeout(120)
def test_readers_in_another_process_never_wait_and_see_no_mixture(home: Home) -> None:
    publish_night(home, 1)
    reader = subprocess.Popen([sys.executable, "-c", READER, str(home.live)], stdout=subprocess.PIPE, text=True)
    night = 1
    while reader.poll() is None:
        night += 1
        publish_night(home, night)
    read = json.loads(reader.communicate()[0])
    assert read["failures"] == []
    assert read["mixed"] == 0
    assert read["nights"] > 1, "they read while it was swapped"


def test_an_open_reader_keeps_the_night_that_it_opened(home: Home) -> None:
    publish_night(home, 1)
    with duckdb.connect(str(home.live), read_only=True) as reader:
        publish_night(home, 2)
        assert reader.execute("select max(night) from a").fetchone() == (1,)


def test_without_a_warehouse_the_error_names_the_way_out(home: Home) -> None:
    with pytest.raises(NoWarehouse, match="thads load INBOX"):
        run_query(home, "select 1")


@pytest.mark.parametrize(
    "sql",
    [
        "delete from a",
        "copy a to 'a.csv'",
        "select * from read_csv('/etc/passwd')",
        "attach 'other.duckdb'",
        "install httpfs",
        "load httpfs",
        "set enable_external_access = true",
        "select 1; select 2",
    ],
)
def test_a_query_reads_the_warehouse_and_nothing_else(home: Home, sql: str) -> None:
    publish_night(home, 1)
    with pytest.raises(duckdb.Error):
        run_query(home, sql)


def test_a_query_does_not_see_the_variables_of_the_program(home: Home) -> None:
    publish_night(home, 1)
    with pytest.raises(duckdb.Error):
        run_query(home, "select * from statements")


def test_dbt_builds_and_tests_in_one_call_and_leaves_unit_tests_to_us() -> None:
    night = dbt_arguments()
    assert night.count("build") == 1
    assert "unit_test" in night
    assert "unit_test" not in dbt_arguments(unit_tests=True)
    assert "--exclude-resource-types" not in dbt_arguments("parse")


def test_dbt_writes_below_the_home_and_calls_nobody(home: Home) -> None:
    environment = build_environment(home)
    below = ("THADS_BUILD", "THADS_STAGING", "DBT_TARGET_PATH", "DBT_LOG_PATH")
    assert all(Path(environment[name]).is_relative_to(home.warehouse) for name in below)
    assert environment["DBT_SEND_ANONYMOUS_USAGE_STATS"] == "false"
    assert environment["DO_NOT_TRACK"] == "1"


def test_the_fingerprint_follows_contents_and_not_times(home: Home) -> None:
    prepare_build(home)
    empty = inputs_fingerprint(home)
    inputs = Inputs()
    go_quao = inputs.submission("kien-giang.go-quao", "2023-09")
    inputs.write(home.root)
    one = inputs_fingerprint(home)
    file = home.cells / "000001" / "cells.parquet"
    os.utime(file, (0, 0))
    assert inputs_fingerprint(home) == one
    inputs.cells(go_quao, "01", "total.total", due=1)
    inputs.write(home.root)
    filled = inputs_fingerprint(home)
    file.rename(file.with_name("other.parquet"))
    assert len({empty, one, filled, inputs_fingerprint(home)}) == 4


def test_a_build_starts_clean_and_finds_every_source(home: Home) -> None:
    build_night(home, 1)
    prepare_build(home)
    with duckdb.connect(str(home.warehouse / "build.duckdb"), read_only=True) as begun:
        assert begun.execute("select count(*) from duckdb_tables()").fetchone() == (0,)
    assert list(home.receipts.glob("*.parquet"))


@pytest.mark.parametrize("launch", ["a chosen model", "published alone after a build that broke off"])
def test_the_ui_publishes_no_build_that_did_not_end_green_and_whole(home: Home, launch: str) -> None:
    """Two launches in the Dagster UI used to publish an empty warehouse."""
    from pipeline.definitions import defs

    publish_night(home, 1)
    build = plan_night(home, 2)
    before = build.read_bytes()
    chosen = ["fct_submission"] if launch == "a chosen model" else ["published", "warehouse"]
    config = {"ops": {"warehouse": {"config": {"full": True}}}} if launch == "a chosen model" else {}
    told = defs.resolve_implicit_global_asset_job_def().execute_in_process(
        asset_selection=[dg.AssetKey(chosen)],
        instance=dg.DagsterInstance.ephemeral(),
        raise_on_error=False,
        run_config=config | {"resources": {"home": {"config": {"root": str(home.root)}}}},
    )
    assert not told.success
    (failure,) = [event for event in told.all_events if event.is_step_failure]
    sentence = str(failure.step_failure_data.user_failure_data.description)
    assert "job nightly" in sentence
    assert "launch the" in sentence.lower()
    assert read_night(home) == 1
    assert build.read_bytes() == before, "nothing was touched"


def test_a_build_is_published_only_as_it_was_when_it_ended_green(home: Home) -> None:
    build = plan_night(home, 2)
    with pytest.raises(NotPublishable, match="did not end green and whole"):
        publish_build(home)
    (home.warehouse / "marks.parquet").write_bytes(b"marks")
    dbt = home.warehouse / "dbt"
    dbt.mkdir()
    nodes = {
        f"model.thads.{name}": {
            "alias": name, "resource_type": "model", "database": "build", "config": {"materialized": "table"}
        }
        for name in ("a", "b")
    }  # fmt: skip
    (dbt / "manifest.json").write_text(json.dumps({"nodes": nodes}))

    def ended(*results: tuple[str, str]) -> None:
        rows = [{"unique_id": name, "status": status} for name, status in results]
        (dbt / "run_results.json").write_text(json.dumps({"results": rows}))

    ended(("model.thads.a", "success"), ("model.thads.b", "success"), ("test.thads.sums", "fail"))
    with pytest.raises(IncompleteBuild, match=r"test\.thads\.sums"):
        record_build(home, frozen_plan(home), "run")
    ended(("model.thads.a", "success"), ("model.thads.b", "success"), ("test.thads.sums", "pass"))
    record = record_build(home, frozen_plan(home), "run")
    assert (record.models, record.tests, record.run_id) == (2, 1, "run")
    with duckdb.connect(str(build)) as hand:
        hand.execute("drop table b")
    with pytest.raises(NotPublishable):
        publish_build(home)
    with pytest.raises(IncompleteBuild, match="b"):
        record_build(home, frozen_plan(home), "run")
    build_night(home, 2)
    record_build(home, frozen_plan(home), "run")
    assert publish_build(home).number == 1
    assert read_night(home) == 2
    assert publish_build(home).number == 1, "launched once more, it is what stands"


def test_a_release_is_begun_in_the_oldest_storage_and_one_of_another_is_carried_over(home: Home) -> None:
    publish_night(home, 1)  # as before there was a choice: DuckDB's own newest
    (old,) = releases(home)
    assert old.record is not None
    assert not old.record.storage.startswith(STORAGE_VERSION)
    for live in (None, old):
        build = home.root / f"begun-{live is None}.duckdb"
        create_build_file(build, live)
        with duckdb.connect(str(build)) as connection:
            connection.execute("create table c as select 1 as i")
            assert storage_version(connection).startswith(STORAGE_VERSION)
            tables = {name for (name,) in connection.execute("select table_name from duckdb_tables()").fetchall()}
        assert tables == ({"c"} if live is None else {"a", "b", "c"})


def test_one_load_at_a_time_and_the_other_learns_who_holds_it(home: Home) -> None:
    said: list[str] = []
    with one_writer(home):
        waiting = one_writer(home, patience=0.1, say=said.append)
        with pytest.raises(HomeIsBusy, match=f"process {os.getpid()}, since"):
            waiting.__enter__()
    assert said
    assert "waiting" in said[0]
    with one_writer(home, patience=0):
        pass


def test_a_release_of_an_older_version_is_no_reason_to_have_no_bulletin(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its tables may lack columns that the pages compare: then it is as if there were none before."""
    publish_night(home, 1)
    publish_night(home, 2)

    def lacks_a_column(*_: object) -> None:
        with duckdb.connect() as connection:
            connection.execute("select alert.pack from (select 1 as alert_id) as alert")

    monkeypatch.setattr("pipeline.bulletin.changes.run_queries", lacks_a_column)
    assert changes_since(home, releases(home)[1]) is None
    releases(home)[0].path.unlink()
    assert changes_since(home, releases(home)[0]) is None
