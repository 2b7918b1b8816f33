"""Stage landing: every file that arrives is kept by its content and leaves a receipt."""

from pathlib import Path

import dagster as dg

from pipeline.dagster_ui import markdown_table
from pipeline.defs.resources import OneWriter
from pipeline.defs.table_schema import schema_metadata
from pipeline.landing.receive import receive
from pipeline.vocabulary import Receipt


class Inbox(dg.Config):
    """The inbox of one load; empty for ``THADS_INBOX``, else the home's own."""

    inbox: str = ""


@dg.asset(
    key=["landing", "receipts"],
    group_name="landing",
    kinds={"parquet"},
    metadata=schema_metadata("receipts"),
    retry_policy=dg.RetryPolicy(max_retries=2, delay=5),
)
def receipts(context: dg.AssetExecutionContext, config: Inbox, home: OneWriter) -> dg.MaterializeResult:
    """The bytes by SHA-256, and a receipt for every file, unreadable ones too. One row per file, path and content."""
    inbox = Path(config.inbox) if config.inbox else home.inbox
    if not config.inbox:
        inbox.mkdir(parents=True, exist_ok=True)
    result = receive(inbox, home.home)
    for warning in result.warnings:
        context.log.warning(warning)
    return dg.MaterializeResult(
        metadata={
            "batch": result.batch or 0,
            "landed": result.count(Receipt.LANDED),
            "duplicates": result.count(Receipt.DUPLICATE),
            "unreadable": result.count(Receipt.UNREADABLE),
            "already landed": result.already_landed,
            "inbox": dg.MetadataValue.path(str(inbox)),
            "receipts": dg.MetadataValue.path(str(home.home.receipts)),
            "problems": dg.MetadataValue.md(markdown_table(("file", "problem", "in words"), result.problems())),
        }
    )
