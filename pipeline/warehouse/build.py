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
from pipeline.warehouse.dbt import WHEN_TOLD
from pipeline.warehouse.marks import Marks, input_marks
from pipeline.warehouse.periods import linked, tonight

#: A build reads every input by a glob, and a glob must find a file; this one sorts before all batches.
PLACEHOLDER = "000000.parquet"
#: Where more than this share of the periods changed, writing all of them into an empty file is cheaper.
MOST_WRITTEN = 0.5
#: The oldest storage that holds a release. DuckDB's programs since 1.1 read it, and what is built on them.
STORAGE_VERSION = "v1.0.0"


class NotPublishable(RuntimeError):
    """The build is not one that ended green and whole; the message says what to launch."""


class NotWhole(RuntimeError):
    """Only some of the tables were asked for; the message says what to launch."""


def built_file(home: Home) -> Path:
    """Return the file that dbt builds, beside the live one."""
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
    here = Home(Path())
    return {
        "THADS_HOME": str(here.root),
        "THADS_INPUTS": str(inputs_folder(here)),
        "DBT_PROJECT_DIR": str(DBT_PROJECT),
        "DBT_PROFILES_DIR": str(DBT_PROJECT),
        "DBT_TARGET_PATH": str(target),
        "DBT_LOG_PATH": str(target),
        "DBT_LOG_FORMAT": "json",
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DO_NOT_TRACK": "1",
        "PYTHONUNBUFFERED": "1",
    }


def dbt_arguments(command: str = "build", *, unit_tests: bool = False, when_told: Path | None = None) -> list[str]:
    """Return dbt's command line: one build a night, with every data test; unit tests belong to ``make test``.

    ``when_told`` names what was parsed: dbt then waits for a word on its standard input.
    """
    return [
        *(sys.executable, "-P", "-m", "pipeline.warehouse.dbt"),
        *((WHEN_TOLD, str(when_told)) if when_told else ()),
        *("--no-version-check", "--no-use-colors", "--log-level-file", "warn"),
        command,
        *(() if unit_tests or command != "build" else ("--exclude-resource-types", "unit_test", "exposure")),
    ]


@dataclass(frozen=True)
class Plan:
    """What a build is made from, and which periods it writes; ``written`` is None where it writes all of them."""

    fingerprint: str
    written: tuple[str, ...] | None
    #: Somebody asked for all periods to be written, although perhaps nothing changed.
    is_asked: bool = False

    @property
    def told(self) -> str:
        """The periods that are written, in words."""
        return "all" if self.written is None else ", ".join(self.written) or "none"


def freeze_inputs(home: Home, *, everything: bool = False) -> Plan:
    """Mark what there is to build from, and plan the build: tonight's periods, or ``everything``.

    What is marked here is what is published later (:func:`frozen_plan`): people may act on incidents meanwhile.
    """
    home.warehouse.mkdir(parents=True, exist_ok=True)
    _link_events(home)
    marks = input_marks(home)
    written = None if everything else _changed(home, marks)
    marks.write(home.warehouse / "marks.parquet")
    plan = Plan(marks.fingerprint, None if written is None else tuple(sorted(written)), everything)
    write_atomically(home.warehouse / "plan.json", lambda path: path.write_text(json.dumps(asdict(plan))))
    return plan


def frozen_plan(home: Home) -> Plan:
    """Return the plan that was made last."""
    told = json.loads((home.warehouse / "plan.json").read_text())
    return Plan(told["fingerprint"], None if told["written"] is None else tuple(told["written"]), told["is_asked"])


def prepare_build(home: Home, plan: Plan | None = None) -> Plan:
    """Remove what an earlier build left and lay out what tonight's needs; return the plan.

    The file to build begins as a copy of the live release, or empty where all periods are written. Below
    ``warehouse/inputs`` stand links to the inputs of the periods that are written, and nothing else.
    """
    plan = plan or freeze_inputs(home)
    for rest in ("build.json", "build.duckdb", "build.duckdb.wal", "staging.duckdb", "staging.duckdb.wal"):
        (home.warehouse / rest).unlink(missing_ok=True)
    (target_folder(home) / "run_results.json").unlink(missing_ok=True)
    placeholder = home.receipts / PLACEHOLDER
    if not placeholder.exists() or list(pl.read_parquet_schema(placeholder)) != list(tables.RECEIPTS):
        write_atomically(placeholder, pl.DataFrame(schema=tables.RECEIPTS).write_parquet)
    live = live_release(home)
    if plan.written is None or live is None:
        begin(built_file(home))
        _link_inputs(home, None)
        return plan
    marks, before = Marks.read(home.warehouse / "marks.parquet"), _marks_of(home, live)
    assert before is not None
    begin(built_file(home), live)
    _link_inputs(home, plan.written)
    with duckdb.connect(str(home.warehouse / "staging.duckdb")) as staging:
        staging.register("rows", tonight(plan.written, marks.periods.keys() | before.periods.keys()).to_arrow())
        staging.execute("create table tonight as from rows")
    return plan


def begin(build: Path, live: Release | None = None) -> None:
    """Lay out the file to build in the oldest storage version, which it keeps: with the tables of a release, or none."""
    if live is not None and live.record is not None and live.record.storage.startswith(STORAGE_VERSION):
        shutil.copyfile(live.path, build)
        return
    with duckdb.connect() as connection:
        connection.execute(f"attach '{_quoted(build)}' as build (storage_version '{STORAGE_VERSION}')")
        if live is not None:
            connection.execute(f"attach '{_quoted(live.path)}' as live (read_only)")
            connection.execute("copy from database live to build")


def _quoted(path: Path) -> str:
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


def record_build(home: Home, plan: Plan, run_id: str) -> BuildRecord:
    """Note that dbt made and tested every table, so that the build may be published; raises ``NotWhole``."""
    results = read_object(target_folder(home) / "run_results.json").get("results", [])
    ended = Counter((one["unique_id"].partition(".")[0], one["status"]) for one in results)
    bad = sorted(one["unique_id"] for one in results if one["status"] not in ("success", "pass", "warn"))
    models, missing = ended["model", "success"], sorted(_tables_due(home) - _tables_in(built_file(home)))
    if bad or missing or not models:
        named = ", ".join([*bad, *missing][:5]) or "dbt built nothing"
        raise NotWhole(f"the build is not whole ({named}); launch the job 'nightly', or run 'thads load INBOX'")
    state = built_file(home).stat()
    tests = ended["test", "pass"] + ended["test", "warn"]
    record = BuildRecord(plan.fingerprint, run_id, models, tests, state.st_size, state.st_mtime_ns)
    write_atomically(home.warehouse / "build.json", lambda path: path.write_text(json.dumps(asdict(record), indent=1)))
    return record


def _tables_due(home: Home) -> set[str]:
    """Return the names of the tables that dbt was to build into the file."""
    nodes = read_object(target_folder(home) / "manifest.json").get("nodes", {}).values()
    return {
        node["alias"]
        for node in nodes
        if node["resource_type"] == "model"
        and node["database"] != "staging"
        and node["config"]["materialized"] in ("by_period", "table")
    }


def _tables_in(build: Path) -> set[str]:
    with duckdb.connect(str(build), read_only=True) as connection:
        return {name for (name,) in connection.execute("select table_name from duckdb_tables()").fetchall()}


def refuse_unfinished(home: Home) -> None:
    """Raise ``NotPublishable`` unless the build that was planned last ended green and whole, or is a release already."""
    if not (home.warehouse / "plan.json").exists():
        raise NotPublishable(_refusal("nothing was built yet", "chưa dựng kho dữ liệu lần nào"))
    plan = frozen_plan(home)
    record, build = read_object(home.warehouse / "build.json"), built_file(home)
    state = build.stat() if build.exists() else None
    is_whole = state is not None and (record.get("fingerprint"), record.get("size"), record.get("modified_ns")) == (
        plan.fingerprint,
        state.st_size,
        state.st_mtime_ns,
    )
    if is_whole or ((state is None or not plan.is_asked) and find_release(home, plan.fingerprint)):
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
    kept = {_marks_path(home, release.fingerprint) for release in releases(home)}
    for path in set(_marks_path(home, "").parent.glob("*.parquet")) - kept:
        path.unlink()
    (home.warehouse / "build.json").unlink(missing_ok=True)
    return live


def inputs_fingerprint(home: Home) -> str:
    """Return a hash of everything that the warehouse is made from: the same fingerprint means the same warehouse."""
    return input_marks(home).fingerprint


def _changed(home: Home, marks: Marks) -> set[str] | None:
    """Return the periods that the live release does not hold as they are now; None where that is unknown or most."""
    before = _marks_of(home, live_release(home))
    if before is None or before.ground != marks.ground:
        return None
    changed = linked(marks.changed_since(before), marks.links)
    return changed if len(changed) <= MOST_WRITTEN * len(marks.periods) else None


def _marks_of(home: Home, release: Release | None) -> Marks | None:
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
        below = inputs_folder(home) / stage
        shutil.rmtree(below, ignore_errors=True)
        below.mkdir(parents=True)
        for folder in folders:
            (below / folder.name).symlink_to(folder.resolve(), target_is_directory=True)
