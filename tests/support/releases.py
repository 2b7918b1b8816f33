"""Releases of two small tables that say which night made them."""

import json
from pathlib import Path

import duckdb

from pipeline.home import Home
from pipeline.published import publish
from pipeline.published.query import run_query


def build_night(home: Home, night: int) -> Path:
    """Build a warehouse of two tables that both say which night it was."""
    home.warehouse.mkdir(parents=True, exist_ok=True)
    path = home.warehouse / "build.duckdb"
    path.unlink(missing_ok=True)
    with duckdb.connect(str(path)) as connection:
        for table in ("a", "b"):
            connection.execute(f"create table {table} as select {night} as night from range(1000)")
    return path


def fingerprint(night: int) -> str:
    return f"{night:064x}"[::-1]


def publish_night(home: Home, night: int) -> None:
    publish(home, build_night(home, night), fingerprint(night))


def read_night(home: Home) -> int:
    return run_query(home, "select max(night) as night from a")["night"][0]


def plan_night(home: Home, night: int) -> Path:
    """Plan a build from inputs of which there is no release, and lay out a file as dbt would leave it."""
    plan = {"fingerprint": fingerprint(night), "written": None, "is_asked": True}
    home.warehouse.mkdir(parents=True, exist_ok=True)
    (home.warehouse / "plan.json").write_text(json.dumps(plan))
    return build_night(home, night)
