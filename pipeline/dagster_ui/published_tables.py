"""What Dagster shows of a published table: how a reader names it, finds it, and asks it."""

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
ROWS_TOLD = re.compile(r"rows: (\d+)")
#: Written by ``make docs``.
DOCS = "docs/reference/tables.md"


class AsReadersSay(DagsterDbtTranslator):
    """Names a published table as the file does that readers open, not as the one that dbt builds."""

    def get_metadata(self, dbt_resource_props: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return dbt's metadata of a model with the name that a reader uses, and where its columns are described."""
        told = super().get_metadata(dbt_resource_props)
        if not is_published(dbt_resource_props):
            return told
        name = dbt_resource_props["name"]
        return {**told, "dagster/table_name": f"warehouse.main.{name}", "docs": f"{DOCS}#{name}"}


class Tables:
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

    def unchanged(self, rows: Mapping[str, int]) -> dict[str, dict[str, Any]]:
        """Return what is shown of each table of a release that stands, by table; ``rows`` are its own."""
        published = [node for node in self.manifest["nodes"].values() if is_published(node)]
        return {node["name"]: self.shown(node, rows.get(node["name"])) for node in published}

    def shown(self, node: Mapping[str, Any], rows: int | None) -> dict[str, Any]:
        """Return what the materialization of a table says beside dbt's own words; nothing of one that is not published."""
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


def rows_told(event: Mapping[str, Any]) -> dict[str, int]:
    """Return the rows of the node that dbt's raw event tells them of, by ``unique_id``; none of any other event."""
    told = ROWS_TOLD.fullmatch(event["info"]["msg"]) if event["info"]["name"] == "JinjaLogInfo" else None
    return {event["data"]["node_info"]["unique_id"]: int(told[1])} if told else {}
