"""Stage alerts: each incident is told once; a resolved one gets a short notice."""

import dagster as dg

from pipeline.alerts.letters import write_letters
from pipeline.defs.resources import OneWriter


@dg.asset(
    key=["alerts", "letters"],
    deps=[["published", "warehouse"], ["marked", "workbooks"]],
    group_name="alerts",
    kinds={"markdown"},
    retry_policy=dg.RetryPolicy(max_retries=2, delay=5),
)
def letters(context: dg.AssetExecutionContext, home: OneWriter) -> dg.MaterializeResult:
    """Letters in ``alerts/outbox``: one per office and version."""
    written = write_letters(home.home)
    for incident in (*written.opened, *written.resolved):
        context.log.info(f"{incident['state']}: {incident['sentence_vi']}")
    return dg.MaterializeResult(
        metadata={
            "opened": len(written.opened),
            "resolved": len(written.resolved),
            "open": written.still_open,
            "outbox": dg.MetadataValue.path(str(home.home.alerts / "outbox")),
            "letters": dg.MetadataValue.md("\n".join(f"- {path.name}" for path in written.paths) or "none"),
        }
    )
