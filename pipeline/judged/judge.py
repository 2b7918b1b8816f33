"""Judges all submissions of the periods that changed, and keeps the result per period.

``judged/<period>/`` is a pure function of the period's cells, the rule packs, the forms and the registry; a fingerprint
of these tells what must be judged again. Killed at any instant, the next call does what is missing.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from expectations.rule import Rule
from expectations.rules import Pack, packs
from expectations.suites import ValidationResult, validate
from pipeline import tables
from pipeline.calendar.deadlines import DEADLINES
from pipeline.causes import likely_causes
from pipeline.cells.version import reader_version
from pipeline.comparison.database import JudgingDatabase
from pipeline.forms import Forms, forms
from pipeline.home import Home
from pipeline.judged.answers import answers
from pipeline.judged.arrivals import arrivals
from pipeline.judged.checks import tallies_frame
from pipeline.judged.counterparts import counterpart_remarks
from pipeline.judged.findings import findings_frame
from pipeline.judged.outcomes import outcomes_frame
from pipeline.judged.partners import (
    compared_reports,
    partner_digests,
    partner_figures,
    partners,
    standing_cells,
    workbooks,
)
from pipeline.judged.ratios import ratios_frame
from pipeline.judged.revisions import is_out_of_order, lower_revisions, revision_remarks, unconfirmed_ids
from pipeline.judged.verdicts import current_forms, office_parts, verdicts_frame, versions
from pipeline.judged.waivers import match_waivers, waiver_digests, waivers
from pipeline.registry.home_register import registry_of
from pipeline.registry.targets import targets
from pipeline.registry.units import UnitRegistry, unit_registry
from pipeline.storage import batches_of, commit_folder, read_tables
from pipeline.vocabulary import UNPLACED, Status

#: Cells of a national month: below it, starting Great Expectations twice costs more than it saves.
WORTH_SHARING = 500_000
#: Two national months; judging takes about 600 bytes a cell.
MOST_CELLS = 4_000_000
#: Tables of a judged period.
JUDGED_TABLES = ("outcomes", "findings", "verdicts", "ratios", "causes", "cause_findings", "standing", "waivers")
#: One more table, counted from them.
TALLIES = "tallies"
#: The schemas of these tables: when a table or a column is added, every period is judged again.
LAYOUT = json.dumps([(name, repr(getattr(tables, name.upper()))) for name in (*JUDGED_TABLES, TALLIES)])

Progress = Callable[[str], None]
Validator = Callable[..., ValidationResult]


@dataclass(frozen=True)
class Judgement:
    """The result of judging: frames as in ``pipeline.tables``."""

    outcomes: pl.DataFrame
    findings: pl.DataFrame
    verdicts: pl.DataFrame
    ratios: pl.DataFrame
    causes: pl.DataFrame
    cause_findings: pl.DataFrame
    standing: pl.DataFrame
    waivers: pl.DataFrame

    @classmethod
    def empty(cls) -> "Judgement":
        """Return the judgement of no submissions."""
        return cls(**{name: pl.DataFrame(schema=getattr(tables, name.upper())) for name in JUDGED_TABLES})

    def select_submissions(self, submissions: pl.Series) -> "Judgement":
        """Return the judgement of these submissions only."""
        is_selected = pl.col("submission_id").is_in(submissions.implode())
        return Judgement(**{name: frame.filter(is_selected) for name, frame in vars(self).items()})

    def period_frames(self, period: str) -> dict[str, pl.DataFrame]:
        """Return the frames of one period, by file name."""
        is_period = pl.col("period_id").fill_null(UNPLACED) == period
        return {name: frame.filter(is_period) for name, frame in vars(self).items()}


@dataclass(frozen=True)
class JudgingContext:
    """What judging knows of other periods: their submissions, the figures of those that stand, and the waivers."""

    submissions: pl.DataFrame  # tables.SUBMISSIONS
    standing: pl.DataFrame  # tables.STANDING
    waivers: pl.DataFrame  # waivers.WAIVER

    @classmethod
    def empty(cls) -> "JudgingContext":
        """Return a context without other periods or answers."""
        return cls(
            pl.DataFrame(schema=tables.SUBMISSIONS),
            pl.DataFrame(schema=tables.STANDING),
            waivers(pl.DataFrame(schema=tables.ANSWERS)),
        )


@dataclass
class JudgingSummary:
    """What one call of :func:`judge_changed` judged."""

    periods: list[str] = field(default_factory=list)
    submissions: int = 0
    rows: Counter[str] = field(default_factory=Counter)  # by table


def judge_changed(
    home: Home, *, validator: Validator = validate, progress: Progress = lambda _: None
) -> JudgingSummary:
    """Judge the periods whose submissions or rules changed since they were last judged."""
    submissions = read_tables(home.cells, "submissions", tables.SUBMISSIONS).filter(pl.col("is_readable"))
    _commit(home, "none", Judgement.empty(), submissions.clear(), mark=LAYOUT)
    registry = registry_of(home)
    mark_by_period = {
        period: mark
        for period, mark in fingerprints(submissions, waivers(answers(home)), forms(), registry, packs()).items()
        if not _is_current(home.judged / period, mark)
    }
    # A better reader may leave a period without a submission: its old judgement is removed.
    obsolete_periods = (
        {folder.name for folder in home.judged.glob("*/")}
        - set(submissions["period_id"].fill_null(UNPLACED))
        - {"none"}
    )
    for period in sorted(obsolete_periods):
        _commit(home, period, Judgement.empty(), submissions.clear(), mark=LAYOUT)
    summary = JudgingSummary(periods=sorted(mark_by_period))
    portions = _portions(home, summary.periods, submissions)
    for number, periods in enumerate(portions, start=1):
        period_submissions = submissions.filter(pl.col("period_id").fill_null(UNPLACED).is_in(periods))
        portion_text = f", part {number} of {len(portions)}" if len(portions) > 1 else ""
        progress(f"judging {period_submissions.height} submissions of {len(periods)} periods{portion_text}")
        judgement = judge(
            period_submissions,
            read_tables(home.cells, "cells", tables.CELLS, submissions=period_submissions["submission_id"]),
            read_tables(home.cells, "remarks", tables.REMARKS, submissions=period_submissions["submission_id"]),
            database=home.warehouse / "judging.duckdb",
            context=load_context(home, period_submissions, submissions),
            registry=registry,
            validator=validator,
            progress=progress,
        )
        for period in periods:
            summary.rows[TALLIES] += _commit(home, period, judgement, period_submissions, mark=mark_by_period[period])
        summary.submissions += period_submissions.height
        summary.rows.update({name: frame.height for name, frame in vars(judgement).items()})
    return summary


def _portions(home: Home, periods: list[str], submissions: pl.DataFrame) -> list[list[str]]:
    """Divide periods, the earliest first, so that the cells of a portion fit in memory.

    Reports are compared with earlier ones only, so a portion finds the standing figures of all portions before it.
    """
    submission_ids = submissions.filter(pl.col("period_id").fill_null(UNPLACED).is_in(periods))["submission_id"]
    paths = [folder / "cells.parquet" for folder in batches_of(home.cells, submission_ids)]
    if not paths:
        return [periods] if periods else []
    counts = pl.scan_parquet(paths).group_by(pl.col("period_id").fill_null(UNPLACED)).len().collect()
    return divide(periods, dict(counts.iter_rows()), MOST_CELLS)


def divide(periods: list[str], cells: Mapping[str, int], limit: int) -> list[list[str]]:
    """Divide periods in their order into portions of at most ``limit`` cells; a larger period is a portion by itself."""
    portions: list[list[str]] = []
    size = 0
    for period in periods:
        # A period may have submissions and no cells, even the first.
        if not portions or size + cells.get(period, 0) > limit:
            portions.append([])
            size = 0
        portions[-1].append(period)
        size += cells.get(period, 0)
    return portions


def load_context(home: Home, judged_submissions: pl.DataFrame, submissions: pl.DataFrame) -> JudgingContext:
    """Return what ``home`` knows of the other periods with which ``judged_submissions`` are compared."""
    other_submissions = submissions.join(judged_submissions.select("period_id").unique(), on="period_id", how="anti")
    report_pairs = compared_reports(judged_submissions, other_submissions)
    paths = [
        path
        for period in sorted(set(report_pairs["period_id"]))
        if (path := home.judged / period / "standing.parquet").exists()
    ]
    standing = pl.DataFrame(schema=tables.STANDING)
    if paths:
        reports = report_pairs["report_id"].unique()
        standing = pl.scan_parquet(paths).filter(pl.col("report_id").is_in(reports.implode())).collect()
    return JudgingContext(other_submissions, standing, waivers(answers(home)))


def judge(
    submissions: pl.DataFrame,
    cells: pl.DataFrame,
    remarks: pl.DataFrame,
    *,
    database: Path,
    context: JudgingContext | None = None,
    declarations: Forms | None = None,
    registry: UnitRegistry | None = None,
    rule_packs: tuple[Pack, ...] | None = None,
    validator: Validator = validate,
    progress: Progress = lambda _: None,
) -> Judgement:
    """Judge submissions together: complete periods, as rules across offices look at their siblings.

    ``database`` is a scratch file that is overwritten, ``validator`` runs Great Expectations on it; ``context`` is what is known
    of the periods that are not judged now. Frames as in ``pipeline.tables``.

    First come the rules that look at one workbook by itself. What they accept stands, and the rules that
    compare reports, of this period and of others, look at it.
    """
    if submissions.is_empty():
        return Judgement.empty()
    declarations, registry, rule_packs = declarations or forms(), registry or unit_registry(), rule_packs or packs()
    context = context or JudgingContext.empty()
    remarks = pl.concat([remarks, counterpart_remarks(submissions, cells, declarations, registry)])
    db = JudgingDatabase(database, declarations, registry)
    try:
        db.load(submissions, cells, remarks, rule_packs)
        # The database has the cells; little of them is still needed here, and the rest is released.
        submitted_forms, cells = cells.select("submission_id", "form").unique(), partner_figures(cells, rule_packs)
        all_rules = [(pack, rule) for pack in rule_packs for rule in pack.rules]
        version_rows = versions(submissions)
        single_rules = [
            (pack, rule, form) for pack, rule in all_rules if not rule.needs_verdicts for form in rule.forms
        ]
        expectations, failed_ids = _compare_and_validate(db, rule_packs, rule_portions(single_rules, db), validator)
        progress(f"{expectations} expectations ran, {len(failed_ids)} comparisons fail")
        waived_comparisons = match_waivers(db, failed_ids, context.waivers, rule_packs)
        failures = _failures(db, failed_ids, waived_comparisons)
        verdicts = verdicts_frame(version_rows, failures, all_rules)
        revisions = lower_revisions(submissions, verdicts)
        db.add_remarks(revision_remarks(revisions))
        version_rule_ids = {rule.id for _, rule in all_rules if rule.needs_versions}
        late_ids = unconfirmed_ids(revisions, submissions, context.waivers, version_rule_ids)
        current = current_forms(
            submissions, verdicts.with_columns(is_out_of_order=is_out_of_order(late_ids)), submitted_forms
        )
        # An office that explained its amounts vouches for them; a slip that is merely known is still a slip.
        explanations = waived_comparisons.filter(pl.col("status") == str(Status.EXPLAINED))
        unit_slips = _unit_slips(_failures(db, failed_ids, explanations), all_rules)
        standing = standing_cells(current, cells, unit_slips)
        db.load_office_parts(office_parts(submissions, current, registry))
        db.load_partners(
            pl.concat(
                [
                    partners(
                        compared_reports(submissions, pl.concat([submissions, context.submissions])),
                        pl.concat([standing, context.standing]),
                        unit_slips,
                    ),
                    workbooks(submissions, submitted_forms, version_rows),
                ]
            ),
            pl.concat([standing, context.standing]),
            arrivals(submissions, version_rows),
        )
        paired_rules = [(pack, rule, form) for pack, rule in all_rules if rule.needs_verdicts for form in rule.forms]
        expectations, new_failed_ids = _compare_and_validate(db, rule_packs, [paired_rules], validator)
        if expectations:
            failed_ids = failed_ids + new_failed_ids
            waived_comparisons = match_waivers(db, failed_ids, context.waivers, rule_packs)
            failures = _failures(db, failed_ids, waived_comparisons)
            late_ids = failures.filter(pl.col("rule_id").is_in(sorted(version_rule_ids)))["submission_id"]
            verdicts = verdicts_frame(version_rows, failures, all_rules).with_columns(
                is_out_of_order=is_out_of_order(late_ids)
            )
            progress(f"{expectations} expectations compared reports with each other")
        findings, finding_waivers = findings_frame(db, failed_ids, waived_comparisons, rule_packs, declarations)
        causes = likely_causes(db, findings, submissions, rule_packs, declarations)
        return Judgement(
            outcomes=outcomes_frame(db, failed_ids, waived_comparisons, rule_packs, declarations, registry),
            findings=findings,
            verdicts=verdicts,
            ratios=ratios_frame(db),
            causes=causes.causes,
            cause_findings=causes.cause_findings,
            standing=standing,
            waivers=finding_waivers,
        )
    finally:
        db.close()


def _commit(home: Home, period: str, judgement: Judgement, submissions: pl.DataFrame, *, mark: str) -> int:
    """Store the judgement of one period with the tallies of its rules in one rename; return the number of tallies."""
    frames = judgement.period_frames(period)
    tallies = tallies_frame(frames["outcomes"], frames["findings"], frames["verdicts"], submissions)
    commit_folder(home, home.judged / period, {**frames, TALLIES: tallies}, fingerprint=mark)
    return tallies.height


def rule_portions(
    rules: Sequence[tuple[Pack, Rule, str]], db: JudgingDatabase
) -> list[Sequence[tuple[Pack, Rule, str]]]:
    """Divide rules so that Great Expectations judges the many on small forms while those on large forms are compared."""
    cell_counts = db.query("select form, count(*) as cells from cell group by form")
    total = cell_counts["cells"].sum()
    if total < WORTH_SHARING:
        return [rules]
    large_forms = set(cell_counts.filter(pl.col("cells") > total / 5)["form"])
    return [[entry for entry in rules if (entry[2] in large_forms) == is_large] for is_large in (False, True)]


def _compare_and_validate(
    db: JudgingDatabase,
    rule_packs: tuple[Pack, ...],
    portions: Iterable[Sequence[tuple[Pack, Rule, str]]],
    validator: Validator,
) -> tuple[int, list[int]]:
    """Compare and validate each portion of rules; return how many expectations ran, and the comparisons that fail."""
    expectations, pending = 0, []
    with ThreadPoolExecutor(max_workers=1) as executor:
        for rules in portions:
            comparison_file = db.compare(rules)
            if comparison_file.keys:
                expectations += len(comparison_file.keys)
                pending.append(executor.submit(validator, comparison_file.file, rule_packs, keys=comparison_file.keys))
        failed_ids = [failed_id for future in pending for failed_id in future.result().failed_ids]
    db.open_comparisons()
    return expectations, failed_ids


def _failures(db: JudgingDatabase, failed_ids: list[int], waived_comparisons: pl.DataFrame) -> pl.DataFrame:
    """Return submission_id, pack and rule_id of what fails and is not waived."""
    failed_frame = pl.DataFrame({"comparison_id": failed_ids}, schema={"comparison_id": pl.Int64})
    db.connection.register(
        "failed_in", failed_frame.join(waived_comparisons, on="comparison_id", how="anti").to_arrow()
    )
    try:
        return db.query(
            "select distinct submission_id, pack, rule_id from comparison semi join failed_in using (comparison_id)"
        )
    finally:
        db.connection.unregister("failed_in")


def _unit_slips(failures: pl.DataFrame, all_rules: Iterable[tuple[Pack, Rule]]) -> pl.DataFrame:
    """Return submission_id and form of amounts in the wrong unit: nothing is compared with them."""
    scale_rules = pl.DataFrame(
        [(pack.pack, rule.id, form) for pack, rule in all_rules if rule.detects_unit_slip for form in rule.forms],
        schema=dict.fromkeys(("pack", "rule_id", "form"), pl.String),  # a pack may have no such rule
        orient="row",
    )
    return failures.join(scale_rules, on=["pack", "rule_id"]).select("submission_id", "form").unique()


def fingerprints(
    submissions: pl.DataFrame,
    active_waivers: pl.DataFrame,
    declarations: Forms,
    registry: UnitRegistry,
    rule_packs: tuple[Pack, ...],
) -> dict[str, str]:
    """Return a hash of everything that a period's judgement depends on, by period."""
    common = [
        LAYOUT,
        reader_version(),
        *(pack.full_version for pack in rule_packs),
        *(form.version for form in declarations.all),
        targets().write_csv(),
        DEADLINES.read_text(encoding="utf-8"),
    ]
    partner_hashes, waiver_hashes = (
        partner_digests(submissions, submissions),
        waiver_digests(submissions, active_waivers),
    )
    grouped = submissions.with_columns(pl.col("period_id").fill_null(UNPLACED)).group_by("period_id")
    return {
        period: hashlib.sha256(
            json.dumps(
                [
                    common,
                    registry.version_on(last_day),
                    sorted(ids),
                    partner_hashes.get(period),
                    waiver_hashes.get(period),
                ]
            ).encode()
        ).hexdigest()
        for period, ids, last_day in grouped.agg("submission_id", pl.col("period_end").max()).iter_rows()
    }


def _is_current(folder: Path, mark: str) -> bool:
    path = folder / "fingerprint.txt"
    return path.exists() and path.read_text() == mark
