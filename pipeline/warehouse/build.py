"""What a dbt build needs: a scratch file to begin with, tonight's inputs, and an environment that calls nobody."""

import json
import os
import shutil
import sys
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

import duckdb
import polars as pl

from pipeline import tables
from pipeline.home import DBT_PROJECT, Home
from pipeline.incidents.ledger import read_ledger
from pipeline.published.mending import mend
from pipeline.published.record import read_object
from pipeline.published.releases import (
    FINGERPRINT_LENGTH,
    Release,
    find_release,
    live_release,
    publish,
    releases,
)
from pipeline.storage import batches_of, read_tables, write_atomically
from pipeline.vocabulary import UNPLACED
from pipeline.warehouse.dbt import WAIT_OPTION
from pipeline.warehouse.marks import Marks, input_marks
from pipeline.warehouse.periods import plan_periods, with_linked_periods

#: A build reads every input by a glob, and a glob must find a file; this one sorts before all batches.
PLACEHOLDER = "000000.parquet"
#: Where more than this share of the periods changed, writing all of them into an empty file is cheaper.
MOST_WRITTEN = 0.5
#: The oldest storage that holds a release. DuckDB's programs since 1.1 read it, and what is built on them.
STORAGE_VERSION = "v1.0.0"


class NotPublishable(RuntimeError):
    """The build is not one that ended green and whole; the message says what to launch."""


class IncompleteBuild(RuntimeError):
    """Only some of the tables were asked for; the message says what to launch."""


def built_file(home: Home) -> Path:
    """Return the file that dbt builds, next to the live one."""
    return home.warehouse / "build.duckdb"


def inputs_folder(home: Home) -> Path:
    """Return where links to the inputs of tonight's periods stand; the sources of dbt read there."""
    return home.warehouse / "inputs"


def target_folder(home: Home) -> Path:
    """Return where dbt keeps what it parsed and ran: below the home, so that the checkout is not written to."""
    return home.warehouse / "dbt"


def build_environment(home: Home) -> dict[str, str]:
    """Return the environment variables under which dbt runs for ``home``, in that folder."""
    root = home.root.resolve()
    return {
        "THADS_BUILD": str(built_file(Home(root))),
        "THADS_STAGING": str(Home(root).warehouse / "staging.duckdb"),
        **dbt_environment(target_folder(Home(root))),
    }


def dbt_environment(target: Path) -> dict[str, str]:
    """Return the variables under which dbt writes below ``target`` only, calls nobody, and logs for Dagster.

    The sources are named from the home, in which dbt runs: so what was parsed once serves every home.
    """
    relative_home = Home(Path())
    return {
        "THADS_HOME": str(relative_home.root),
        "THADS_INPUTS": str(inputs_folder(relative_home)),
        "DBT_PROJECT_DIR": str(DBT_PROJECT),
        "DBT_PROFILES_DIR": str(DBT_PROJECT),
        "DBT_TARGET_PATH": str(target),
        "DBT_LOG_PATH": str(target),
        "DBT_LOG_FORMAT": "json",
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DO_NOT_TRACK": "1",
        "PYTHONUNBUFFERED": "1",
    }


def dbt_arguments(command: str = "build", *, unit_tests: bool = False, parse_file: Path | None = None) -> list[str]:
    """Return dbt's command line: one build a night, with every data test; unit tests belong to ``make test``.

    ``parse_file`` is dbt's parse of the project: dbt then waits for a line on its standard input.
    """
    return [
        *(sys.executable, "-P", "-m", "pipeline.warehouse.dbt"),
        *((WAIT_OPTION, str(parse_file)) if parse_file else ()),
        *("--no-version-check", "--no-use-colors", "--log-level-file", "warn"),
        command,
        *(() if unit_tests or command != "build" else ("--exclude-resource-types", "unit_test", "exposure")),
    ]


@dataclass(frozen=True)
class BuildPlan:
    """What a build is made from, and which periods it writes; ``written`` is None where it writes all of them."""

    fingerprint: str
    written: tuple[str, ...] | None
    #: Somebody asked for all periods to be written, although perhaps nothing changed.
    is_asked: bool = False

    @property
    def periods_text(self) -> str:
        """The periods that are written, in words."""
        return "all" if self.written is None else ", ".join(self.written) or "none"


def freeze_inputs(home: Home, *, everything: bool = False) -> BuildPlan:
    """Mark what there is to build from, and plan the build: tonight's periods, or ``everything``.

    What is marked here is what is published later (:func:`frozen_plan`): people may act on incidents meanwhile.
    """
    home.warehouse.mkdir(parents=True, exist_ok=True)
    _link_events(home)
    marks = input_marks(home)
    periods = None if everything else _changed_periods(home, marks)
    marks.write(home.warehouse / "marks.parquet")
    plan = BuildPlan(marks.fingerprint, None if periods is None else tuple(sorted(periods)), everything)
    write_atomically(home.warehouse / "plan.json", lambda path: path.write_text(json.dumps(asdict(plan))))
    return plan


def frozen_plan(home: Home) -> BuildPlan:
    """Return the plan that was made last."""
    record = json.loads((home.warehouse / "plan.json").read_text())
    return BuildPlan(
        record["fingerprint"], None if record["written"] is None else tuple(record["written"]), record["is_asked"]
    )


def prepare_build(home: Home, plan: BuildPlan | None = None) -> BuildPlan:
    """Remove what an earlier build left and lay out what tonight's needs; return the plan.

    The file to build begins as a copy of the live release, or empty where all periods are written. Below
    ``warehouse/inputs`` stand links to the inputs of the periods that are written, and nothing else.
    """
    plan = plan or freeze_inputs(home)
    for name in ("build.json", "build.duckdb", "build.duckdb.wal", "staging.duckdb", "staging.duckdb.wal"):
        (home.warehouse / name).unlink(missing_ok=True)
    (target_folder(home) / "run_results.json").unlink(missing_ok=True)
    placeholder = home.receipts / PLACEHOLDER
    if not placeholder.exists() or list(pl.read_parquet_schema(placeholder)) != list(tables.RECEIPTS):
        write_atomically(placeholder, pl.DataFrame(schema=tables.RECEIPTS).write_parquet)
    live = live_release(home)
    if plan.written is None or live is None:
        create_build_file(built_file(home))
        _link_inputs(home, None)
        return plan
    marks, previous_marks = Marks.read(home.warehouse / "marks.parquet"), _release_marks(home, live)
    assert previous_marks is not None
    create_build_file(built_file(home), live)
    _link_inputs(home, plan.written)
    with duckdb.connect(str(home.warehouse / "staging.duckdb")) as staging:
        staging.register(
            "rows", plan_periods(plan.written, marks.periods.keys() | previous_marks.periods.keys()).to_arrow()
        )
        staging.execute("create table tonight as from rows")
    return plan


def create_build_file(build: Path, live: Release | None = None) -> None:
    """Lay out the file to build in the oldest storage version, which it keeps: with the tables of a release, or none."""
    if live is not None and live.record is not None and live.record.storage.startswith(STORAGE_VERSION):
        shutil.copyfile(live.path, build)
        return
    with duckdb.connect() as connection:
        connection.execute(f"attach '{_sql_text(build)}' as build (storage_version '{STORAGE_VERSION}')")
        if live is not None:
            connection.execute(f"attach '{_sql_text(live.path)}' as live (read_only)")
            connection.execute("copy from database live to build")


def _sql_text(path: Path) -> str:
    return str(path).replace("'", "''")


@dataclass(frozen=True)
class BuildRecord:
    """What a build left that ended green and whole: what it was made from, by which run, and what it holds."""

    fingerprint: str
    run_id: str
    models: int
    tests: int
    size: int
    modified_ns: int


def record_build(home: Home, plan: BuildPlan, run_id: str) -> BuildRecord:
    """Note that dbt made and tested every table, so that the build may be published; raises ``IncompleteBuild``."""
    results = read_object(target_folder(home) / "run_results.json").get("results", [])
    counts = Counter((result["unique_id"].partition(".")[0], result["status"]) for result in results)
    failed_nodes = sorted(
        result["unique_id"] for result in results if result["status"] not in ("success", "pass", "warn")
    )
    models, missing_tables = (
        counts["model", "success"],
        sorted(_expected_tables(home) - _existing_tables(built_file(home))),
    )
    if failed_nodes or missing_tables or not models:
        names = ", ".join([*failed_nodes, *missing_tables][:5]) or "dbt built nothing"
        raise IncompleteBuild(f"the build is not whole ({names}); launch the job 'nightly', or run 'thads load INBOX'")
    state = built_file(home).stat()
    tests = counts["test", "pass"] + counts["test", "warn"]
    record = BuildRecord(plan.fingerprint, run_id, models, tests, state.st_size, state.st_mtime_ns)
    write_atomically(home.warehouse / "build.json", lambda path: path.write_text(json.dumps(asdict(record), indent=1)))
    return record


def _expected_tables(home: Home) -> set[str]:
    """Return the names of the tables that dbt was to build into the file."""
    nodes = read_object(target_folder(home) / "manifest.json").get("nodes", {}).values()
    return {
        node["alias"]
        for node in nodes
        if node["resource_type"] == "model"
        and node["database"] != "staging"
        and node["config"]["materialized"] in ("by_period", "table")
    }


def _existing_tables(build: Path) -> set[str]:
    with duckdb.connect(str(build), read_only=True) as connection:
        return {name for (name,) in connection.execute("select table_name from duckdb_tables()").fetchall()}


def refuse_unfinished(home: Home) -> None:
    """Raise ``NotPublishable`` unless the build that was planned last ended green and whole, or is a release already."""
    if not (home.warehouse / "plan.json").exists():
        raise NotPublishable(_refusal("nothing was built yet", "chưa dựng kho dữ liệu lần nào"))
    plan = frozen_plan(home)
    record, build = read_object(home.warehouse / "build.json"), built_file(home)
    state = build.stat() if build.exists() else None
    is_complete = state is not None and (record.get("fingerprint"), record.get("size"), record.get("modified_ns")) == (
        plan.fingerprint,
        state.st_size,
        state.st_mtime_ns,
    )
    if is_complete or ((state is None or not plan.is_asked) and find_release(home, plan.fingerprint)):
        return
    raise NotPublishable(
        _refusal(
            "the last build did not end green and whole: it broke off, a test failed, or only some tables were built",
            "lần dựng gần nhất không trọn vẹn: bị ngắt, có kiểm tra không đạt, hoặc chỉ dựng một phần",
        )
    )


def _refusal(english: str, vietnamese: str) -> str:
    return (
        f"Không công bố: {vietnamese}; bản đang dùng giữ nguyên; hãy chạy cả job nightly (hoặc thads load) · "
        f"nothing is published: {english}; the live release stays; launch the whole job 'nightly', or run 'thads load INBOX'"
    )


def publish_build(home: Home) -> Release:
    """Make the build the live release, and keep the marks of what it is made from; see ``pipeline.published.publish``.

    Raises ``NotPublishable`` unless the build ended green and whole, whoever started it.
    """
    mend(home)
    refuse_unfinished(home)
    plan = frozen_plan(home)
    marks = home.warehouse / "marks.parquet"
    write_atomically(_marks_path(home, plan.fingerprint), lambda path: shutil.copyfile(marks, path))
    live = publish(home, built_file(home), plan.fingerprint, is_forced=plan.is_asked)
    current_marks = {_marks_path(home, release.fingerprint) for release in releases(home)}
    for path in set(_marks_path(home, "").parent.glob("*.parquet")) - current_marks:
        path.unlink()
    (home.warehouse / "build.json").unlink(missing_ok=True)
    return live


def inputs_fingerprint(home: Home) -> str:
    """Return a hash of everything that the warehouse is made from: the same fingerprint means the same warehouse."""
    return input_marks(home).fingerprint


def _changed_periods(home: Home, marks: Marks) -> set[str] | None:
    """Return the periods that the live release does not hold as they are now; None where that is unknown or most."""
    previous_marks = _release_marks(home, live_release(home))
    if previous_marks is None or previous_marks.ground != marks.ground:
        return None
    changed_periods = with_linked_periods(marks.changed_since(previous_marks), marks.links)
    return changed_periods if len(changed_periods) <= MOST_WRITTEN * len(marks.periods) else None


def _release_marks(home: Home, release: Release | None) -> Marks | None:
    path = _marks_path(home, release.fingerprint) if release else None
    return Marks.read(path) if path and path.exists() else None


def _marks_path(home: Home, fingerprint: str) -> Path:
    return home.published / "marks" / f"{fingerprint[:FINGERPRINT_LENGTH]}.parquet"


def _link_events(home: Home) -> None:
    """Keep what people had done by now; whatever they do while the night runs is the next night's."""
    folder = inputs_folder(home) / "alerts" / "events"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    pl.DataFrame(schema=tables.ALERT_EVENTS).write_parquet(folder / PLACEHOLDER)
    for path in (home.alerts / "events").glob("*.parquet"):
        if path.name == PLACEHOLDER:
            continue
        if pl.read_parquet_schema(path) == tables.ALERT_EVENTS:
            os.link(path, folder / path.name)
        else:
            read_ledger(path).write_parquet(folder / path.name)


def _link_inputs(home: Home, written: tuple[str, ...] | None) -> None:
    """Link the judged periods that are ``written`` (None: all), and the batches that hold cells of theirs."""
    judged, cells = sorted(home.judged.glob("*")), sorted(home.cells.glob("*"))
    if written is not None:
        submissions = read_tables(home.cells, "submissions", tables.SUBMISSIONS).filter(
            pl.col("is_readable"), pl.col("period_id").fill_null(UNPLACED).is_in(list(written))
        )
        batches = {folder.name for folder in batches_of(home.cells, submissions["submission_id"])}
        # The empty ones are always there: a glob must find a file.
        judged = [folder for folder in judged if folder.name in ("none", *written)]
        cells = [folder for folder in cells if folder.name in ("000000", *batches)]
    for stage, folders in (("judged", judged), ("cells", cells)):
        target = inputs_folder(home) / stage
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        for folder in folders:
            (target / folder.name).symlink_to(folder.resolve(), target_is_directory=True)
