"""Stage bulletin: a static site of what was published, to read without us."""

import dagster as dg

from pipeline.bulletin import make_bulletin
from pipeline.dagster_ui import Links
from pipeline.defs.resources import LEFT_OUT, OneWriter


@dg.asset(
    key=["bulletin", "site"],
    deps=[["published", "warehouse"], ["judged", "data_docs"]],
    group_name="bulletin",
    kinds={"html"},
    retry_policy=dg.RetryPolicy(max_retries=2, delay=5),
)
def bulletin_site(context: dg.AssetExecutionContext, home: OneWriter) -> dg.MaterializeResult:
    """The site of the live release below ``bulletin/current``; readers of the old one keep a whole one."""
    bulletin = make_bulletin(home.home)
    context.log.info(
        f"{bulletin.pages} pages of release {bulletin.release}" + ("" if bulletin.is_new else ", as they stood")
    )
    for item in bulletin.left_out:
        context.log.warning(f"not made: {item}")
    return dg.MaterializeResult(
        metadata={
            LEFT_OUT: list(bulletin.left_out),
            "release": bulletin.release,
            "pages": bulletin.pages,
            "megabytes": round(bulletin.bytes / 1e6, 1),
            "largest page": f"{bulletin.largest[0]}, {bulletin.largest[1] / 1000:.0f} kB",
            "open": dg.MetadataValue.url(Links(home.home).page("index.html")),
            "folder": dg.MetadataValue.path(str(bulletin.folder)),
        }
    )
