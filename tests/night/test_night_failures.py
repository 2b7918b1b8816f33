"""When a night fails: what stands, what is said, and that the next one goes on."""

import json
from pathlib import Path
from types import SimpleNamespace

import dagster as dg
import polars as pl
import pytest

from pipeline import night
from pipeline.home import Home
from pipeline.incidents.ledger import Act, record_events
from pipeline.published.query import run_query
from pipeline.published.releases import live_release
from pipeline.storage import broken_files
from pipeline.vocabulary import AlertEvent
from tests.support.nights import copy_of, load, try_to_load


@pytest.mark.slow
def test_a_build_whose_tests_fail_leaves_yesterdays_warehouse_and_says_so(
    samples_night: tuple[Home, dict], tmp_path: Path
) -> None:
    home = copy_of(samples_night[0], tmp_path / "home")
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    before = live_release(home)
    assert before is not None
    incident = run_query(home, "select * from fct_alert order by alert_id limit 1").to_dicts()
    record_events(home, incident, Act(AlertEvent.ACKNOWLEDGED, "on call"))
    (ledger,) = (home.alerts / "events").glob("*.parquet")
    whole = pl.read_parquet(ledger)
    whole.with_columns(event=pl.lit("vanished")).write_parquet(ledger)

    done = try_to_load(inbox, home)
    assert done.returncode == 1
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["ok"] is False
    assert "step warehouse failed" in told["error"]
    assert "Yesterday's warehouse stays." in told["error"]
    assert "fct_alert_event_is_well_formed" in told["error"], "the test that failed is named"
    assert Path(told["error"].split("The log is ")[1]).exists()
    assert live_release(home) == before
    assert run_query(home, "select 1 from fct_alert").height

    whole.write_parquet(ledger)
    assert load(inbox, home)["release"] == before.number + 1
    acknowledged = run_query(home, "select 1 from fct_alert_event where event = 'acknowledged'")
    assert acknowledged.height == 1


def failed(home: Home, *, where: str) -> str:
    """Run a night of empty stages of which one fails, and return what is said of it."""

    def stage(prefix: str, name: str, after: list[list[str]]) -> dg.AssetsDefinition:
        @dg.asset(key=[prefix, name], deps=after)
        def made() -> None:
            if name == where:
                raise OSError("no space left on device")

        return made

    stages = [
        stage("published", "warehouse", []),
        stage("marked", "workbooks", [["published", "warehouse"]]),
        stage("alerts", "letters", [["marked", "workbooks"]]),
    ]
    return night._failure_report(dg.materialize(stages, raise_on_error=False), home, Path("night.log"))


def test_a_failure_before_publishing_leaves_yesterdays_warehouse(tmp_path: Path) -> None:
    told = failed(Home(tmp_path), where="warehouse")
    assert told.startswith("step published__warehouse failed: OSError: no space left on device")
    assert told.endswith("Yesterday's warehouse stays. The log is night.log")


def test_a_failure_after_publishing_names_what_is_not_done(tmp_path: Path) -> None:
    told = failed(Home(tmp_path), where="workbooks")
    assert "Tonight's warehouse is published; not done: marked__workbooks, alerts__letters. Load again." in told
    assert "Yesterday" not in told


def test_broken_files_of_ours_are_named(tmp_path: Path) -> None:
    pl.DataFrame({"a": [1]}).write_parquet(tmp_path / "whole.parquet")
    cut_off, empty, other = (tmp_path / f"{name}.parquet" for name in ("cut-off", "empty", "other"))
    cut_off.write_bytes((tmp_path / "whole.parquet").read_bytes()[:-9])
    empty.touch()
    other.write_text("unit_key,period_id\n")
    assert broken_files(tmp_path) == [cut_off, empty, other]
    told = failed(Home(tmp_path), where="warehouse")
    assert all(str(path) in told for path in (cut_off, empty, other))


@pytest.mark.parametrize("free", [0, 10**9])
def test_a_run_that_breaks_off_says_why_and_whether_the_disk_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int
) -> None:
    def breaks_off(*_: object) -> None:
        raise OSError(28, "No space left on device") if free == 0 else ValueError()

    monkeypatch.setattr(night, "set_up_dagster", breaks_off)
    monkeypatch.setattr(night.shutil, "disk_usage", lambda _: SimpleNamespace(free=free))
    with pytest.raises(night.NightFailed) as failure:
        night.run_night(Home(tmp_path), tmp_path)
    told = str(failure.value)
    assert told.startswith("the run broke off: ")
    assert ("No space is left on the disk of" in told) == (free == 0)
    assert "There is no warehouse yet." in told
