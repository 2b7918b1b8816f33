"""Great Expectations' Data Docs of the night, where the bulletin links them."""

import dagster as dg

from expectations.gx_process import take_data_docs
from pipeline.dagster_ui import Links
from pipeline.defs.resources import OneWriter
from pipeline.judged.data_docs import keep_data_docs


@dg.asset(
    key=["judged", "data_docs"],
    deps=[["judged", "outcomes"], ["published", "warehouse"]],
    group_name="judged",
    kinds={"html"},
)
def data_docs(context: dg.AssetExecutionContext, home: OneWriter) -> dg.MaterializeResult:
    """What each suite expected and what failed, in Great Expectations' own pages; they fetch nothing."""
    pages = keep_data_docs(home.home, take_data_docs())
    context.log.info(f"{pages} pages of Data Docs" if pages else "nothing was judged; the Data Docs stay as they were")
    return dg.MaterializeResult(
        metadata={
            "pages": pages,
            "open": dg.MetadataValue.url(Links(home.home).data_docs),
            "folder": dg.MetadataValue.path(str(home.home.data_docs)),
        }
    )
