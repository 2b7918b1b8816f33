"""When the night runs: at one in the morning in Vietnam, and when something arrives in the inbox; who is told if it fails."""

from contextlib import suppress
from pathlib import Path

import dagster as dg
from filelock import FileLock, Timeout

from pipeline.alerts.failure import Failure, tell_operators
from pipeline.defs.resources import AnyHome
from pipeline.home import Home, Settings, vietnam_now
from pipeline.landing.pending import inbox_fingerprint, pending_hash
from pipeline.night_log import STEPS

nightly = dg.define_asset_job(
    "nightly",
    selection=dg.AssetSelection.all(),
    # One process, so that one lock is held from the first stage to the last.
    executor_def=dg.in_process_executor,
    # Whoever starts it, and with whatever else configured: docs/operations.md sends the engineer to this log first.
    config={"loggers": {"night": {"config": {}}}},
    description="From inbox to letters: land, read, judge, build, publish, tell.",
)

nightly_schedule = dg.ScheduleDefinition(
    name="nightly_schedule",
    job=nightly,
    cron_schedule=Settings().nightly_cron,
    execution_timezone="Asia/Ho_Chi_Minh",
    default_status=dg.DefaultScheduleStatus.RUNNING,
)


@dg.sensor(job=nightly, minimum_interval_seconds=30, default_status=dg.DefaultSensorStatus.RUNNING)
def inbox_sensor(context: dg.SensorEvaluationContext, any_home: AnyHome) -> dg.SensorResult | dg.SkipReason:
    """Start a load when the inbox holds contents that no load has landed; the run key is their hash."""
    inbox = any_home.inbox
    if not inbox.exists():
        return dg.SkipReason(f"there is no inbox at {inbox}")
    snapshot = inbox_fingerprint(inbox, any_home.home)
    last_snapshot, _, state = (context.cursor or "").partition(" ")
    if snapshot != last_snapshot:
        # A file that is still being copied must not be taken for a broken one.
        return dg.SensorResult(
            skip_reason="something arrived; waiting until it stands still", cursor=f"{snapshot} moving"
        )
    if state == "done":
        return dg.SkipReason("nothing arrived")
    run_key = pending_hash(inbox, any_home.home)
    requests = [dg.RunRequest(run_key=run_key)] if run_key else []
    return dg.SensorResult(run_requests=requests, cursor=f"{snapshot} done")


@dg.run_failure_sensor(
    minimum_interval_seconds=10,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Tells the contacts of role operator of every run that failed, whoever started it, once a run.",
)
def failure_sensor(context: dg.RunFailureSensorContext, any_home: AnyHome) -> None:
    """Queue and send what failed: the step and its error, or that the process of the run is gone."""
    run = context.dagster_run
    home = _run_home(run, any_home.home)
    events = context.get_step_failure_events()
    step, reason = None, context.failure_event.message or "the run failed"
    if events:
        key = events[0].step_key
        step = f"{key} ({STEPS[key]})" if key in STEPS else key
        error = events[0].step_failure_data.error
        while error is not None and error.cause:
            error = error.cause
        data = events[0].step_failure_data.user_failure_data
        reason = (data.description if data else None) or (error.message if error else reason)
    reason = " ".join((reason or "").split("Errors parsed from dbt logs:")[-1].split())
    messages = tell_operators(home, Failure(run.run_id, step, reason))
    home.note([f"run {run.run_id} ({run.job_name}) failed at {step}: {reason}", *messages.warnings()])
    context.log.info(f"messages queued: {messages.queued}, sent: {messages.sent}")


def _run_home(run: dg.DagsterRun, default: Home) -> Home:
    """Return the home to which a run wrote, which its configuration may name."""
    node: object = run.run_config
    for key in ("resources", "home", "config", "root"):
        node = node.get(key) if isinstance(node, dict) else None
    return Home(Path(node)) if isinstance(node, str) and node else default


@dg.sensor(
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Marks as failed the nights whose process is gone: killed, or ended with the machine.",
)
def lost_night_sensor(context: dg.SensorEvaluationContext, any_home: AnyHome) -> dg.SensorResult | dg.SkipReason:
    """A night holds the home's lock from its first step to its last; one that is under way and holds none is lost.

    It is marked where two looks find it so: between them a night that waits for another's lock gets it.
    """
    active_runs = context.instance.get_runs(
        dg.RunsFilter(job_name=nightly.name, statuses=[dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING])
    )
    if not active_runs or not _is_free(any_home.home):
        return dg.SensorResult(skip_reason="no night is lost", cursor="")
    seen_runs = set((context.cursor or "").split())
    for run in active_runs:
        if run.run_id in seen_runs:
            context.instance.report_run_failed(run, f"the process of the run is gone, seen at {vietnam_now()}")
    return dg.SensorResult(skip_reason="looking again", cursor=" ".join(run.run_id for run in active_runs))


def _is_free(home: Home) -> bool:
    """Tell whether no process holds the lock of a home."""
    if not home.lock.exists():
        return True
    with suppress(Timeout), FileLock(home.lock, timeout=0):
        return True
    return False
