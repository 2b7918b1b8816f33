"""Stage warehouse: one ``dbt build`` a night, beside the live file; its tests judge us."""

from collections.abc import Iterator
from graphlib import TopologicalSorter
from typing import Any

import dagster as dg
from dagster_dbt import dbt_assets

from pipeline.defs.resources import OneWriter
from pipeline.published import find_release
from pipeline.published.releases import row_counts
from pipeline.warehouse.build import freeze_inputs, prepare_build
from pipeline.warehouse.described import AsReadersSay, Tables
from pipeline.warehouse.manifest import manifest_path
from pipeline.warehouse.run import Dbt

MANIFEST = manifest_path()


class Build(dg.Config):
    """How to build; ``full`` writes every period into an empty file, although perhaps few or none changed."""

    full: bool = False


@dbt_assets(manifest=MANIFEST, name="warehouse", dagster_dbt_translator=AsReadersSay())
def warehouse(context: dg.AssetExecutionContext, config: Build, home: OneWriter, dbt: Dbt) -> Iterator[Any]:
    """Build staging, facts, dimensions and marts of the periods that changed, and test them.

    Where nothing changed, the last release stands.
    """
    plan = freeze_inputs(home.home, everything=config.full)
    tables = Tables(MANIFEST, home.home)
    release = None if config.full else find_release(home.home, plan.fingerprint)
    if release:
        context.log.info(f"nothing changed since release {release.number}: no build")
        shown = tables.unchanged(row_counts(release.path))
        for asset in _in_order(context):
            yield dg.MaterializeResult(
                asset_key=asset,
                metadata={"unchanged since release": release.number, **shown.get(asset.path[-1], {})},
                data_version=dg.DataVersion(plan.fingerprint),
            )
        return
    context.log.info(f"periods written: {plan.told}")
    prepare_build(home.home, plan)
    yield from dbt.build(home.home, context, tables)


def _in_order(context: dg.AssetExecutionContext) -> list[dg.AssetKey]:
    """Return the tables of this run, each after those that it is made from, as Dagster wants them told."""
    parents = {spec.key: {dep.asset_key for dep in spec.deps} for spec in context.assets_def.specs}
    return [key for key in TopologicalSorter(parents).static_order() if key in context.selected_asset_keys]
