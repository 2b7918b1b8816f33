"""Stage warehouse: one ``dbt build`` a night, beside the live file; its tests judge us."""

import dagster as dg
from dagster_dbt import DbtCliResource, dbt_assets

from pipeline.defs.resources import HomeResource
from pipeline.warehouse.build import build_folder, dbt_arguments, export_environment, prepare_build
from pipeline.warehouse.manifest import manifest_path


@dbt_assets(manifest=manifest_path(), name="warehouse")
def warehouse(context: dg.AssetExecutionContext, dbt: DbtCliResource, home: HomeResource):  # type: ignore[no-untyped-def]
    """Build staging, facts, dimensions and marts, and test them."""
    prepare_build(home.home, context.run.run_id)
    export_environment(home.home, context.run.run_id)
    target = build_folder(home.home, context.run.run_id) / "dbt"
    yield from dbt.cli(dbt_arguments(), context=context, target_path=target).stream()
