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
    made = make_bulletin(home.home)
    context.log.info(f"{made.pages} pages of release {made.release}" + ("" if made.is_new else ", as they stood"))
    for item in made.left_out:
        context.log.warning(f"not made: {item}")
    return dg.MaterializeResult(
        metadata={
            LEFT_OUT: list(made.left_out),
            "release": made.release,
            "pages": made.pages,
            "megabytes": round(made.bytes / 1e6, 1),
            "largest page": f"{made.largest[0]}, {made.largest[1] / 1000:.0f} kB",
            "open": dg.MetadataValue.url(Links(home.home).page("index.html")),
            "folder": dg.MetadataValue.path(str(made.folder)),
        }
    )
