"""Nights that the daemon starts: by schedule, sensor and UI. All of it in one session of ``thads dev``."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from pipeline.home import PROJECT, Home
from tests.support.engineers import CONTACTS
from tests.support.mail_room import MailRoom, free_port, text_of
from tests.support.releases import plan_night, publish_night, read_night

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

PATIENCE_SECONDS = 400
LAUNCH = """
mutation launch($parameters: ExecutionParams!) {
  launchRun(executionParams: $parameters) {
    __typename
    ... on LaunchRunSuccess { run { runId } }
    ... on PythonError { message }
    ... on RunConfigValidationInvalid { errors { message } }
  }
}
"""
RUNS = "{ runsOrError { ... on Runs { results { runId status tags { key value } } } } }"


@dataclass
class Session:
    """A ``thads dev`` that runs, its home and the mail server of its contacts."""

    process: subprocess.Popen[bytes]
    home: Home
    room: MailRoom
    port: int

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        body = json.dumps({"query": query, "variables": variables}).encode()
        headers = {"Content-Type": "application/json", "Origin": f"http://127.0.0.1:{self.port}"}
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/graphql", data=body, headers=headers)
        with urllib.request.urlopen(request) as response:
            answer = json.loads(response.read())
        assert "errors" not in answer, answer
        return answer["data"]

    def launch(self, config: dict[str, Any], *assets: list[str]) -> str:
        selector = {"repositoryLocationName": "thads", "repositoryName": "__repository__", "jobName": "nightly"}
        chosen = {"assetSelection": [{"path": path} for path in assets]} if assets else {}
        parameters = {"selector": selector | chosen, "runConfigData": config, "mode": "default"}
        told = self.ask(LAUNCH, parameters=parameters)["launchRun"]
        assert told["__typename"] == "LaunchRunSuccess", told
        return told["run"]["runId"]

    def run_with(self, tag: str) -> str | None:
        """Return the first run that something started which marks its runs with this tag."""
        runs = self.ask(RUNS)["runsOrError"]["results"]
        return next((run["runId"] for run in runs if tag in {one["key"] for one in run["tags"]}), None)

    def run_under_way(self) -> str | None:
        """Return a run that has begun and not ended."""
        runs = self.ask(RUNS)["runsOrError"]["results"]
        return next((run["runId"] for run in runs if run["status"] == "STARTED"), None)

    def log(self) -> str:
        return self.home.night_log.read_text(encoding="utf-8")

    def letter_of(self, run: str) -> str | None:
        return next((text_of(letter) for letter in self.room.to("oncall@example.vn") if run in text_of(letter)), None)


def wait_for(what: str, look: Callable[[], Any]) -> Any:
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        try:
            if seen := look():
                return seen
        except (urllib.error.URLError, ConnectionError):
            pass
        time.sleep(1)
    return pytest.fail(f"{what}: not within {PATIENCE_SECONDS} s")


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    home, port = Home(tmp_path_factory.mktemp("dev") / "home"), free_port()
    home.root.mkdir()
    publish_night(home, 1)
    plan_night(home, 2)  # a build that broke off: there is a file, and no word that it is whole
    home.cells.touch()  # a file where a folder belongs: every night fails at its second step
    home.inbox.mkdir()
    environment = {
        "THADS_NIGHTLY_CRON": "* * * * *",
        "THADS_FILES_URL": f"http://127.0.0.1:{free_port()}",
        "DAGSTER_HOME": "",
        "THADS_HOME": "",
    }
    with MailRoom() as room, (home.root / "dev.log").open("wb") as log:
        (home.root / "contacts.yaml").write_text(CONTACTS.format(port=room.port), encoding="utf-8")
        process = subprocess.Popen(
            [sys.executable, "-m", "pipeline.cli.main", "dev", "--home", str(home.root), "--port", str(port)],
            cwd=PROJECT, env=os.environ | environment, stdout=log, stderr=log,
        )  # fmt: skip
        session = Session(process, home, room, port)
        try:
            wait_for("the UI", lambda: session.ask("{ version }"))
            yield session
        finally:
            process.kill()
            process.wait()


def test_nights_of_schedule_sensor_and_ui_are_logged_and_their_failure_is_told(session: Session) -> None:
    with FileLock(session.home.lock):  # whatever starts now waits, so the file lies there until the sensor has seen it
        (session.home.inbox / "return.csv").write_text("unit,period_start\n", encoding="utf-8")
        runs = {"sensor": wait_for("a run of the sensor", lambda: session.run_with("dagster/sensor_name"))}
    runs["UI"] = session.launch({"ops": {"warehouse": {"config": {"full": True}}}})
    runs["publishing alone"] = session.launch({}, ["published", "warehouse"])
    runs["schedule"] = wait_for("a run of the schedule", lambda: session.run_with("dagster/schedule_name"))
    letters = {
        who: wait_for(f"the letter on {who}", lambda run=run: session.letter_of(run)) for who, run in runs.items()
    }
    log = session.log()
    for who, run in runs.items():
        assert f"{run} " in log, who
        assert str(session.home.night_log) in letters[who]
        assert len([letter for letter in session.room.to("oncall@example.vn") if run in text_of(letter)]) == 1
    assert all("cells" in letters[who] for who in ("UI", "schedule", "sensor"))
    assert "Không công bố" in letters["publishing alone"]
    assert read_night(session.home) == 1


def test_a_run_whose_process_is_killed_is_told_too(session: Session) -> None:
    with FileLock(session.home.lock):  # the next run of the schedule waits for it, and there it is killed
        run = wait_for("a run that has begun", session.run_under_way)
        pid = wait_for("its process", lambda: re.search(rf"{run} - (\d+) - RUN_START", session.log()))[1]
        os.kill(int(pid), signal.SIGKILL)
    assert "cells" not in wait_for("the letter", lambda: session.letter_of(run))


def test_thads_dev_ends_within_five_seconds_and_leaves_nothing_behind(session: Session) -> None:
    below = children_of(session.process.pid)
    assert len(below) >= 4
    begun = time.monotonic()
    session.process.send_signal(signal.SIGTERM)
    assert session.process.wait(30) == 0
    assert time.monotonic() - begun < 5
    assert [pid for pid in below if _lives(pid)] == []


def children_of(pid: int) -> list[int]:
    """Return every process below one."""
    below = []
    for path in Path("/proc").glob(f"{pid}/task/*/children"):
        for child in map(int, _read(path).split()):
            below += [child, *children_of(child)]
    return below


def _lives(pid: int) -> bool:
    return _read(Path(f"/proc/{pid}/stat")).rpartition(b")")[2].split()[:1] not in ([], [b"Z"])


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
