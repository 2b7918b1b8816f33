"""A history of nights without Dagster: the stages' own functions, and one dbt that parses its project once."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb

from pipeline.cells.read import read_landed
from pipeline.declared import export_declarations
from pipeline.home import Home
from pipeline.judged.judge import judge_changed
from pipeline.landing.receive import receive
from pipeline.warehouse.build import (
    BuildPlan,
    build_environment,
    built_file,
    freeze_inputs,
    prepare_build,
    publish_build,
    record_build,
)


@dataclass
class History:
    """Nights in one home."""

    home: Home
    plans: list[BuildPlan] = field(default_factory=list)

    def night(self, inbox: Path, *, with_tests: bool = False) -> BuildPlan:
        """Take in what is new in ``inbox``, judge it, build the periods that changed and publish them."""
        receive(inbox, self.home)
        read_landed(self.home)
        judge_changed(self.home)
        export_declarations(self.home)
        return self.build(with_tests=with_tests)

    def build(self, *, with_tests: bool = False) -> BuildPlan:
        """Build what changed since the live release, and publish it."""
        plan = prepare_build(self.home, freeze_inputs(self.home))
        self._dbt(with_tests)
        record_build(self.home, plan, "a test")
        publish_build(self.home)
        self.plans.append(plan)
        return plan

    def rebuild(self) -> Path:
        """Build every period beside the live release, and return the file; it is not published."""
        prepare_build(self.home, freeze_inputs(self.home, everything=True))
        self._dbt(with_tests=False)
        return built_file(self.home)

    def _dbt(self, with_tests: bool) -> None:
        from dbt.adapters.duckdb.connections import DuckDBConnectionManager

        before, stood = dict(os.environ), Path.cwd()
        os.environ.update(build_environment(self.home) | {"DBT_LOG_FORMAT": "text"})
        try:
            os.chdir(self.home.root)
            left_out = ["unit_test", "exposure"] + ([] if with_tests else ["test"])
            self._invoke("build", "--exclude-resource-types", *left_out)
        finally:
            DuckDBConnectionManager.close_all_connections()
            os.chdir(stood)
            os.environ.clear()
            os.environ.update(before)

    @cached_property
    def _parsed(self) -> Any:
        from dbt.cli.main import dbtRunner

        return dbtRunner().invoke(["--quiet", "--log-level-file", "none", "parse"]).result

    def _invoke(self, *command: str) -> None:
        from dbt.cli.main import dbtRunner

        done = dbtRunner(manifest=self._parsed).invoke(["--quiet", "--log-level-file", "none", *command])
        failed = [f"{one.node.name}: {one.message}" for one in done.result or () if one.status in ("error", "fail")]
        assert done.success, failed or done.exception


def differences(one: Path, other: Path) -> Iterator[str]:
    """Yield what differs between the tables of two warehouse files."""
    with duckdb.connect() as connection:
        for name, path in (("one", one), ("other", other)):
            connection.execute(f"attach '{path}' as {name} (read_only)")
        tables = {
            name: {
                row[0]
                for row in connection.execute(
                    "select table_name from duckdb_tables() where database_name = ?", [name]
                ).fetchall()
            }
            for name in ("one", "other")
        }
        assert tables["one"] == tables["other"]
        assert tables["one"]
        for table in sorted(tables["one"]):
            for left, right in (("one", "other"), ("other", "one")):
                only = connection.execute(f"from {left}.{table} except all from {right}.{table}").fetchall()
                if only:
                    yield f"{len(only)} rows of {table} only in {left}, for example {only[0]}"
