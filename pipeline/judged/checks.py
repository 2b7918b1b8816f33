"""How each rule stands today: over the latest version of every report, for the asset checks of the Dagster UI."""

import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import polars as pl

from expectations.rule import Rule
from expectations.rules import Pack
from pipeline import tables
from pipeline.home import Home
from pipeline.storage import read_tables
from pipeline.vocabulary import Status

MOST_SHOWN = 20
MOST_CELLS = 4
MOST_RAW_CHARACTERS = 40
#: The header of the table of returns that fail a rule.
HEADER = ("period", "return", "form", "failing", "cells", "found", "expected", "off by")


@dataclass(frozen=True)
class RuleResult:
    """How a rule stands: how many returns it judged, how many fail it, the first of these as ``HEADER``, how many more."""

    judged_count: int
    failing_count: int
    returns: list[tuple[Any, ...]] = field(default_factory=list)
    omitted_count: int = 0


def check_name(pack: Pack, rule: Rule) -> str:
    """Return the name of a rule's asset check: letters, digits and underscores."""
    return re.sub(r"\W+", "_", f"{pack.pack}__{rule.id}")


def tallies_frame(
    outcomes: pl.DataFrame, findings: pl.DataFrame, verdicts: pl.DataFrame, submissions: pl.DataFrame
) -> pl.DataFrame:
    """Return how the rules came out in one period, as ``tables.TALLIES``: counted when judged, not every night."""
    latest = (
        verdicts.join(submissions.select("submission_id", "report_id", "source_ref"), on="submission_id")
        .with_columns(pl.coalesce("report_id", "submission_id").alias("report"))
        .filter(pl.col("version") == pl.col("version").max().over("report"))
        .select("submission_id", "source_ref")
    )
    rule_key = ["period_id", "pack", "rule_id"]
    is_failing = pl.col("status") == str(Status.FAIL)
    latest_outcomes = outcomes.join(latest, on="submission_id").sort("source_ref", "form")
    rule_counts = latest_outcomes.group_by(rule_key).agg(
        pl.col("submission_id")
        .filter(pl.col("status") != str(Status.NOT_APPLICABLE))
        .n_unique()
        .cast(pl.Int64)
        .alias("judged"),
        pl.col("submission_id").filter(is_failing).n_unique().cast(pl.Int64).alias("failing"),
        is_failing.sum().cast(pl.Int64).alias("forms_failing"),
    )
    returns = (
        latest_outcomes.filter(is_failing)
        .group_by(rule_key, maintain_order=True)
        .head(MOST_SHOWN)
        .join(_first_findings(findings), on=["submission_id", "pack", "rule_id", "form"], how="left", nulls_equal=True)
        .group_by(rule_key, maintain_order=True)
        .agg(
            pl.struct("source_ref", "form", "failed", "checked", "cells", "expected", "found", "difference").alias(
                "returns"
            )
        )
    )
    period_counts = outcomes.group_by("period_id").agg(
        pl.col("submission_id").n_unique().cast(pl.Int64).alias("judged")
    )
    return (
        pl.concat(
            [
                pl.DataFrame(schema=tables.TALLIES),
                rule_counts.join(returns, on=rule_key, how="left", nulls_equal=True).with_columns(
                    pl.col("returns").fill_null([])
                ),
                period_counts,
            ],
            how="diagonal",
        )
        .select(list(tables.TALLIES))
        .cast(tables.TALLIES)
        .sort("pack", "rule_id", nulls_last=True)
    )


def _first_findings(findings: pl.DataFrame) -> pl.DataFrame:
    """Return the first failing finding of every rule and form of a return, with the first of its cells as one text."""
    cell = pl.element().struct
    address = pl.concat_str(cell.field("sheet"), cell.field("address"), separator="!")
    return (
        findings.filter(pl.col("status") == str(Status.FAIL))
        .unique(["submission_id", "pack", "rule_id", "form"], keep="first", maintain_order=True)
        .select(
            "submission_id",
            "pack",
            "rule_id",
            "form",
            pl.col("cells")
            .list.head(MOST_CELLS)
            .list.eval(
                pl.concat_str(address, cell.field("raw").fill_null("").str.head(MOST_RAW_CHARACTERS), separator=" = ")
            )
            .list.join(", ", ignore_nulls=True)
            + pl.when(pl.col("cells").list.len() > MOST_CELLS).then(pl.lit(", ...")).otherwise(pl.lit("")),
            "expected",
            "found",
            "difference",
        )
    )


def rule_results(home: Home, packs: tuple[Pack, ...]) -> dict[str, RuleResult]:
    """Return how every rule of ``packs`` stands, by the name of its check."""
    tallies = (
        read_tables(home.judged, "tallies", tables.TALLIES).drop_nulls("rule_id").sort("period_id", nulls_last=True)
    )
    counts = {
        (pack, rule): (judged_count, failing_tallies)
        for pack, rule, judged_count, failing_tallies in tallies.group_by("pack", "rule_id")
        .agg(pl.col("judged").sum(), pl.col("failing").sum())
        .iter_rows()
    }
    failing_tallies = tallies.filter(pl.col("failing") > 0)
    results = {}
    for pack in packs:
        for rule in pack.rules:
            judged_count, failing_count = counts.get((pack.pack, rule.id), (0, 0))
            rule_tallies = (
                failing_tallies.filter(pl.col("pack") == pack.pack, pl.col("rule_id") == rule.id)
                if failing_count
                else failing_tallies.clear()
            )
            returns = _returns(rule_tallies)
            results[check_name(pack, rule)] = RuleResult(
                judged_count, failing_count, returns, int(rule_tallies["forms_failing"].sum()) - len(returns)
            )
    return results


def lost_outcomes(home: Home) -> int:
    """Count readable submissions that left no outcome at all: always our fault."""
    readable_counts = (
        read_tables(home.cells, "submissions", tables.SUBMISSIONS)
        .filter("is_readable")
        .group_by("period_id")
        .agg(pl.col("submission_id").n_unique().cast(pl.Int64).alias("readable"))
    )
    judged_counts = read_tables(home.judged, "tallies", tables.TALLIES).filter(pl.col("rule_id").is_null())
    missing = readable_counts.join(judged_counts, on="period_id", how="left", nulls_equal=True).select(
        (pl.col("readable") - pl.col("judged").fill_null(0)).clip(lower_bound=0)
    )
    return int(missing.to_series().sum())


def _returns(tallies: pl.DataFrame) -> list[tuple[Any, ...]]:
    """Return the first returns that fail, as rows of ``HEADER``."""
    if tallies.is_empty():
        return []
    rows = tallies.select("period_id", "returns").explode("returns").unnest("returns").head(MOST_SHOWN)
    return [
        (
            *(row["period_id"], row["source_ref"], row["form"], f"{row['failed']} of {row['checked']}", row["cells"]),
            *(_figure(row[name]) for name in ("found", "expected", "difference")),
        )
        for row in rows.iter_rows(named=True)
    ]


def _figure(amount: Decimal | None) -> str:
    """Return an amount without the trailing zeros of its type."""
    return "" if amount is None else f"{amount.normalize():,f}"
