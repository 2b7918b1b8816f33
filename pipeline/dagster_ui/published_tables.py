"""What Dagster shows of a published table: the name readers use, where it is, and how to query it."""

import re
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator
from dagster_dbt.dbt_manifest import validate_manifest

from pipeline.dagster_ui import Links
from pipeline.home import Home

#: Folders of models that are published; staging and intermediate models stay in the scratch database.
PUBLISHED = ("core", "marts")
#: The line of ``dbt_project/macros/tell_rows.sql``.
ROW_COUNT_LINE = re.compile(r"rows: (\d+)")
#: Written by ``make docs``.
DOCS = "docs/reference/tables.md"


class PublishedTableTranslator(DagsterDbtTranslator):
    """Names a published table as in the file that readers open, not as in the one that dbt builds."""

    def get_metadata(self, dbt_resource_props: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return dbt's metadata of a model with the name that a reader uses, and where its columns are described."""
        metadata = super().get_metadata(dbt_resource_props)
        if not is_published(dbt_resource_props):
            return metadata
        name = dbt_resource_props["name"]
        return {**metadata, "dagster/table_name": f"warehouse.main.{name}", "docs": f"{DOCS}#{name}"}


class PublishedTables:
    """The published tables of a manifest, and what a materialization shows of each."""

    def __init__(self, manifest: Path, home: Home) -> None:
        #: The manifest of the dbt project; dagster-dbt has read it already when it made assets from it.
        self.manifest = validate_manifest(manifest)
        self._home = home
        self._links = Links(home)

    @cached_property
    def pages(self) -> dict[str, str]:
        """The page of the bulletin on which one looks first for a table, by table."""
        exposures = self.manifest["exposures"].values()
        return next(exposure["config"]["meta"]["pages"] for exposure in exposures if exposure["name"] == "bulletin")

    def release_metadata(self, rows: Mapping[str, int]) -> dict[str, dict[str, Any]]:
        """Return what is shown of each table of an unchanged release, by table; ``rows`` are its row counts."""
        published = [node for node in self.manifest["nodes"].values() if is_published(node)]
        return {node["name"]: self.table_metadata(node, rows.get(node["name"])) for node in published}

    def table_metadata(self, node: Mapping[str, Any], rows: int | None) -> dict[str, Any]:
        """Return what the materialization of a published table shows in addition to dbt's metadata; nothing for others."""
        if not is_published(node):
            return {}
        name = node["name"]
        return {
            **({} if rows is None else {"dagster/row_count": rows}),
            "table": " ".join(node["description"].split()),
            "warehouse": dg.MetadataValue.path(str(self._home.live)),
            "try": f'thads query "from {name} limit 20"',
            **({"bulletin": dg.MetadataValue.url(self._links.page(self.pages[name]))} if name in self.pages else {}),
        }


def is_published(node: Mapping[str, Any]) -> bool:
    """Return whether a node of the manifest is a table that readers see."""
    return node["resource_type"] == "model" and node["fqn"][1] in PUBLISHED


def row_counts(event: Mapping[str, Any]) -> dict[str, int]:
    """Return the row count that dbt's raw event reports, by the node's ``unique_id``; nothing from any other event."""
    match = ROW_COUNT_LINE.fullmatch(event["info"]["msg"]) if event["info"]["name"] == "JinjaLogInfo" else None
    return {event["data"]["node_info"]["unique_id"]: int(match[1])} if match else {}
