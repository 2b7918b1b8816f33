"""Stage warehouse: one ``dbt build`` a night, beside the live file; its tests judge us."""

from collections.abc import Iterator
from typing import Any

import dagster as dg
from dagster_dbt import dbt_assets

from pipeline.defs.resources import OneWriter
from pipeline.published import find_release
from pipeline.warehouse.build import inputs_fingerprint, prepare_build
from pipeline.warehouse.manifest import manifest_path
from pipeline.warehouse.run import run_dbt

MANIFEST = manifest_path()


@dbt_assets(manifest=MANIFEST, name="warehouse")
def warehouse(context: dg.AssetExecutionContext, home: OneWriter) -> Iterator[Any]:
    """Build staging, facts, dimensions and marts, and test them; where nothing changed, the last release stands."""
    fingerprint = inputs_fingerprint(home.home)
    if release := find_release(home.home, fingerprint):
        context.log.info(f"nothing changed since release {release.number}: no build")
        for asset in sorted(context.selected_asset_keys):
            yield dg.MaterializeResult(
                asset_key=asset,
                metadata={"unchanged since release": release.number},
                data_version=dg.DataVersion(fingerprint),
            )
        return
    prepare_build(home.home)
    yield from run_dbt(home.home, context, MANIFEST)
