"""Compiles rule packs to Great Expectations suites and runs them inside DuckDB.

One suite a pack and form, one expectation a rule; each judges all submissions of the form at once and returns the
keys of every failing comparison. Great Expectations takes seconds to import, so only functions of this module do it.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from expectations.comparisons import rule_key
from expectations.rules import Pack
from pipeline.vocabulary import Severity

os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")

ALL_FAILURES = 2_000_000_000  # Great Expectations shows 20 failing keys unless asked for more


#: A suite's name and the result that Great Expectations gives for it.
SuiteResult = tuple[str, Any]
#: The results of this process since they were last taken, for the Data Docs; without the keys of what fails.
_suite_results: list[SuiteResult] = []
MOST_SUITE_RESULTS = 1000

SEVERITIES = {Severity.ERROR: "critical", Severity.WARNING: "warning", Severity.INFO: "info"}


@dataclass(frozen=True)
class ValidationResult:
    """The results of the suites: ids of the comparisons that fail, and the validation results as plain data."""

    failed_ids: list[int]
    results: list[dict[str, Any]]


def validate(
    database: Path, packs: tuple[Pack, ...], *, keys: set[tuple[str, str, str]] | None = None
) -> ValidationResult:
    """Validate table ``comparison`` of ``database`` (comparison_id, rule_key, found, low, high).

    ``keys`` limits the suites to the (pack, rule, form) that made comparisons. No other connection to the file may be
    open. Raises ``RuntimeError`` where Great Expectations itself failed: an expectation never errs silently.
    """
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig
    from great_expectations.expectations.row_conditions import Column

    from expectations.duckdb_engine import DuckDBDatasource, DuckDBExecutionEngine, ExpectFigureWithinInterval

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    # Great Expectations gives a context one `add_` method for every datasource class that it has seen.
    source: DuckDBDatasource = context.data_sources.add_duckdb(
        name="judging", connection_string=f"duckdb:///{database}"
    )
    batch = source.add_table_asset("comparison", table_name="comparison").add_batch_definition_whole_table("all")
    definitions = [
        context.validation_definitions.add(
            gx.ValidationDefinition(
                name=f"{pack.pack}/{form}",
                data=batch,
                suite=context.suites.add(
                    gx.ExpectationSuite(
                        name=f"{pack.pack}/{form}",
                        meta={"pack_version": pack.full_version},
                        expectations=[
                            ExpectFigureWithinInterval(
                                column_list=["found", "low", "high"],
                                row_condition=Column("rule_key") == rule_key(pack, rule, form),
                                severity=SEVERITIES[rule.severity],  # type: ignore[arg-type]
                                description=f"{rule.vi} / {rule.en}",
                                meta={
                                    "pack": pack.pack,
                                    "rule_id": rule.id,
                                    "form": form,
                                    "on_fail": str(rule.on_fail),
                                },
                            )
                            for rule in rules
                        ],
                    )
                ),
            )
        )
        for pack, form, rules in _suites(packs, keys)
    ]
    if not definitions:
        return ValidationResult([], [])
    checkpoint = gx.Checkpoint(
        name="judge",
        validation_definitions=definitions,
        result_format={
            "result_format": "COMPLETE",
            "unexpected_index_column_names": ["comparison_id"],
            "partial_unexpected_count": ALL_FAILURES,
            "exclude_unexpected_values": True,  # then the keys come back as one list
        },
    )
    try:
        outcome = context.checkpoints.add(checkpoint).run()
    finally:
        DuckDBExecutionEngine.close_all()
        source.get_engine().dispose()  # the one that looked whether the table exists
    failed_ids: list[int] = []
    results: list[dict[str, Any]] = []
    for validation in outcome.run_results.values():
        for result in validation.results:
            meta: dict[str, Any] = result.expectation_config.meta  # type: ignore[union-attr]
            errors = [error for error in _errors(result.exception_info) if error]
            if errors:
                raise RuntimeError(f"rule {meta['rule_id']} on form {meta['form']} could not be judged: {errors[0]}")
            failing_entries = result.result.get("unexpected_index_list") or []
            failing_ids = [int(key) for entry in failing_entries for key in entry["comparison_id"]]
            if len(failing_ids) != (result.result.get("unexpected_count") or 0):
                raise RuntimeError(f"rule {meta['rule_id']}: Great Expectations counted more failures than it named")
            failed_ids += failing_ids
            results.append({**meta, "success": bool(result.success), "unexpected_count": len(failing_ids)})
            for key in [name for name in result.result if name.endswith("_list") or name.endswith("_counts")]:
                result.result[key] = []
        if len(_suite_results) < MOST_SUITE_RESULTS:
            _suite_results.append((str(validation.suite_name), validation))
    return ValidationResult(failed_ids, results)


def take_suite_results() -> list[SuiteResult]:
    """Return the results of this process since the last call, and keep them no longer."""
    results = list(_suite_results)
    _suite_results.clear()
    return results


def _suites(packs: tuple[Pack, ...], keys: set[tuple[str, str, str]] | None) -> Iterator[tuple[Pack, str, list[Any]]]:
    for pack in packs:
        for form in sorted({form for rule in pack.rules for form in rule.forms}):
            rules = [
                rule
                for rule in pack.rules
                if form in rule.forms and (keys is None or (pack.pack, rule.id, form) in keys)
            ]
            if rules:
                yield pack, form, rules


def _errors(exception_info: dict[str, Any]) -> Iterator[str | None]:
    """Yield the messages of an expectation's exceptions: one dictionary, or one per metric."""
    if "raised_exception" in exception_info:
        yield exception_info.get("exception_message") if exception_info["raised_exception"] else None
    else:
        for entry in exception_info.values():
            yield from _errors(entry)
