"""What a run shows of itself in the Dagster UI: tables in Markdown, and links to what people read of a home."""

from pipeline.dagster_ui.links import Links
from pipeline.dagster_ui.markdown import linked_list, markdown_table

__all__ = ["Links", "linked_list", "markdown_table"]
