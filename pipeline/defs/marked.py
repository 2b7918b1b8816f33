"""Stage marked: offices get their own file again, with what does not add up shown where it stands."""

import dagster as dg

from pipeline.dagster_ui import Links, linked_list
from pipeline.defs.resources import LEFT_OUT, OneWriter
from pipeline.marked import write_marked


@dg.asset(
    key=["marked", "workbooks"],
    deps=[["judged", "findings"], ["judged", "causes"], ["published", "warehouse"]],
    group_name="marked",
    kinds={"excel"},
    retry_policy=dg.RetryPolicy(max_retries=2, delay=5),
)
def marked_workbooks(context: dg.AssetExecutionContext, home: OneWriter) -> dg.MaterializeResult:
    """Marked workbooks in ``marked/<period>``: one per version that is returned or queried, to go with its letter."""
    result = write_marked(home.home)
    context.log.info(f"{len(result.paths)} files marked, {result.beside} of them reports beside a file")
    for item in result.left_out:
        context.log.warning(f"not marked: {item}")
    return dg.MaterializeResult(
        metadata={
            LEFT_OUT: result.left_out,
            "written": len(result.paths),
            "beside a file": result.beside,
            "folder": dg.MetadataValue.path(str(home.home.marked)),
            "files": dg.MetadataValue.md(linked_list(Links(home.home).to_all(result.paths, home.home.marked))),
        }
    )
