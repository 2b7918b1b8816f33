"""Runs dbt for Dagster: models and tests become events as they finish."""

import os
import subprocess
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

import dagster as dg
from dagster_dbt import DbtCliInvocation
from packaging.version import Version
from pydantic import PrivateAttr

from pipeline.dagster_ui.published_tables import PublishedTables, PublishedTableTranslator, row_counts
from pipeline.home import PROJECT, Home
from pipeline.warehouse.build import build_environment, dbt_arguments, target_folder
from pipeline.warehouse.manifest import parsed_path


class Dbt(dg.ConfigurableResource):
    """One dbt process a run: started ahead, so that its imports pass while other stages work.

    dagster-dbt's own resource would ask a package index for dbt's latest version before each run, and load dbt into
    this process beside the one that it starts; so the invocation is made here.
    """

    _process: subprocess.Popen[bytes] | None = PrivateAttr(default=None)

    def start_ahead(self, home: Home) -> None:
        """Start dbt for ``home`` and let it import; :meth:`build` tells it to go on."""
        if self._process is None:
            self._process = subprocess.Popen(
                dbt_arguments(parse_file=parsed_path()),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env={**os.environ, **build_environment(home)},
                cwd=home.root,
            )

    def build(self, home: Home, context: dg.AssetExecutionContext, tables: PublishedTables) -> Iterator[Any]:
        """Build and test the warehouse of ``home``, yielding Dagster's events with what ``tables`` has to show."""
        self.start_ahead(home)
        process, self._process = self._process, None
        assert process is not None
        assert process.stdin is not None
        invocation = DbtCliInvocation(
            process=process,
            manifest=tables.manifest,
            dagster_dbt_translator=PublishedTableTranslator(),
            project_dir=PROJECT,
            target_path=target_folder(home),
            raise_on_error=True,
            context=context,
            cli_version=Version(version("dbt-core")),
        )
        process.stdin.write(b"go\n")
        process.stdin.close()
        rows: dict[str, int] = {}
        for event in invocation.stream_raw_events():
            rows |= row_counts(event.raw_event)
            for asset_event in event.to_default_asset_events(
                manifest=tables.manifest,
                dagster_dbt_translator=invocation.dagster_dbt_translator,
                context=context,
                target_path=invocation.target_path,
            ):
                yield _with_table_metadata(asset_event, tables, rows)

    def teardown_after_execution(self, context: dg.InitResourceContext) -> None:
        """End a dbt that was never told to go on: nothing had changed, or an earlier stage failed."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


def _with_table_metadata(asset_event: Any, tables: PublishedTables, rows: dict[str, int]) -> Any:
    """Return the event that says that a table stands with what there is to show of it; any other event as it is."""
    if not isinstance(asset_event, dg.Output):
        return asset_event
    node = str(asset_event.metadata["unique_id"].value)
    return asset_event.with_metadata(
        {**asset_event.metadata, **tables.table_metadata(tables.manifest["nodes"][node], rows.get(node))}
    )
