"""Judges all submissions of the periods that changed, and keeps the result per period.

``judged/<period>/`` is a pure function of the period's cells, the rule packs, the forms and the registry; a fingerprint
of these tells what must be judged again. Killed at any instant, the next call does what is missing.
"""

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from expectations.rules import AnyRule, Pack, packs
from expectations.suites import Verdicts, validate
from pipeline import tables
from pipeline.causes import likely_causes
from pipeline.forms import Forms, forms
from pipeline.home import Home
from pipeline.judged.bench import Bench, is_across_offices
from pipeline.judged.findings import findings_frame
from pipeline.judged.ratios import ratios_frame
from pipeline.registry.targets import targets
from pipeline.registry.units import UnitRegistry, unit_registry
from pipeline.storage import commit_folder, read_tables
from pipeline.vocabulary import OnFail, Status, Verdict

UNPLACED = "unplaced"
#: Tables of a judged period: one more, and every period is judged again.
JUDGED = ("outcomes", "findings", "verdicts", "ratios", "causes", "cause_findings")

Progress = Callable[[str], None]
Validate = Callable[..., Verdicts]


@dataclass(frozen=True)
class Judgement:
    """What judging left: frames as in ``pipeline.tables``."""

    outcomes: pl.DataFrame
    findings: pl.DataFrame
    verdicts: pl.DataFrame
    ratios: pl.DataFrame
    causes: pl.DataFrame
    cause_findings: pl.DataFrame

    def of_period(self, period: str) -> dict[str, pl.DataFrame]:
        """Return the frames of one period, by file name."""
        is_period = pl.col("period_id").fill_null(UNPLACED) == period
        return {name: frame.filter(is_period) for name, frame in vars(self).items()}


@dataclass
class Judged:
    """What one call of :func:`judge_changed` did."""

    periods: list[str] = field(default_factory=list)
    submissions: int = 0
    outcomes: int = 0
    findings: int = 0


def judge_changed(home: Home, *, by: Validate = validate, progress: Progress = lambda _: None) -> Judged:
    """Judge the periods whose submissions or rules changed since they were last judged."""
    submissions = read_tables(home.cells, "submissions", tables.SUBMISSIONS).filter(pl.col("is_readable"))
    commit_folder(home, home.judged / "none", _empty().of_period("none"), fingerprint=" ".join(JUDGED))
    changed = {
        period: mark
        for period, mark in _fingerprints(submissions, forms(), unit_registry(), packs()).items()
        if not _is_current(home.judged / period, mark)
    }
    done = Judged(periods=sorted(changed))
    if not changed:
        return done
    of_changed = submissions.filter(pl.col("period_id").fill_null(UNPLACED).is_in(list(changed)))
    cells = read_tables(home.cells, "cells", tables.CELLS, of=of_changed["submission_id"])
    remarks = read_tables(home.cells, "remarks", tables.REMARKS, of=of_changed["submission_id"])
    progress(f"judging {of_changed.height} submissions of {len(changed)} periods")
    judgement = judge(of_changed, cells, remarks, database=home.warehouse / "judging.duckdb", by=by, progress=progress)
    for period, mark in sorted(changed.items()):
        commit_folder(home, home.judged / period, judgement.of_period(period), fingerprint=mark)
    done.submissions = of_changed.height
    done.outcomes = judgement.outcomes.height
    done.findings = judgement.findings.height
    return done


def judge(
    submissions: pl.DataFrame,
    cells: pl.DataFrame,
    remarks: pl.DataFrame,
    *,
    database: Path,
    declared: Forms | None = None,
    registry: UnitRegistry | None = None,
    using: tuple[Pack, ...] | None = None,
    by: Validate = validate,
    progress: Progress = lambda _: None,
) -> Judgement:
    """Judge submissions beside each other: complete periods, as rules across offices look at their siblings.

    ``database`` is a scratch file that is overwritten, ``by`` runs Great Expectations on it. Frames as in ``pipeline.tables``.
    """
    if submissions.is_empty():
        return _empty()
    declared, registry, using = declared or forms(), registry or unit_registry(), using or packs()
    bench = Bench(database, declared, registry)
    try:
        bench.lay_out(submissions, cells, remarks, using)
        all_rules = [(pack, rule) for pack in using for rule in pack.rules]
        made = bench.compare((pack, rule) for pack, rule in all_rules if not is_across_offices(rule))
        failed = _validate(bench, using, made, by)
        progress(f"{len(made)} expectations ran, {len(failed)} comparisons fail")
        verdicts = _verdicts(submissions, _failures(bench, failed), all_rules)
        bench.lay_out_offices(_office_parts(submissions, verdicts, cells, registry))
        across = bench.compare((pack, rule) for pack, rule in all_rules if is_across_offices(rule))
        if across:
            failed = failed + _validate(bench, using, across, by)
            verdicts = _verdicts(submissions, _failures(bench, failed), all_rules)
        findings = findings_frame(bench, failed, using, declared)
        likely = likely_causes(bench, findings, submissions, using, declared)
        return Judgement(
            outcomes=_outcomes(bench, failed, using, declared, registry),
            findings=findings,
            verdicts=verdicts,
            ratios=ratios_frame(bench),
            causes=likely.causes,
            cause_findings=likely.cause_findings,
        )
    finally:
        bench.close()


def _validate(bench: Bench, using: tuple[Pack, ...], made: set[tuple[str, str, str]], by: Validate) -> list[int]:
    bench.close()
    try:
        return by(bench.database, using, keys=made).failed
    finally:
        bench.reopen()


def _failures(bench: Bench, failed: list[int]) -> pl.DataFrame:
    """Return submission_id, pack and rule_id of what fails."""
    bench.connection.register(
        "failed_in", pl.DataFrame({"comparison_id": failed}, schema={"comparison_id": pl.Int64}).to_arrow()
    )
    try:
        return bench.query(
            "select distinct submission_id, pack, rule_id from comparison semi join failed_in using (comparison_id)"
        )
    finally:
        bench.connection.unregister("failed_in")


def _verdicts(
    submissions: pl.DataFrame, failures: pl.DataFrame, all_rules: Iterable[tuple[Pack, AnyRule]]
) -> pl.DataFrame:
    """Return each submission's verdict and its place among the versions of its report."""
    on_fail = pl.DataFrame(
        [(pack.pack, rule.id, str(rule.on_fail)) for pack, rule in all_rules],
        schema=["pack", "rule_id", "on_fail"],
        orient="row",
    )
    worst = (
        failures.join(on_fail, on=["pack", "rule_id"])
        .group_by("submission_id")
        .agg(
            (pl.col("on_fail") == OnFail.RETURN).any().alias("is_returned"),
            (pl.col("on_fail") == OnFail.QUERY).any().alias("is_queried"),
        )
    )
    in_order = submissions.sort("batch", "received_at", "revision", "source_ref", "submission_id")
    return (
        in_order.join(worst, on="submission_id", how="left", maintain_order="left")
        .with_columns(
            pl.when(pl.col("is_returned"))
            .then(pl.lit(str(Verdict.RETURNED)))
            .when(pl.col("is_queried"))
            .then(pl.lit(str(Verdict.ACCEPTED_WITH_QUERY)))
            .otherwise(pl.lit(str(Verdict.ACCEPTED)))
            .alias("verdict"),
            pl.int_range(1, pl.len() + 1, dtype=pl.Int32).over(_report()).alias("version"),
            pl.col("submission_id").shift(1).over(_report()).alias("supersedes"),
        )
        .select(list(tables.VERDICTS))
        .cast(tables.VERDICTS)
    )


def _report() -> pl.Expr:
    """A submission that could not be placed is a report of its own."""
    return pl.coalesce("report_id", "submission_id")


def _office_parts(
    submissions: pl.DataFrame, verdicts: pl.DataFrame, cells: pl.DataFrame, registry: UnitRegistry
) -> pl.DataFrame:
    """Return, for every province's report and form, the accepted submissions of its own caseload and its offices."""
    provinces = submissions.filter(pl.col("scope") == "province", pl.col("origin") == "submitted")
    wanted = pl.DataFrame(
        [
            (row["submission_id"], row["period_id"], row["is_simulated"], part, scope, len(offices) + 1)
            for row in provinces.drop_nulls(["unit_key", "period_id"]).to_dicts()
            for offices in [registry.parts_of(row["unit_key"], row["period_end"], is_simulated=row["is_simulated"])]
            for part, scope in [(row["unit_key"], "own"), *((office, "office") for office in offices)]
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
    current = (
        submissions.join(verdicts.select("submission_id", "verdict", "version"), on="submission_id")
        .filter(pl.col("verdict").is_in([Verdict.ACCEPTED, Verdict.ACCEPTED_WITH_QUERY]))
        .join(cells.select("submission_id", "form").unique(), on="submission_id")
        .sort("version")
        .unique(["report_id", "form"], keep="last", maintain_order=True)
        .select(
            "period_id",
            "is_simulated",
            "unit_key",
            "scope",
            "form",
            pl.col("submission_id").alias("part_submission_id"),
        )
    )
    return wanted.join(current, on=["period_id", "is_simulated", "unit_key", "scope"]).select(
        "submission_id", "form", "part_submission_id", "parts"
    )


def _outcomes(
    bench: Bench, failed: list[int], using: tuple[Pack, ...], declared: Forms, registry: UnitRegistry
) -> pl.DataFrame:
    """Return one outcome per applicable rule, form and submission; nothing compared is not applicable, never a pass."""
    versions = pl.DataFrame(
        [(pack.pack, pack.full_version) for pack in using], schema=["pack", "pack_version"], orient="row"
    )
    form_versions = pl.DataFrame(
        [
            (form.code, regime.name, form.version)
            for regime in declared.regimes.values()
            for form in declared.applied_in(regime).values()
        ],
        schema=["form", "regime", "form_version"],
        orient="row",
    )
    connection = bench.connection
    connection.register(
        "failed_in", pl.DataFrame({"comparison_id": failed}, schema={"comparison_id": pl.Int64}).to_arrow()
    )
    connection.register("versions_in", versions.to_arrow())
    connection.register("form_versions_in", form_versions.to_arrow())
    frame = bench.query(
        f"""
        with counted as (
            select submission_id, pack, rule_id, form, count(*) as checked,
                   count(*) filter (comparison_id in (select comparison_id from failed_in)) as failed
            from comparison
            group by all
        )
        select applicable.submission_id, applicable.period_id, applicable.rule_id, applicable.form, applicable.pack,
               versions_in.pack_version, form_versions_in.form_version, '{registry.version}' as unit_version,
               case when coalesce(failed, 0) > 0 then '{Status.FAIL}'
                    when coalesce(checked, 0) > 0 then '{Status.PASS}'
                    else '{Status.NOT_APPLICABLE}' end as status,
               coalesce(checked, 0) as checked, coalesce(failed, 0) as failed
        from applicable
        join submission using (submission_id)
        join versions_in on versions_in.pack = applicable.pack
        left join form_versions_in on form_versions_in.form = applicable.form
                                  and form_versions_in.regime = submission.regime
        left join counted on counted.submission_id = applicable.submission_id and counted.pack = applicable.pack
                         and counted.rule_id = applicable.rule_id and counted.form = applicable.form
        order by applicable.submission_id, applicable.form, applicable.rule_id
        """
    )
    for name in ("failed_in", "versions_in", "form_versions_in"):
        connection.unregister(name)
    return frame.cast(tables.OUTCOMES)


def _fingerprints(
    submissions: pl.DataFrame, declared: Forms, registry: UnitRegistry, using: tuple[Pack, ...]
) -> dict[str, str]:
    """Return a hash of everything that a period's judgement depends on, by period."""
    common = [
        *JUDGED,
        *(pack.full_version for pack in using),
        *(form.version for form in declared.all),
        registry.version,
        targets().write_csv(),
    ]
    grouped = submissions.with_columns(pl.col("period_id").fill_null(UNPLACED)).group_by("period_id")
    return {
        row["period_id"]: hashlib.sha256(json.dumps([common, sorted(row["submission_id"])]).encode()).hexdigest()
        for row in grouped.agg("submission_id").to_dicts()
    }


def _is_current(folder: Path, mark: str) -> bool:
    marked = folder / "fingerprint.txt"
    return marked.exists() and marked.read_text() == mark


def _empty() -> Judgement:
    return Judgement(
        outcomes=pl.DataFrame(schema=tables.OUTCOMES),
        findings=pl.DataFrame(schema=tables.FINDINGS),
        verdicts=pl.DataFrame(schema=tables.VERDICTS),
        ratios=pl.DataFrame(schema=tables.RATIOS),
        causes=pl.DataFrame(schema=tables.CAUSES),
        cause_findings=pl.DataFrame(schema=tables.CAUSE_FINDINGS),
    )
