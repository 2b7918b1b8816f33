"""Stage published: the built file becomes the live one in a single rename."""

from datetime import timedelta

import dagster as dg

from pipeline.calendar.deadlines import last_due_day
from pipeline.dagster_ui import Links, markdown_table
from pipeline.defs.resources import OneWriter
from pipeline.defs.warehouse import warehouse
from pipeline.published.releases import live_rows
from pipeline.warehouse.build import NotPublishable, frozen_plan, publish_build

#: National totals of a month are due some days after it ends; by the morning after, the warehouse must be newer.
FRESHNESS = dg.FreshnessPolicy.cron(
    deadline_cron=f"0 2 {last_due_day('nation')} * *",
    lower_bound_delta=timedelta(days=1),
    timezone="Asia/Ho_Chi_Minh",
)


@dg.asset(
    key=["published", "warehouse"],
    deps=[key for key in warehouse.keys if key.path[-1].startswith(("fct_", "mart_", "dim_", "bridge_"))],
    group_name="published",
    kinds={"duckdb"},
    freshness_policy=FRESHNESS,
    retry_policy=dg.RetryPolicy(max_retries=2, delay=5),
)
def published_warehouse(context: dg.AssetExecutionContext, home: OneWriter) -> dg.MaterializeResult:
    """The file that readers open. The last seven releases stay; readers never wait."""
    try:
        release = publish_build(home.home)
    except NotPublishable as refusal:
        raise dg.Failure(str(refusal), allow_retries=False) from None
    context.log.info(f"release {release.number} is live")
    return dg.MaterializeResult(
        metadata={
            "release": release.number,
            "made from": release.fingerprint,
            "warehouse": dg.MetadataValue.path(str(home.home.live)),
            "periods written": frozen_plan(home.home).periods_text,
            "megabytes": round(release.path.stat().st_size / 1e6, 1),
            "bulletin": dg.MetadataValue.url(Links(home.home).page("index.html")),
            "what changed": dg.MetadataValue.url(Links(home.home).page("changes.html")),
            "try": 'thads query "from mart_scorecard limit 20"',
            "rows": dg.MetadataValue.md(markdown_table(["table", "rows"], live_rows(home.home).items())),
        },
        data_version=dg.DataVersion(release.fingerprint),
    )
