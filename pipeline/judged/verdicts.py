"""Verdicts: the result of each submission, its number among the versions of its report, and which version stands."""

from collections.abc import Iterable

import polars as pl

from expectations.rule import Rule
from expectations.rules import Pack
from pipeline import tables
from pipeline.registry.units import UnitRegistry
from pipeline.vocabulary import OnFail, Verdict

PARTS = {"submission_id": pl.String, "form": pl.String, "part_submission_id": pl.String, "parts": pl.Int64}


def versions(submissions: pl.DataFrame) -> pl.DataFrame:
    """Return submission_id, version (from 1, in order of receipt) and the submission that it supersedes.

    A marked workbook that came back is later than the version it answers, whatever the clocks of a load say.
    """
    # A submission that could not be placed is a report of its own.
    report = pl.coalesce("report_id", "submission_id")
    answered_versions = submissions.select(
        pl.col("submission_id").alias("in_answer_to"),
        pl.col("received_at").alias("answered_at"),
        pl.lit(1).alias("is_answer"),
    ).unique("in_answer_to", keep="first")
    ordered_submissions = submissions.join(
        answered_versions, on="in_answer_to", how="left", maintain_order="left"
    ).with_columns(
        pl.max_horizontal("received_at", "answered_at").alias("received_at"), pl.col("is_answer").fill_null(0)
    )
    return ordered_submissions.sort(
        "batch", "received_at", "is_answer", "revision", "source_ref", "submission_id"
    ).select(
        "submission_id",
        "period_id",
        pl.int_range(1, pl.len() + 1, dtype=pl.Int32).over(report).alias("version"),
        pl.col("submission_id").shift(1).over(report).alias("supersedes"),
        pl.col("report_id").is_not_null().alias("is_placed"),
    )


def verdicts_frame(
    version_rows: pl.DataFrame, failures: pl.DataFrame, all_rules: Iterable[tuple[Pack, Rule]]
) -> pl.DataFrame:
    """Return the verdict of each submission, as ``tables.VERDICTS``.

    ``version_rows`` are the :func:`versions`; ``failures``: submission_id, pack and rule_id of what fails.
    """
    on_fail = pl.DataFrame(
        [(pack.pack, rule.id, str(rule.on_fail)) for pack, rule in all_rules],
        schema=["pack", "rule_id", "on_fail"],
        orient="row",
    )
    consequences = (
        failures.join(on_fail, on=["pack", "rule_id"])
        .group_by("submission_id")
        .agg(
            (pl.col("on_fail") == OnFail.RETURN).any().alias("is_returned"),
            (pl.col("on_fail") == OnFail.QUERY).any().alias("is_queried"),
        )
    )
    return (
        version_rows.join(consequences, on="submission_id", how="left", maintain_order="left")
        .with_columns(
            # A submission that could not be placed is sent back, even where no rule of its pack says so.
            pl.when(pl.col("is_returned").fill_null(False) | ~pl.col("is_placed"))
            .then(pl.lit(str(Verdict.RETURNED)))
            .when(pl.col("is_queried"))
            .then(pl.lit(str(Verdict.ACCEPTED_WITH_QUERY)))
            .otherwise(pl.lit(str(Verdict.ACCEPTED)))
            .alias("verdict"),
            pl.lit(False).alias("is_out_of_order"),
        )
        .select(list(tables.VERDICTS))
        .cast(tables.VERDICTS)
    )


def current_forms(submissions: pl.DataFrame, verdicts: pl.DataFrame, submitted_forms: pl.DataFrame) -> pl.DataFrame:
    """Return, for every report and form, the last version that was accepted: submission columns and form.

    One that is out of order (``revisions``) supersedes nothing. ``submitted_forms``: submission_id and form, one row for each form of a submission.
    """
    return (
        submissions.join(verdicts.select("submission_id", "verdict", "version", "is_out_of_order"), on="submission_id")
        .filter(
            pl.col("verdict").is_in([Verdict.ACCEPTED, Verdict.ACCEPTED_WITH_QUERY]),
            ~pl.col("is_out_of_order").fill_null(False),
        )
        .join(submitted_forms, on="submission_id")
        .sort("version")
        .unique(["report_id", "form"], keep="last", maintain_order=True)
    )


def office_parts(submissions: pl.DataFrame, current: pl.DataFrame, registry: UnitRegistry) -> pl.DataFrame:
    """Return, for every report of a province or of the nation, the accepted submissions that it adds up, by form.

    A province adds up its own caseload and its offices, the nation the provinces of the day.
    """
    summary_reports = submissions.filter(pl.col("scope").is_in(["province", "nation"]), pl.col("origin") == "submitted")
    expected_parts = pl.DataFrame(
        [
            (row["submission_id"], row["period_id"], row["is_simulated"], part, scope, len(parts))
            for row in summary_reports.drop_nulls(["unit_key", "period_id"]).to_dicts()
            for parts in [_parts(row, registry)]
            for part, scope in parts
        ],
        schema={
            "submission_id": pl.String,
            "period_id": pl.String,
            "is_simulated": pl.Boolean,
            "unit_key": pl.String,
            "scope": pl.String,
            "parts": pl.Int64,
        },
        orient="row",
    )
    place = ["period_id", "is_simulated", "unit_key", "scope"]
    parts = current.select(*place, "form", pl.col("submission_id").alias("part_submission_id"))
    return expected_parts.join(parts, on=place).select(list(PARTS))


def _parts(whole: dict, registry: UnitRegistry) -> list[tuple[str, str]]:
    """Return unit and scope of the reports that a province or the nation adds up."""
    if whole["scope"] == "nation":
        return [(province, "province") for province in registry.provinces_of(whole["period_end"])]
    offices = registry.parts_of(whole["unit_key"], whole["period_end"], is_simulated=whole["is_simulated"])
    return [(whole["unit_key"], "own"), *((office, "office") for office in offices)]
