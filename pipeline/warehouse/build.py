"""What a dbt build needs: a clean scratch file, an environment that calls nobody, inputs that are always there."""

import hashlib
import sys
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from pipeline import tables
from pipeline.home import DBT_PROJECT, Home
from pipeline.landing.blobs import write_whole
from pipeline.warehouse.dbt import WHEN_TOLD

#: A build reads every input by a glob, and a glob must find a file; this one sorts before all batches.
PLACEHOLDER = "000000.parquet"
INPUTS = (
    "landing/receipts/*.parquet",
    "cells/*/*.parquet",
    "judged/*/*.parquet",
    "declared/*.parquet",
    "alerts/events/*.parquet",
)
PROJECT_INPUTS = ("dbt_project.yml", "profiles.yml", "models/**/*", "macros/**/*", "seeds/**/*", "tests/**/*")


def built_file(home: Home) -> Path:
    """Return the file that dbt builds, beside the live one."""
    return home.warehouse / "build.duckdb"


def target_folder(home: Home) -> Path:
    """Return where dbt keeps what it parsed and ran: below the home, so that the checkout is not written to."""
    return home.warehouse / "dbt"


def build_environment(home: Home) -> dict[str, str]:
    """Return the environment variables under which dbt runs for ``home``."""
    root = home.root.resolve()
    return {
        # The sources quote this path in SQL.
        "THADS_HOME": str(root).replace("'", "''"),
        "THADS_BUILD": str(built_file(Home(root))),
        "THADS_STAGING": str(Home(root).warehouse / "staging.duckdb"),
        **dbt_environment(target_folder(Home(root))),
    }


def dbt_environment(target: Path) -> dict[str, str]:
    """Return the variables under which dbt writes below ``target`` only, calls nobody, and logs for Dagster."""
    return {
        "DBT_PROJECT_DIR": str(DBT_PROJECT),
        "DBT_PROFILES_DIR": str(DBT_PROJECT),
        "DBT_TARGET_PATH": str(target),
        "DBT_LOG_PATH": str(target),
        "DBT_LOG_FORMAT": "json",
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DO_NOT_TRACK": "1",
        "PYTHONUNBUFFERED": "1",
    }


def dbt_arguments(command: str = "build", *, unit_tests: bool = False, when_told: bool = False) -> list[str]:
    """Return dbt's command line: one build a night, with every data test; unit tests belong to ``make test``."""
    return [
        *(sys.executable, "-m", "pipeline.warehouse.dbt"),
        *((WHEN_TOLD,) if when_told else ()),
        *("--no-version-check", "--no-use-colors", "--log-level-file", "warn"),
        command,
        *(() if unit_tests or command != "build" else ("--exclude-resource-types", "unit_test", "exposure")),
    ]


def prepare_build(home: Home) -> None:
    """Remove what an earlier build left and make sure that every input is there."""
    home.warehouse.mkdir(parents=True, exist_ok=True)
    for rest in ("build.duckdb", "build.duckdb.wal", "staging.duckdb", "staging.duckdb.wal"):
        (home.warehouse / rest).unlink(missing_ok=True)
    for placeholder, schema in (
        (home.receipts / PLACEHOLDER, tables.RECEIPTS),
        (home.alerts / "events" / PLACEHOLDER, tables.ALERT_EVENTS),
    ):
        if not placeholder.exists():
            write_whole(placeholder, pl.DataFrame(schema=schema).write_parquet)


def inputs_fingerprint(home: Home) -> str:
    """Return a hash of everything that the warehouse is made from: the same fingerprint means the same warehouse."""
    digest = hashlib.sha256(project_fingerprint().encode())
    for pattern in INPUTS:
        _add(digest, home.root, (file for file in home.root.glob(pattern) if file.name != PLACEHOLDER))
    return digest.hexdigest()


def project_fingerprint() -> str:
    """Return a hash of the dbt project, names and contents."""
    digest = hashlib.sha256()
    for pattern in PROJECT_INPUTS:
        _add(digest, DBT_PROJECT, (file for file in DBT_PROJECT.glob(pattern) if file.is_file()))
    return digest.hexdigest()


def _add(digest: "hashlib._Hash", root: Path, files: Iterator[Path]) -> None:
    for file in sorted(files):
        digest.update(file.relative_to(root).as_posix().encode() + b"\0")
        with file.open("rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest())
