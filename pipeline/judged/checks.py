"""How each rule stands today: over the latest version of every report, for the asset checks of the Dagster UI."""

import re
from dataclasses import dataclass

import polars as pl

from expectations.rules import AnyRule, Pack
from pipeline import tables
from pipeline.home import Home
from pipeline.storage import read_tables
from pipeline.vocabulary import Status

MOST_SHOWN = 20


@dataclass(frozen=True)
class RuleResult:
    """How a rule stands: returns that it judged, returns that fail it, and a table of these."""

    judged: int
    failing: int
    table: str


def check_name(pack: Pack, rule: AnyRule) -> str:
    """Return the name of a rule's asset check: letters, digits and underscores."""
    return re.sub(r"\W+", "_", f"{pack.pack}__{rule.id}")


def tallies_frame(outcomes: pl.DataFrame, verdicts: pl.DataFrame, submissions: pl.DataFrame) -> pl.DataFrame:
    """Return how the rules came out in one period, as ``tables.TALLIES``: counted when judged, not every night."""
    latest = (
        verdicts.join(submissions.select("submission_id", "report_id", "source_ref"), on="submission_id")
        .with_columns(pl.coalesce("report_id", "submission_id").alias("report"))
        .filter(pl.col("version") == pl.col("version").max().over("report"))
        .select("submission_id", "source_ref")
    )
    of_rule = ["period_id", "pack", "rule_id"]
    is_failing = pl.col("status") == str(Status.FAIL)
    current = outcomes.join(latest, on="submission_id").sort("source_ref", "form")
    by_rule = current.group_by(of_rule).agg(
        pl.col("submission_id")
        .filter(pl.col("status") != str(Status.NOT_APPLICABLE))
        .n_unique()
        .cast(pl.Int64)
        .alias("judged"),
        pl.col("submission_id").filter(is_failing).n_unique().cast(pl.Int64).alias("failing"),
        is_failing.sum().cast(pl.Int64).alias("forms_failing"),
        pl.struct("source_ref", "form", "failed", "checked").filter(is_failing).head(MOST_SHOWN).alias("returns"),
    )
    by_any = outcomes.group_by("period_id").agg(pl.col("submission_id").n_unique().cast(pl.Int64).alias("judged"))
    return (
        pl.concat([pl.DataFrame(schema=tables.TALLIES), by_rule, by_any], how="diagonal")
        .select(list(tables.TALLIES))
        .cast(tables.TALLIES)
        .sort("pack", "rule_id", nulls_last=True)
    )


def rule_results(home: Home, packs: tuple[Pack, ...]) -> dict[str, RuleResult]:
    """Return how every rule of ``packs`` stands, by the name of its check."""
    tallies = (
        read_tables(home.judged, "tallies", tables.TALLIES).drop_nulls("rule_id").sort("period_id", nulls_last=True)
    )
    counted = {
        (pack, rule): (judged, failing)
        for pack, rule, judged, failing in tallies.group_by("pack", "rule_id")
        .agg(pl.col("judged").sum(), pl.col("failing").sum())
        .iter_rows()
    }
    failing = tallies.filter(pl.col("failing") > 0)
    results = {}
    for pack in packs:
        for rule in pack.rules:
            judged, fails = counted.get((pack.pack, rule.id), (0, 0))
            of_rule = (
                failing.filter(pl.col("pack") == pack.pack, pl.col("rule_id") == rule.id) if fails else failing.clear()
            )
            results[check_name(pack, rule)] = RuleResult(judged, fails, _table(of_rule))
    return results


def lost_outcomes(home: Home) -> int:
    """Count readable submissions that left no outcome at all: always our fault."""
    readable = (
        read_tables(home.cells, "submissions", tables.SUBMISSIONS)
        .filter("is_readable")
        .group_by("period_id")
        .agg(pl.col("submission_id").n_unique().cast(pl.Int64).alias("readable"))
    )
    judged = read_tables(home.judged, "tallies", tables.TALLIES).filter(pl.col("rule_id").is_null())
    lost = readable.join(judged, on="period_id", how="left", nulls_equal=True).select(
        (pl.col("readable") - pl.col("judged").fill_null(0)).clip(lower_bound=0)
    )
    return int(lost.to_series().sum())


def _table(tallies: pl.DataFrame) -> str:
    """Return the first returns that fail, and how many more there are, as a table in Markdown."""
    if tallies.is_empty():
        return ""
    rows = tallies.select("period_id", "returns").explode("returns").unnest("returns").head(MOST_SHOWN)
    lines = [
        f"| {row['period_id']} | {row['source_ref']} | {row['form']} | {row['failed']} of {row['checked']} |"
        for row in rows.iter_rows(named=True)
    ]
    more = tallies["forms_failing"].sum() - rows.height
    rest = [f"| ... | {more} more | | |"] if more else []
    return "\n".join(["| period | return | form | failing |", "|---|---|---|---|", *lines, *rest])
