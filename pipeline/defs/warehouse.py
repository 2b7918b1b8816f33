"""Stage warehouse: one ``dbt build`` a night, beside the live file; its tests judge us."""

from collections.abc import Iterator
from graphlib import TopologicalSorter
from typing import Any

import dagster as dg
from dagster_dbt import dbt_assets

from pipeline.defs.resources import OneWriter
from pipeline.published import find_release
from pipeline.warehouse.build import inputs_fingerprint, prepare_build
from pipeline.warehouse.manifest import manifest_path
from pipeline.warehouse.run import Dbt

MANIFEST = manifest_path()


@dbt_assets(manifest=MANIFEST, name="warehouse")
def warehouse(context: dg.AssetExecutionContext, home: OneWriter, dbt: Dbt) -> Iterator[Any]:
    """Build staging, facts, dimensions and marts, and test them; where nothing changed, the last release stands."""
    fingerprint = inputs_fingerprint(home.home)
    if release := find_release(home.home, fingerprint):
        context.log.info(f"nothing changed since release {release.number}: no build")
        for asset in _in_order(context):
            yield dg.MaterializeResult(
                asset_key=asset,
                metadata={"unchanged since release": release.number},
                data_version=dg.DataVersion(fingerprint),
            )
        return
    prepare_build(home.home)
    yield from dbt.build(home.home, context, MANIFEST)


def _in_order(context: dg.AssetExecutionContext) -> list[dg.AssetKey]:
    """Return the tables of this run, each after those that it is made from, as Dagster wants them told."""
    parents = {spec.key: {dep.asset_key for dep in spec.deps} for spec in context.assets_def.specs}
    return [key for key in TopologicalSorter(parents).static_order() if key in context.selected_asset_keys]
