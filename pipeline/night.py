"""One night: the Dagster job ``nightly`` run in this process, and what came of it."""

import logging
import os
import shutil
import warnings
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import polars as pl

from expectations import gx_process
from pipeline import tables
from pipeline.cells import quarantine
from pipeline.home import Home, vietnam_now
from pipeline.landing.receive import read_receipts
from pipeline.storage import broken_files, read_tables
from pipeline.vocabulary import AlertState, Receipt, Verdict

Progress = Callable[[str], None]

#: With less free space than this, the disk is blamed for a failed load.
LEAST_FREE = 50_000_000

PUBLISHED = "published__warehouse"
STAGES = {
    "landing__receipts": "landing",
    PUBLISHED: "published",
    "marked__workbooks": "marked",
    "judged__data_docs": "data docs",
    "alerts__letters": "alerts",
    "alerts__messages": "sending",
    "bulletin__site": "bulletin",
}

DAGSTER_YAML = """\
telemetry:
  enabled: false
nux:
  enabled: false
run_coordinator:
  module: dagster.core.run_coordinator
  class: QueuedRunCoordinator
  config:
    max_concurrent_runs: 1
"""


class NightFailed(RuntimeError):
    """The load itself failed: our fault. The message names step, reason, which warehouse stands, and the log."""

    def __init__(self, message: str, *, run: str | None = None, step: str | None = None) -> None:
        super().__init__(message)
        self.run = run
        self.step = step


@dataclass(frozen=True)
class Night:
    """What one night did."""

    verdicts: dict[str, int]
    returns: list[dict[str, Any]]
    alerts_opened: list[dict[str, Any]]
    alerts_resolved: list[dict[str, Any]]
    alerts_open: int
    release: int
    warehouse: Path
    letters_folder: Path
    messages: dict[str, int]
    run_id: str
    set_aside: list[dict[str, Any]] = field(default_factory=list)  # by this night, because a stage failed over them
    broken: list[dict[str, Any]] = field(default_factory=list)  # new files that broke their reader: tables.BREAKDOWNS
    left_out: list[str] = field(default_factory=list)  # letters, workbooks, pages that could not be made, and why
    seconds: dict[str, float] = field(default_factory=dict)

    def as_object(self) -> dict[str, Any]:
        """Return the summary as plain data."""
        return {name: str(value) if isinstance(value, Path) else value for name, value in vars(self).items()}


def run_night(home: Home, inbox: Path, *, full: bool = False, progress: Progress = lambda _: None) -> Night:
    """Load ``inbox`` into ``home``; raises ``NightFailed`` where the load itself failed.

    ``full`` builds every period of the warehouse again, not only those that changed. Who keeps the nights going is told of
    a failure.
    """
    try:
        return _run(home, inbox, full, progress)
    except NightFailed as failure:
        _tell_operators(home, failure)
        raise
    except Exception as error:
        # Stages fail inside the run, which then reports it; here even that was not possible, say for lack of space.
        breakdown = NightFailed(_breakdown_report(error, home))
        _tell_operators(home, breakdown)
        raise breakdown from error


def _tell_operators(home: Home, failure: NightFailed) -> None:
    """Send the operators what failed; a failure over that is logged, and does not hide the first."""
    from pipeline.alerts.failure import Failure, tell_operators

    run = failure.run or f"process {os.getpid()}, {vietnam_now():%Y-%m-%d %H:%M:%S}"
    try:
        messages = tell_operators(home, Failure(run, failure.step, str(failure))).warnings()
    except Exception as error:
        from pipeline.night_log import log_failure

        log_failure(home.root, error)
        return
    if messages:
        home.note(messages)


def _run(home: Home, inbox: Path, full: bool, progress: Progress) -> Night:
    warnings.filterwarnings("ignore", module="dagster")
    set_up_dagster(home)
    progress("starting")
    gx_process.start()  # its imports pass while this process imports Dagster
    from pipeline.definitions import defs
    from pipeline.night_log import STEPS, WATCHER
    from pipeline.run_history import relaxed_history

    previous_states = _alert_states(home)
    batches = set(read_receipts(home)["batch"])
    known_entries = {entry.entry_id for entry in quarantine.entries(home)}

    token = WATCHER.set(progress)
    dbt_log = home.night_log.with_name("dbt.log")
    dbt_log.parent.mkdir(parents=True, exist_ok=True)
    try:
        with (
            # dagster-dbt repeats all that dbt says on standard output, which is the summary's.
            dbt_log.open("w", encoding="utf-8") as log,
            redirect_stdout(log),
            relaxed_history(),
            _instance(home) as instance,
        ):
            result = defs.resolve_job_def("nightly").execute_in_process(
                instance=instance,
                raise_on_error=False,
                run_config={
                    "ops": {
                        "landing__receipts": {"config": {"inbox": str(inbox.resolve())}},
                        "warehouse": {"config": {"full": full}},
                    },
                    "resources": {"home": {"config": {"root": str(home.root)}}},
                },
            )
    finally:
        WATCHER.reset(token)
    if not result.success or any(event.is_step_skipped for event in result.all_events):
        failed_step = next((event.step_key for event in result.all_events if event.is_step_failure), None)
        step = f"{failed_step} ({STEPS[failed_step]})" if failed_step in STEPS else failed_step
        raise NightFailed(_failure_report(result, home, home.night_log), run=result.run_id, step=step)
    return replace(
        _summary(home, result, previous_states, batches),
        set_aside=[asdict(entry) for entry in quarantine.entries(home) if entry.entry_id not in known_entries],
    )


def _instance(home: Home) -> Any:
    """Open the run history that the UI shows; this process keeps its own standard output and error."""
    import dagster as dg
    import yaml
    from dagster._core.instance.ref import InstanceRef

    overrides: dict[str, Any] = {
        "compute_logs": {"module": "dagster._core.storage.noop_compute_log_manager", "class": "NoOpComputeLogManager"}
    }
    # Who keeps the history elsewhere, say in PostgreSQL, has said so in dagster.yaml.
    if "storage" not in (yaml.safe_load((home.dagster / "dagster.yaml").read_text()) or {}):
        overrides["storage"] = {
            "custom": {
                "module": "pipeline.run_history",
                "class": "CachedHistoryStorage",
                "config": {"base_dir": str(home.dagster)},
            }
        }
    return dg.DagsterInstance.from_ref(InstanceRef.from_dir(str(home.dagster), overrides=overrides))


def set_up_dagster(home: Home) -> None:
    """Give Dagster a home below ours, for this process and its children; nothing it starts calls anybody."""
    home.dagster.mkdir(parents=True, exist_ok=True)
    config = home.dagster / "dagster.yaml"
    if not config.exists():
        config.write_text(DAGSTER_YAML)
    os.environ["DAGSTER_HOME"] = str(home.dagster)
    os.environ["THADS_HOME"] = str(home.root)
    os.environ.setdefault("DAGSTER_DISABLE_TELEMETRY", "true")
    # The last one warns of every test that does not run because nothing changed.
    for name in ("dagster", "alembic", "great_expectations", "dagster._core.execution.plan.active"):
        logging.getLogger(name).setLevel(logging.ERROR)


def _failure_report(result: Any, home: Home, log: Path) -> str:
    """Say which step failed, why, which files are broken, which warehouse readers see now, and where the log is."""
    events = list(result.all_events)
    finished_steps = {event.step_key for event in events if event.is_step_success}
    failures = [event for event in events if event.is_failure and event.is_step_event]
    if failures:
        error = failures[0].event_specific_data.error
        while error.cause:
            error = error.cause
        # Of what dagster-dbt says, what dbt said.
        reason = " ".join(error.message.split("Errors parsed from dbt logs:")[-1].split())
        sentences = [f"step {failures[0].step_key} failed: {reason[:600]}"]
    else:
        sentences = ["the run failed", *(event.message for event in events if event.is_failure)]
    if tests := sorted(check.check_name for check in result.get_asset_check_evaluations() if _is_our_failure(check)):
        sentences.append(f"Tests that failed: {', '.join(tests)}.")
    sentences += _disk_problems(home)
    if PUBLISHED in finished_steps:
        unfinished_steps = [
            node.name for node in result.job_def.nodes_in_topological_order if node.name not in finished_steps
        ]
        sentences.append(f"Tonight's warehouse is published; not done: {', '.join(unfinished_steps)}. Load again.")
    else:
        sentences.append("Yesterday's warehouse stays.")
    return " ".join([*sentences, f"The log is {log}"])


def _breakdown_report(error: Exception, home: Home) -> str:
    """Log why the run could not go on; say it, which release readers see, and where the log is."""
    from pipeline.night_log import log_failure
    from pipeline.published.releases import live_release

    release = live_release(home)
    warehouse_state = f"Readers go on with release {release.number}." if release else "There is no warehouse yet."
    reason = " ".join(str(error).split())[:600] or type(error).__name__
    return " ".join(
        [f"the run broke off: {reason}.", *_disk_problems(home), warehouse_state, *log_failure(home.root, error)]
    )


def _disk_problems(home: Home) -> list[str]:
    """Say what is wrong with the disk of the home and the files on it; nothing where nothing is."""
    sentences = []
    free = shutil.disk_usage(home.root).free
    if free < LEAST_FREE:
        sentences.append(
            f"No space is left on the disk of {home.root}: {free // 1_000_000} MB free. Make room, then load again; "
            "what was done is kept."
        )
    if broken_paths := broken_files(home.root):
        names = ", ".join(map(str, broken_paths[:5])) + (
            f" and {len(broken_paths) - 5} more" if len(broken_paths) > 5 else ""
        )
        sentences.append(f"Not whole: {names} (docs/operations.md, 'A file of ours is broken').")
    return sentences


def _is_our_failure(check: Any) -> bool:
    """Return whether a check says that we are wrong; those that only say that a return is wrong stop nothing."""
    return not check.passed and check.severity.value == "ERROR"


def _summary(home: Home, result: Any, previous_states: dict[str, str], batches: set[int]) -> Night:
    from pipeline.published.query import run_query
    from pipeline.published.releases import live_release

    current_states = _alert_states(home)
    open_ids = {alert for alert, state in current_states.items() if state == AlertState.OPEN}
    previous_open_ids = {alert for alert, state in previous_states.items() if state == AlertState.OPEN}
    alerts = run_query(
        home,
        "select alert_id, state, pack, rule_id, unit_key, form, period_id, origin, is_simulated, on_fail, source_ref, "
        "opened_version, resolved_version, sentence_vi, sentence_en, story_vi, story_en from fct_alert "
        "where list_contains($alerts, alert_id) order by alert_id",
        {"alerts": sorted(open_ids ^ previous_open_ids & current_states.keys())},
    ).to_dicts()
    opened_alerts = [alert for alert in alerts if alert["state"] == AlertState.OPEN]
    resolved_alerts = [alert for alert in alerts if alert["state"] == AlertState.RESOLVED]
    returns = _returns(home, batches)
    release = live_release(home)
    return Night(
        verdicts={
            str(verdict): count for verdict in Verdict if (count := sum(row["verdict"] == verdict for row in returns))
        },
        returns=returns,
        alerts_opened=opened_alerts,
        alerts_resolved=resolved_alerts,
        alerts_open=len(open_ids),
        release=release.number if release else 0,
        warehouse=home.live,
        letters_folder=home.alerts / "outbox",
        messages=_messages(result),
        broken=_reader_breakdowns(home, returns),
        left_out=_left_out_items(result),
        run_id=result.run_id,
        seconds=_seconds(result),
    )


def _returns(home: Home, batches: set[int]) -> list[dict[str, Any]]:
    """Return every return of this night with its verdict: new submissions, and files that never became one."""
    submissions = read_tables(home.cells, "submissions", tables.SUBMISSIONS).filter(
        ~pl.col("batch").is_in(list(batches))
    )
    verdicts = read_tables(home.judged, "verdicts", tables.VERDICTS)
    judged_submissions = submissions.join(verdicts.drop("period_id"), on="submission_id", how="left").with_columns(
        pl.col("verdict").fill_null(str(Verdict.UNREADABLE))
    )
    receipts = read_receipts(home).filter(
        ~pl.col("batch").is_in(list(batches)), pl.col("verdict").is_in([Receipt.UNREADABLE, Receipt.DUPLICATE])
    )
    receipts = receipts.drop("problem_vi", "problem_en").join(
        _file_problems(home, receipts), on="receipt_id", how="left"
    )
    columns = ["source_ref", "unit_key", "scope", "period_id", "verdict", "version", "problem_vi", "problem_en"]
    return pl.concat(
        [
            judged_submissions.select(columns),
            receipts.rename({"path": "source_ref"}).select("source_ref", "verdict", "problem_vi", "problem_en"),
        ],
        how="diagonal",
    ).to_dicts()


def _reader_breakdowns(home: Home, returns: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return which of this night's files broke their reader, and how, for an engineer."""
    breakdowns = read_tables(home.cells, "breakdowns", tables.BREAKDOWNS)
    source_refs = read_tables(home.cells, "submissions", tables.SUBMISSIONS).select("submission_id", "source_ref")
    tonight_refs = [row["source_ref"] for row in returns]
    return breakdowns.join(source_refs, on="submission_id").filter(pl.col("source_ref").is_in(tonight_refs)).to_dicts()


def _left_out_items(result: Any) -> list[str]:
    """Return what the stages after publishing could not make of single items."""
    from pipeline.defs.resources import LEFT_OUT

    return [
        item
        for stage in ("marked__workbooks", "alerts__letters", "bulletin__site")
        for materialization in result.asset_materializations_for_node(stage)
        for item in materialization.metadata[LEFT_OUT].value
    ]


def _file_problems(home: Home, receipts: pl.DataFrame) -> pl.DataFrame:
    """Return what is said of files that never became a submission: of bytes that came again, which version stands."""
    from pipeline.published.query import run_query

    return run_query(
        home,
        "select submission_id as receipt_id, problem_vi, problem_en from fct_submission "
        "where list_contains($receipts, submission_id)",
        {"receipts": receipts["receipt_id"].to_list()},
    ).cast({"receipt_id": pl.String, "problem_vi": pl.String, "problem_en": pl.String})


def _messages(result: Any) -> dict[str, int]:
    """Return how many messages this night queued and sent, and how many wait or were refused."""
    (materialization,) = result.asset_materializations_for_node("alerts__messages")
    return {name: materialization.metadata[name].value for name in ("queued", "sent", "waiting", "refused")}


def _alert_states(home: Home) -> dict[str, str]:
    from pipeline.published.query import NoWarehouse, run_query

    try:
        return dict(run_query(home, "select alert_id, state from fct_alert").iter_rows())
    except NoWarehouse:
        return {}


def _seconds(result: Any) -> dict[str, float]:
    """Return how long each stage took."""
    return {
        STAGES.get(event.step_key, event.step_key): round(event.event_specific_data.duration_ms / 1000, 1)
        for event in result.all_events
        if event.is_step_success
    }
