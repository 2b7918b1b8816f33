"""The Dagster code location: it loads, its parts are named as the design says, and its daemon works on its own."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import pytest

from expectations.rules import packs
from pipeline.home import PROJECT, Home
from pipeline.judged.checks import check_name
from pipeline.night import set_up_dagster
from pipeline.published.query import NoWarehouse, run_query
from pipeline.simulator.samples import SAMPLES

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

DAGSTER = Path(sys.executable).with_name("dagster")
OUTCOMES = dg.AssetKey(["judged", "outcomes"])
PATIENCE = 300


@pytest.fixture(scope="module")
def defs() -> dg.Definitions:
    from pipeline.definitions import defs

    return defs


def test_the_workspace_validates(tmp_path: Path) -> None:
    environment = {**os.environ, "DAGSTER_HOME": str(tmp_path), "THADS_HOME": str(tmp_path)}
    done = subprocess.run(
        [DAGSTER, "definitions", "validate", "-w", "workspace.yaml"],
        cwd=PROJECT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_stage_is_group_is_asset_prefix(defs: dg.Definitions) -> None:
    graph = defs.resolve_asset_graph()
    for key in graph.materializable_asset_keys:
        group = graph.get(key).group_name
        if group not in {"warehouse", "registry"}:
            assert key.path[0] == group, f"{key.to_user_string()} stands in group {group}"
    stages = {graph.get(key).group_name for key in graph.materializable_asset_keys}
    assert stages >= {"landing", "cells", "judged", "declared", "warehouse", "published", "alerts"}


def test_every_rule_and_every_dbt_test_is_an_asset_check(defs: dg.Definitions) -> None:
    checks = {key.name for key in defs.resolve_asset_graph().asset_check_keys}
    assert {check_name(pack, rule) for pack in packs() for rule in pack.rules} <= checks
    assert {"fct_submission_is_well_formed", "money_reaches_the_facts_unchanged"} <= checks


def test_the_night_is_at_one_and_sensor_and_schedule_run_from_the_start(defs: dg.Definitions) -> None:
    schedule = defs.resolve_schedule_def("nightly_schedule")
    assert (schedule.cron_schedule, schedule.execution_timezone) == ("0 1 * * *", "Asia/Ho_Chi_Minh")
    assert schedule.default_status == dg.DefaultScheduleStatus.RUNNING
    assert defs.resolve_sensor_def("inbox_sensor").default_status == dg.DefaultSensorStatus.RUNNING


def tick(home: Home, cursor: str | None) -> tuple[list[str | None], str | None]:
    """Evaluate the sensor once; return the keys of the runs that it asks for, and where it stands."""
    from pipeline.defs.automation import inbox_sensor
    from pipeline.defs.resources import AnyHome

    context = dg.build_sensor_context(cursor=cursor, resources={"any_home": AnyHome(root=str(home.root))})
    told = inbox_sensor.evaluate_tick(context)
    return [request.run_key for request in told.run_requests or []], told.cursor


def test_a_file_that_is_still_being_copied_waits(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.inbox.mkdir(parents=True)
    (home.inbox / "a.csv").write_text("half")
    asked, cursor = tick(home, None)
    assert asked == []
    (home.inbox / "a.csv").write_text("half and the other half")
    asked, cursor = tick(home, cursor)
    assert asked == [], "it grew"
    asked, cursor = tick(home, cursor)
    assert len(asked) == 1, "it stands still"
    assert tick(home, cursor)[0] == [], "asked for already"


def test_the_same_contents_ask_for_the_same_run(tmp_path: Path) -> None:
    keys = []
    for name in ("one", "two"):
        home = Home(tmp_path / name)
        home.inbox.mkdir(parents=True)
        (home.inbox / "a.csv").write_text("same")
        _, cursor = tick(home, None)
        keys += tick(home, cursor)[0]
    assert len(keys) == 2
    assert keys[0] == keys[1]


@contextmanager
def daemon(home: Home) -> Iterator[None]:
    """Run the daemon with its code server on this machine, and stop all of it by process group."""
    environment = {**os.environ, "DAGSTER_HOME": str(home.dagster), "THADS_HOME": str(home.root)}
    log = (home.root / "daemon.log").open("w")
    process = subprocess.Popen(
        [DAGSTER.with_name("dagster-daemon"), "run", "-w", "workspace.yaml"],
        cwd=PROJECT, env=environment, stdout=log, stderr=log, start_new_session=True,
    )  # fmt: skip
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
        log.close()


def test_the_sensor_loads_a_file_dropped_into_the_inbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = Home(tmp_path)
    for name in ("DAGSTER_HOME", "THADS_HOME"):
        monkeypatch.setenv(name, "")
    set_up_dagster(home)
    home.inbox.mkdir(parents=True)
    figures = (SAMPLES / "published" / "published_figures.csv").read_text(encoding="utf-8")
    with daemon(home):
        (home.inbox / "figures.csv").write_text(figures, encoding="utf-8")
        wait_for_warehouse(home)
    assert run_query(home, "select count(*) as cases from fct_submission")["cases"][0] == 20
    with dg.DagsterInstance.from_config(str(home.dagster)) as instance:
        (run,) = instance.get_run_records(dg.RunsFilter(tags={"dagster/sensor_name": "inbox_sensor"}))
        assert run.dagster_run.tags["dagster/run_key"], "keyed by content"
        assert colour(instance, "published__balance_carried_over") is False, "Kiên Giang 2022 is off by 174"
        assert colour(instance, "published__balance_accepted_total") is True
        assert colour(instance, "every_return_left_outcomes") is True


def wait_for_warehouse(home: Home) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        try:
            run_query(home, "select 1")
        except NoWarehouse:
            time.sleep(1)
        else:
            time.sleep(5)  # the letters, and the end of the run
            return
    pytest.fail("the sensor loaded nothing:\n" + (home.root / "daemon.log").read_text()[-3000:])


def colour(instance: dg.DagsterInstance, check: str) -> bool | None:
    key = dg.AssetCheckKey(OUTCOMES, check)
    record = instance.event_log_storage.get_latest_asset_check_execution_by_key([key])[key]
    return record.event.dagster_event.asset_check_evaluation_data.passed
