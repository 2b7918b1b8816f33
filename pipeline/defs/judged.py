"""Stage judged: every applicable rule leaves an outcome; every failing row becomes a finding."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import dagster as dg

from expectations.gx_process import begin_data_docs, validate_in_gx_process
from expectations.rules import packs
from pipeline.dagster_ui import Links, markdown_table
from pipeline.defs.resources import OneWriter
from pipeline.defs.table_schema import schema_metadata
from pipeline.judged.answers import idle_lines
from pipeline.judged.checks import HEADER, check_name, lost_outcomes, rule_results
from pipeline.judged.judge import judge_changed
from pipeline.last_resort import try_judging, with_last_resort
from pipeline.warehouse.run import Dbt

CELL_KEYS = [["cells", "submissions"], ["cells", "cells"], ["cells", "remarks"]]
OUTCOMES = dg.AssetKey(["judged", "outcomes"])
SPECS = [
    dg.AssetSpec(
        ["judged", name],
        deps=CELL_KEYS,
        group_name="judged",
        kinds={"great_expectations"},
        description=description,
        metadata=schema_metadata(name),
    )
    for name, description in (
        ("outcomes", "One row per applicable rule, form and submission."),
        ("findings", "One row per failing comparison, with its cells and sentences."),
        ("verdicts", "One row per submission: verdict, version and what it supersedes."),
        ("ratios", "One row per printed ratio or change, with its verdict."),
        ("causes", "One row per hypothesis about what went wrong in a return."),
        ("cause_findings", "One row per failing finding, with its cause."),
        ("standing", "One row per figure that reports of other periods are compared with."),
        ("waivers", "One row per finding that is explained or known."),
        ("tallies", "One row per rule and period: returns judged and failing."),
    )
]
RULES = [(pack, rule) for pack in packs() for rule in pack.rules]
RULE_CHECKS = [
    dg.AssetCheckSpec(
        check_name(pack, rule),
        asset=OUTCOMES,
        description=f"{rule.vi}. {rule.en}.",
        metadata={"pack": pack.pack, "rule": rule.id, "on_fail": str(rule.on_fail)},
    )
    for pack, rule in RULES
]
COMPLETENESS_CHECK = dg.AssetCheckSpec(
    "every_return_left_outcomes",
    asset=OUTCOMES,
    description="No readable return went without judgement. Only we can fix it.",
)
ANSWERS_CHECK = dg.AssetCheckSpec(
    "every_answer_silences_something",
    asset=dg.AssetKey(["judged", "waivers"]),
    description="No explanation is left whose finding is gone or whose time is over.",
)


@dg.multi_asset(specs=SPECS, check_specs=[*RULE_CHECKS, COMPLETENESS_CHECK, ANSWERS_CHECK], name="judged")
def judged(context: dg.AssetExecutionContext, home: OneWriter, dbt: Dbt) -> Iterator[Any]:
    """Judge the periods that changed, and show how each rule stands."""
    dbt.start_ahead(home.home)  # it imports and parses on the core that judging leaves idle
    judge = partial(judge_changed, home.home, validator=validate_in_gx_process, progress=context.log.info)
    summary = with_last_resort(home.home, "judged", judge, try_judging, say=context.log.warning)
    if summary.periods:
        begin_data_docs()  # its pages are written while the warehouse is built
    links = Links(home.home)
    for spec in SPECS:
        metadata: dict[str, Any] = {
            "rows of these periods": summary.rows[spec.key.path[-1]],
            "periods judged": ", ".join(summary.periods) or "none",
            "submissions": summary.submissions,
            "folder": dg.MetadataValue.path(str(home.home.judged)),
            "data docs": dg.MetadataValue.url(links.data_docs),
            "quality board": dg.MetadataValue.url(links.page("quality.html")),
        }
        yield dg.MaterializeResult(asset_key=spec.key, metadata=metadata)
    results = rule_results(home.home, packs())
    for pack, rule in RULES:
        result = results[check_name(pack, rule)]
        yield dg.AssetCheckResult(
            asset_key=OUTCOMES,
            check_name=check_name(pack, rule),
            passed=result.failing_count == 0,
            # A bad return is data: it colours the check and never stops the night.
            severity=dg.AssetCheckSeverity.WARN,
            metadata={
                "judged": result.judged_count,
                "failing": result.failing_count,
                "returns": dg.MetadataValue.md(
                    markdown_table(HEADER, result.returns, extra_count=result.omitted_count)
                ),
                "basis": rule.basis or pack.basis,
                "rule": dg.MetadataValue.url(links.rule(rule.id)),
                "data docs": dg.MetadataValue.url(links.data_docs),
                "try": f"thads query \"from fct_finding where pack = '{pack.pack}' and rule_id = '{rule.id}'\"",
            },
        )
    lost_count = lost_outcomes(home.home)
    yield dg.AssetCheckResult(
        asset_key=OUTCOMES, check_name=COMPLETENESS_CHECK.name, passed=lost_count == 0, metadata={"lost": lost_count}
    )
    idle_answers = idle_lines(home.home)
    yield dg.AssetCheckResult(
        asset_key=ANSWERS_CHECK.asset_key,
        check_name=ANSWERS_CHECK.name,
        passed=not idle_answers,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "idle": len(idle_answers),
            "answers": dg.MetadataValue.md(markdown_table(("answer",), ([line] for line in idle_answers))),
        },
    )
