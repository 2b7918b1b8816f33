"""Stage warehouse: one ``dbt build`` a night, beside the live file; its tests judge us."""

from collections.abc import Iterator
from graphlib import TopologicalSorter
from typing import Any

import dagster as dg
from dagster_dbt import dbt_assets

from pipeline.dagster_ui.published_tables import PublishedTables, PublishedTableTranslator
from pipeline.defs.resources import OneWriter
from pipeline.home import Home
from pipeline.judged.judge import judge_changed
from pipeline.last_resort import try_building, with_last_resort
from pipeline.published import find_release
from pipeline.published.mending import mend
from pipeline.warehouse.build import freeze_inputs, prepare_build, record_build
from pipeline.warehouse.manifest import manifest_path
from pipeline.warehouse.run import Dbt

MANIFEST = manifest_path()


class Build(dg.Config):
    """How to build; ``full`` writes every period into an empty file, although perhaps few or none changed."""

    full: bool = False


@dbt_assets(manifest=MANIFEST, name="warehouse", dagster_dbt_translator=PublishedTableTranslator())
def warehouse(context: dg.AssetExecutionContext, config: Build, home: OneWriter, dbt: Dbt) -> Iterator[Any]:
    """Build staging, facts, dimensions and marts of the periods that changed, and test them.

    Where nothing changed, the last release stands; where the build fails over a submission, it is made without that. All
    tables are built together: a release that holds some of them as they are and others as they were would contradict
    itself.
    """
    _refuse_partial_run(context)
    for sentence in mend(home.home):
        context.log.warning(sentence)
    events: list[Any] = []

    def build() -> None:
        events.clear()
        for event in _events(context, config, home.home, dbt):
            events.append(event)

    def judge_and_build() -> None:
        judge_changed(home.home, progress=context.log.info)
        build()

    try:
        with_last_resort(home.home, "warehouse", build, try_building, say=context.log.warning, rerun=judge_and_build)
    except Exception:
        yield from events
        raise
    yield from events


def _events(context: dg.AssetExecutionContext, config: Build, home: Home, dbt: Dbt) -> Iterator[Any]:
    """Yield the Dagster events of one build."""
    plan = freeze_inputs(home, everything=config.full)
    tables = PublishedTables(MANIFEST, home)
    release = None if config.full else find_release(home, plan.fingerprint)
    if release:
        context.log.info(f"nothing changed since release {release.number}: no build")
        table_metadata = tables.release_metadata(release.record.tables if release.record else {})
        for asset in _ordered_tables(context):
            yield dg.MaterializeResult(
                asset_key=asset,
                metadata={"unchanged since release": release.number, **table_metadata.get(asset.path[-1], {})},
                data_version=dg.DataVersion(plan.fingerprint),
            )
        return
    context.log.info(f"periods written: {plan.periods_text}")
    prepare_build(home, plan)
    yield from dbt.build(home, context, tables)
    record = record_build(home, plan, context.run_id)
    context.log.info(f"the build is whole: {record.models} models, {record.tests} tests passed")


def _refuse_partial_run(context: dg.AssetExecutionContext) -> None:
    """End the run, before anything is touched, where only some tables or tests were chosen."""
    missing_tables = set(warehouse.keys) - set(context.selected_asset_keys)
    missing_checks = set(warehouse.check_keys) - set(context.selected_asset_check_keys)
    if missing_tables or missing_checks:
        raise dg.Failure(
            f"Kho dữ liệu chỉ được dựng trọn vẹn; còn {len(missing_tables)} bảng và {len(missing_checks)} kiểm tra không được "
            "chọn. Hãy chạy cả job nightly, hoặc chọn mọi bảng của kho · the warehouse is built as a whole: "
            f"{len(missing_tables)} tables and {len(missing_checks)} tests were not chosen. Launch the job 'nightly', or choose "
            "every table of the warehouse; nothing was changed.",
            allow_retries=False,
        )


def _ordered_tables(context: dg.AssetExecutionContext) -> list[dg.AssetKey]:
    """Return the tables of this run, each after those that it is made from: the order that Dagster requires."""
    parents = {spec.key: {dep.asset_key for dep in spec.deps} for spec in context.assets_def.specs}
    return [key for key in TopologicalSorter(parents).static_order() if key in context.selected_asset_keys]
