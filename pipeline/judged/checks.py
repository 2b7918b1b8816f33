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


def rule_results(home: Home, packs: tuple[Pack, ...]) -> dict[str, RuleResult]:
    """Return how every rule of ``packs`` stands, by the name of its check."""
    current = _current_outcomes(home)
    results = {}
    for pack in packs:
        for rule in pack.rules:
            of_rule = current.filter(pl.col("pack") == pack.pack, pl.col("rule_id") == rule.id)
            failing = of_rule.filter(pl.col("status") == Status.FAIL)
            results[check_name(pack, rule)] = RuleResult(
                judged=of_rule.filter(pl.col("status") != Status.NOT_APPLICABLE)["submission_id"].n_unique(),
                failing=failing["submission_id"].n_unique(),
                table=_table(failing),
            )
    return results


def lost_outcomes(home: Home) -> int:
    """Count readable submissions that left no outcome at all: always our fault."""
    submissions = read_tables(home.cells, "submissions", tables.SUBMISSIONS).filter(pl.col("is_readable"))
    outcomes = read_tables(home.judged, "outcomes", tables.OUTCOMES).select("submission_id").unique()
    return submissions.join(outcomes, on="submission_id", how="anti").height


def _current_outcomes(home: Home) -> pl.DataFrame:
    submissions = read_tables(home.cells, "submissions", tables.SUBMISSIONS)
    verdicts = read_tables(home.judged, "verdicts", tables.VERDICTS)
    latest = (
        verdicts.join(submissions.select("submission_id", "report_id", "source_ref"), on="submission_id")
        .with_columns(pl.coalesce("report_id", "submission_id").alias("report"))
        .filter(pl.col("version") == pl.col("version").max().over("report"))
        .select("submission_id", "source_ref")
    )
    return read_tables(home.judged, "outcomes", tables.OUTCOMES).join(latest, on="submission_id")


def _table(failing: pl.DataFrame) -> str:
    if failing.is_empty():
        return ""
    rows = failing.sort("period_id", "source_ref", "form").head(MOST_SHOWN).iter_rows(named=True)
    lines = [
        f"| {row['period_id']} | {row['source_ref']} | {row['form']} | {row['failed']} of {row['checked']} |"
        for row in rows
    ]
    more = [f"| ... | {failing.height - MOST_SHOWN} more | | |"] if failing.height > MOST_SHOWN else []
    return "\n".join(["| period | return | form | failing |", "|---|---|---|---|", *lines, *more])
