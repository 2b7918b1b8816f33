"""What a dbt build needs: a clean scratch file, an environment that calls nobody, inputs that are always there."""

import hashlib
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

import polars as pl

from pipeline import tables
from pipeline.home import DBT_PROJECT, Home
from pipeline.landing.blobs import write_whole

#: A build reads every input by a glob, and a glob must find a file; this one sorts before all batches.
PLACEHOLDER = "000000.parquet"


def build_folder(home: Home, run: str) -> Path:
    """Return the folder of one run's build: what a killed run's dbt still writes is in nobody's way."""
    return home.warehouse / run


def built_file(home: Home, run: str) -> Path:
    """Return the file that dbt builds in ``run``, beside the live one."""
    return build_folder(home, run) / "build.duckdb"


def build_environment(home: Home, run: str) -> dict[str, str]:
    """Return the environment variables under which dbt runs for ``home``."""
    return {
        "THADS_HOME": str(home.root),
        "THADS_BUILD": str(built_file(home, run)),
        "THADS_STAGING": str(build_folder(home, run) / "staging.duckdb"),
        "DO_NOT_TRACK": "1",
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }


def dbt_arguments(*, unit_tests: bool = False) -> list[str]:
    """Return the words after ``dbt``: one build a night, with every data test; unit tests belong to ``make test``."""
    return ["--quiet", "build", *([] if unit_tests else ["--exclude-resource-types", "unit_test"])]


def prepare_build(home: Home, run: str) -> None:
    """Remove what earlier builds left, and make sure that every input is there."""
    for rest in home.warehouse.glob("*/"):
        shutil.rmtree(rest, ignore_errors=True)
    build_folder(home, run).mkdir(parents=True)
    receipts = home.receipts / PLACEHOLDER
    if not receipts.exists():
        receipts.parent.mkdir(parents=True, exist_ok=True)
        write_whole(receipts, pl.DataFrame(schema=tables.RECEIPTS).write_parquet)


def inputs_fingerprint(home: Home) -> str:
    """Return a hash of everything that the warehouse is made from: the same fingerprint means the same warehouse."""
    digest = hashlib.sha256()
    for path in _inputs(home):
        digest.update(path.name.encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _inputs(home: Home) -> Iterable[Path]:
    for folder in (home.receipts, home.cells, home.judged, home.declared):
        yield from sorted(path for path in folder.rglob("*.parquet") if path.name != PLACEHOLDER)
    for folder in ("models", "macros", "seeds", "tests"):
        yield from sorted(path for path in (DBT_PROJECT / folder).rglob("*") if path.is_file())
    yield DBT_PROJECT / "dbt_project.yml"


def export_environment(home: Home, run: str) -> None:
    """Put the build's environment into this process, for dbt as a child of it."""
    os.environ.update(build_environment(home, run))
