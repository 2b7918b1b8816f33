"""Runs dbt for Dagster: models and tests become events as they finish."""

import json
import os
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DbtCliInvocation
from packaging.version import Version

from pipeline.home import PROJECT, Home
from pipeline.warehouse.build import build_environment, dbt_arguments, target_folder


def run_dbt(home: Home, context: dg.AssetExecutionContext, manifest: Path) -> Iterator[Any]:
    """Build and test the warehouse of ``home``, yielding Dagster's events.

    dagster-dbt's own resource would ask a package index for dbt's latest version before each run, and load dbt into
    this process beside the one that it starts; so the invocation is made here.
    """
    invocation = DbtCliInvocation.run(
        args=dbt_arguments(),
        env={**os.environ, **build_environment(home)},
        manifest=json.loads(manifest.read_bytes()),
        dagster_dbt_translator=DagsterDbtTranslator(),
        project_dir=PROJECT,
        target_path=target_folder(home),
        raise_on_error=True,
        context=context,
        adapter=None,
        cli_version=Version(version("dbt-core")),
    )
    yield from invocation.stream()
