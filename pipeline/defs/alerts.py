"""Stage alerts: each incident is reported once, and once more when resolved; digests go to the people in the contacts."""

import dagster as dg

from pipeline.alerts.failure import broken_files_of, tell_operators
from pipeline.alerts.letters import write_letters
from pipeline.alerts.sending import send_digests
from pipeline.dagster_ui import Links, linked_list, markdown_table
from pipeline.defs.resources import LEFT_OUT, OneWriter


@dg.asset(
    key=["alerts", "letters"],
    deps=[["published", "warehouse"], ["marked", "workbooks"]],
    group_name="alerts",
    kinds={"markdown"},
    retry_policy=dg.RetryPolicy(max_retries=2, delay=5),
)
def letters(context: dg.AssetExecutionContext, home: OneWriter) -> dg.MaterializeResult:
    """Letters in ``alerts/outbox``: one per office and version; and the standing list of what is open."""
    result = write_letters(home.home)
    for incident in (*result.opened, *result.resolved):
        context.log.info(f"{incident['state']}: {incident['sentence_vi']}")
    for item in result.left_out:
        context.log.warning(f"not written: {item}")
    links, outbox = Links(home.home), home.home.alerts / "outbox"
    return dg.MaterializeResult(
        metadata={
            LEFT_OUT: result.left_out,
            "opened": len(result.opened),
            "resolved": len(result.resolved),
            "open": result.still_open,
            "outbox": dg.MetadataValue.path(str(outbox)),
            "letters": dg.MetadataValue.md(linked_list(links.addresses(result.paths, outbox))),
            "all that is open": dg.MetadataValue.url(links.address(home.home.alerts / "standing.md")),
            "quality board": dg.MetadataValue.url(links.page("quality.html")),
            "try": "thads alerts list",
        }
    )


@dg.asset(
    key=["alerts", "messages"],
    deps=[["alerts", "letters"]],
    group_name="alerts",
    kinds={"email"},
    retry_policy=dg.RetryPolicy(max_retries=2, delay=5),
)
def messages(context: dg.AssetExecutionContext, home: OneWriter) -> dg.MaterializeResult:
    """Digests by e-mail and chat: queued, sent, and what waits because a channel is down. That is never a red run."""
    digests = send_digests(home.home)
    operator_messages = tell_operators(home.home, *broken_files_of(home.home))
    for line in (*digests.warnings(), *operator_messages.failures.values()):
        context.log.warning(line)
    return dg.MaterializeResult(
        metadata={
            "queued": digests.queued,
            "to operators": operator_messages.queued,
            "sent": digests.sent,
            "waiting": digests.waiting,
            "refused": digests.refused,
            "may arrive twice": len(digests.uncertain),
            "incidents without a contact": digests.unaddressed,
            "failed": dg.MetadataValue.md(markdown_table(("channel", "reason"), digests.failures.items())),
            "contacts": dg.MetadataValue.md(markdown_table(("line", "problem"), digests.problem_rows())),
            "queue": dg.MetadataValue.path(str(home.home.alerts / "queue")),
            "try": "thads outbox list",
        }
    )
