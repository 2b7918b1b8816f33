"""When the night runs: at one in the morning in Vietnam, and when something arrives in the inbox."""

import dagster as dg

from pipeline.defs.resources import AnyHome
from pipeline.landing.pending import outward, pending

nightly = dg.define_asset_job(
    "nightly",
    selection=dg.AssetSelection.all(),
    # One process, so that one lock is held from the first stage to the last.
    executor_def=dg.in_process_executor,
    description="From inbox to letters: land, read, judge, build, publish, tell.",
)

nightly_schedule = dg.ScheduleDefinition(
    name="nightly_schedule",
    job=nightly,
    cron_schedule="0 1 * * *",
    execution_timezone="Asia/Ho_Chi_Minh",
    default_status=dg.DefaultScheduleStatus.RUNNING,
)


@dg.sensor(job=nightly, minimum_interval_seconds=30, default_status=dg.DefaultSensorStatus.RUNNING)
def inbox_sensor(context: dg.SensorEvaluationContext, any_home: AnyHome) -> dg.SensorResult | dg.SkipReason:
    """Start a load when the inbox holds contents that no load has landed; the run key is their hash."""
    inbox = any_home.inbox
    if not inbox.exists():
        return dg.SkipReason(f"there is no inbox at {inbox}")
    seen = outward(inbox, any_home.home)
    before, _, state = (context.cursor or "").partition(" ")
    if seen != before:
        # A file that is still being copied must not be taken for a broken one.
        return dg.SensorResult(skip_reason="something arrived; waiting until it stands still", cursor=f"{seen} moving")
    if state == "done":
        return dg.SkipReason("nothing arrived")
    waiting = pending(inbox, any_home.home)
    requests = [dg.RunRequest(run_key=waiting)] if waiting else []
    return dg.SensorResult(run_requests=requests, cursor=f"{seen} done")
