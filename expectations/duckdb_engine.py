"""Great Expectations inside DuckDB: engine, datasource and the one expectation that all rules compile to.

Great Expectations reads results after its connection is closed, which DuckDB's driver does not allow; the engine here
keeps one connection open for its lifetime. Importing this module imports Great Expectations (2-10 s).
"""

import contextlib
from collections.abc import Iterator
from functools import cache
from typing import Any, ClassVar, Literal, Type  # noqa: UP035 - see execution_engine_type

import sqlalchemy as sa
from great_expectations.compatibility.pydantic import PrivateAttr
from great_expectations.datasource.fluent.sql_datasource import SQLDatasource
from great_expectations.execution_engine import ExecutionEngine, SqlAlchemyExecutionEngine
from great_expectations.expectations.expectation import MulticolumnMapExpectation
from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
from great_expectations.expectations.metrics.map_metric_provider import (
    MulticolumnMapMetricProvider,
    multicolumn_condition_partial,
)
from great_expectations.validator.validator import ValidationDependencies

UNUSED_METRICS = ("unexpected_values", "unexpected_index_query")  # metrics of a failing comparison that no one reads


class CachedInspector:
    """An inspector that remembers: the columns of one table cost SQLAlchemy a tenth of a second, and every suite asks."""

    def __init__(self, inspector: sa.Inspector) -> None:
        self.dialect = inspector.dialect
        self.get_columns = cache(inspector.get_columns)
        self.get_pk_constraint = cache(inspector.get_pk_constraint)


class DuckDBExecutionEngine(SqlAlchemyExecutionEngine):
    """Keeps its connection open, because results are read lazily; ``close_all`` ends them."""

    _connections: ClassVar[list[sa.Connection]] = []
    _inspectors: ClassVar[dict[str, CachedInspector]] = {}

    @contextlib.contextmanager
    def get_connection(self) -> Iterator[sa.Connection]:
        """Yield the one connection of this engine."""
        if self._connection is None:
            self._connection = self.engine.connect()
            self._connections.append(self._connection)
        yield self._connection

    def get_inspector(self) -> Any:
        """Return the inspector of columns, one for all engines on a file; until :meth:`close_all` no table changes."""
        url = str(self.engine.url)
        if url not in self._inspectors:
            self._inspectors[url] = CachedInspector(sa.inspect(self.engine))
        return self._inspectors[url]

    @classmethod
    def close_all(cls) -> None:
        """Close every connection, so that others may open the files."""
        cls._inspectors.clear()
        while cls._connections:
            connection = cls._connections.pop()
            connection.close()
            connection.engine.dispose()


class DuckDBDatasource(SQLDatasource):
    """A DuckDB file as a Great Expectations datasource."""

    type: Literal["duckdb"] = "duckdb"  # type: ignore[assignment]
    connection_string: str

    @property
    def execution_engine_type(self) -> Type[SqlAlchemyExecutionEngine]:  # noqa: UP006 - `type` is a field here
        """Return the engine that keeps its connection."""
        return DuckDBExecutionEngine


class FigureWithinInterval(MulticolumnMapMetricProvider):
    """Metric behind :class:`ExpectFigureWithinInterval`."""

    condition_metric_name = "multicolumn_values.figure_within_interval"
    condition_domain_keys = ("batch_id", "table", "column_list", "row_condition", "condition_parser", "ignore_row_if")
    condition_value_keys = ()

    @multicolumn_condition_partial(engine=SqlAlchemyExecutionEngine)
    def _sqlalchemy(cls, column_list: Any, **kwargs: Any) -> Any:
        found, low, high = column_list
        return sa.and_(found >= low, found <= high)


class ExpectFigureWithinInterval(MulticolumnMapExpectation):
    """Expect the first column to lie between the second and the third."""

    map_metric: ClassVar[str] = "multicolumn_values.figure_within_interval"
    success_keys: ClassVar = ("column_list", "mostly")
    args_keys: ClassVar = ("column_list",)

    _cached_configuration: ExpectationConfiguration | None = PrivateAttr(None)

    @property
    def configuration(self) -> ExpectationConfiguration:
        """Return this expectation as data, made once: Great Expectations reads it a hundred times per expectation."""
        if self._cached_configuration is None or self._cached_configuration.id != self.id:
            self._cached_configuration = super().configuration
        return self._cached_configuration

    def get_validation_dependencies(
        self,
        execution_engine: ExecutionEngine | None = None,
        runtime_configuration: dict | None = None,
    ) -> ValidationDependencies:
        """Ask for counts and keys only: values and the query text, which nobody reads, cost as much again."""
        dependencies = super().get_validation_dependencies(execution_engine, runtime_configuration)
        for metric in set(dependencies.get_metric_names()) & {f"{self.map_metric}.{name}" for name in UNUSED_METRICS}:
            dependencies.remove_metric_configuration(metric)
        return dependencies
