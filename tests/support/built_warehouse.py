"""A warehouse built by one real ``dbt build``, and a reader of it."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb

from pipeline.home import DBT_PROJECT, Home
from pipeline.warehouse.build import inputs_folder, prepare_build
from tests.support.warehouse_inputs import Inputs

Query = Callable[[str], list[tuple]]


def build(home: Path, *arguments: str) -> None:
    """Run one ``dbt build`` over the inputs of ``home``; what dbt says is shown when it fails."""
    scratch = home / "warehouse"
    prepare_build(Home(home))
    run = subprocess.run(
        [
            str(Path(sys.executable).with_name("dbt")),
            "--quiet",
            "build",
            *("--project-dir", str(DBT_PROJECT)),
            *("--profiles-dir", str(DBT_PROJECT)),
            *("--target-path", str(scratch / "target")),
            *("--log-path", str(scratch / "logs")),
            *arguments,
        ],
        env={
            **os.environ,
            "THADS_HOME": str(home),
            "THADS_INPUTS": str(inputs_folder(Home(home))),
            "THADS_BUILD": str(scratch / "build.duckdb"),
            "THADS_STAGING": str(scratch / "staging.duckdb"),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr


def reader(home: Path) -> Query:
    """Return a function that asks the built file, opened alone as a reader would."""
    path = home / "warehouse" / "build.duckdb"

    def query(sql: str) -> list[tuple]:
        with duckdb.connect(str(path), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    return query


def kien_giang_2022(inputs: Inputs) -> None:
    """The seed report, published: carried over is off by 174."""
    report = inputs.submission(
        "kien-giang",
        "2022-12",
        verdict="accepted_with_query",
        scope="province",
        origin="published",
        path="KG-2022-12M",
    )
    inputs.cells(
        report,
        "01",
        "total.total",
        judgments_received=9838,
        due=20352,
        newly_accepted=12576,
        eligible=14647,
        completed=12056,
        carried_over=8122,
    )
    inputs.cells(
        report,
        "02",
        "total.total",
        accepted_total=3478152572000,
        due=3405066268000,
        eligible=2015887559000,
        completed=1165081049000,
    )
    inputs.cells(report, "09", "total", visits=191, people=195)
    inputs.cells(report, "09", "leaders", visits=135, people=139)
    inputs.cells(report, "discipline", "reprimand", all_staff=2)
    inputs.cells(report, "credit", "cases", completion_rate="29.24")
    inputs.cells(report, "credit", "money", completion_rate="27.69", share_of_due="47.40")
    inputs.cells(report, None, None, **{"viec.chua_co_dieu_kien.lan_2": 1281})
    inputs.ratio(report, "02", "completed_change", "374099782000")
    inputs.ratio(report, "02", "completed_growth", "47.30")
    inputs.ratio(report, "02", "completion_rate_change", "9.9")
    inputs.outcome(report, "carried_over", "fail", off_by=-174)
