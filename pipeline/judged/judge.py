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
from expectations.suites import Verdicts, validate
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
from pipeline.judged.partners import compared_beside, digests, partners, standing_cells, wanted, workbooks
from pipeline.judged.ratios import ratios_frame
from pipeline.judged.revisions import falling_revisions, is_among, revision_remarks, unconfirmed
from pipeline.judged.verdicts import current_forms, office_parts, verdicts_frame, versions
from pipeline.judged.waivers import waived, waiver_digests, waivers
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
JUDGED = ("outcomes", "findings", "verdicts", "ratios", "causes", "cause_findings", "standing", "waivers")
#: Beside them, counted from them.
TALLIES = "tallies"
#: What these tables hold: with one more, or one more column, every period is judged again.
LAYOUT = json.dumps([(name, repr(getattr(tables, name.upper()))) for name in (*JUDGED, TALLIES)])

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
    standing: pl.DataFrame
    waivers: pl.DataFrame

    @classmethod
    def none(cls) -> "Judgement":
        """Return the judgement of no submission at all."""
        return cls(**{name: pl.DataFrame(schema=getattr(tables, name.upper())) for name in JUDGED})

    def of(self, submissions: pl.Series) -> "Judgement":
        """Return what was judged of these submissions."""
        chosen = pl.col("submission_id").is_in(submissions.implode())
        return Judgement(**{name: frame.filter(chosen) for name, frame in vars(self).items()})

    def of_period(self, period: str) -> dict[str, pl.DataFrame]:
        """Return the frames of one period, by file name."""
        is_period = pl.col("period_id").fill_null(UNPLACED) == period
        return {name: frame.filter(is_period) for name, frame in vars(self).items()}


@dataclass(frozen=True)
class Others:
    """What is known beside the submissions judged now: those of other periods, their figures that stand, and waivers."""

    submissions: pl.DataFrame  # tables.SUBMISSIONS
    standing: pl.DataFrame  # tables.STANDING
    waivers: pl.DataFrame  # waivers.WAIVER

    @classmethod
    def none(cls) -> "Others":
        """Return that no other period and no answer is known."""
        return cls(
            pl.DataFrame(schema=tables.SUBMISSIONS),
            pl.DataFrame(schema=tables.STANDING),
            waivers(pl.DataFrame(schema=tables.ANSWERS)),
        )


@dataclass
class Judged:
    """What one call of :func:`judge_changed` did."""

    periods: list[str] = field(default_factory=list)
    submissions: int = 0
    rows: Counter[str] = field(default_factory=Counter)  # by table


def judge_changed(home: Home, *, by: Validate = validate, progress: Progress = lambda _: None) -> Judged:
    """Judge the periods whose submissions or rules changed since they were last judged."""
    submissions = read_tables(home.cells, "submissions", tables.SUBMISSIONS).filter(pl.col("is_readable"))
    _commit(home, "none", Judgement.none(), submissions.clear(), mark=LAYOUT)
    registry = registry_of(home)
    changed = {
        period: mark
        for period, mark in fingerprints(submissions, waivers(answers(home)), forms(), registry, packs()).items()
        if not _is_current(home.judged / period, mark)
    }
    # A reader that places better may leave a period without a submission: what was judged there goes.
    left = (
        {folder.name for folder in home.judged.glob("*/")}
        - set(submissions["period_id"].fill_null(UNPLACED))
        - {"none"}
    )
    for period in sorted(left):
        _commit(home, period, Judgement.none(), submissions.clear(), mark=LAYOUT)
    done = Judged(periods=sorted(changed))
    portions = _portions(home, done.periods, submissions)
    for number, periods in enumerate(portions, start=1):
        of_periods = submissions.filter(pl.col("period_id").fill_null(UNPLACED).is_in(periods))
        of_all = f", part {number} of {len(portions)}" if len(portions) > 1 else ""
        progress(f"judging {of_periods.height} submissions of {len(periods)} periods{of_all}")
        judgement = judge(
            of_periods,
            read_tables(home.cells, "cells", tables.CELLS, submissions=of_periods["submission_id"]),
            read_tables(home.cells, "remarks", tables.REMARKS, submissions=of_periods["submission_id"]),
            database=home.warehouse / "judging.duckdb",
            others=others_of(home, of_periods, submissions),
            registry=registry,
            by=by,
            progress=progress,
        )
        for period in periods:
            done.rows[TALLIES] += _commit(home, period, judgement, of_periods, mark=changed[period])
        done.submissions += of_periods.height
        done.rows.update({name: frame.height for name, frame in vars(judgement).items()})
    return done


def _portions(home: Home, periods: list[str], submissions: pl.DataFrame) -> list[list[str]]:
    """Divide periods, the earliest first, so that the cells of a portion fit in memory.

    Reports are compared with earlier ones only, so those of a portion find what stands of all portions before.
    """
    of_periods = submissions.filter(pl.col("period_id").fill_null(UNPLACED).is_in(periods))["submission_id"]
    paths = [folder / "cells.parquet" for folder in batches_of(home.cells, of_periods)]
    if not paths:
        return [periods] if periods else []
    counts = pl.scan_parquet(paths).group_by(pl.col("period_id").fill_null(UNPLACED)).len().collect()
    return divide(periods, dict(counts.iter_rows()), MOST_CELLS)


def divide(periods: list[str], cells: Mapping[str, int], most: int) -> list[list[str]]:
    """Divide periods in their order into portions of at most so many cells; one larger than that stands alone."""
    portions: list[list[str]] = []
    size = 0
    for period in periods:
        # A period may have submissions and no cell, also the first.
        if not portions or size + cells.get(period, 0) > most:
            portions.append([])
            size = 0
        portions[-1].append(period)
        size += cells.get(period, 0)
    return portions


def others_of(home: Home, judged: pl.DataFrame, submissions: pl.DataFrame) -> Others:
    """Return what ``home`` knows of the periods that ``judged`` submissions look at and that are not judged with them."""
    elsewhere = submissions.join(judged.select("period_id").unique(), on="period_id", how="anti")
    looked_at = wanted(judged, elsewhere)
    paths = [
        path
        for period in sorted(set(looked_at["period_id"]))
        if (path := home.judged / period / "standing.parquet").exists()
    ]
    standing = pl.DataFrame(schema=tables.STANDING)
    if paths:
        reports = looked_at["report_id"].unique()
        standing = pl.scan_parquet(paths).filter(pl.col("report_id").is_in(reports.implode())).collect()
    return Others(elsewhere, standing, waivers(answers(home)))


def judge(
    submissions: pl.DataFrame,
    cells: pl.DataFrame,
    remarks: pl.DataFrame,
    *,
    database: Path,
    others: Others | None = None,
    declared: Forms | None = None,
    registry: UnitRegistry | None = None,
    using: tuple[Pack, ...] | None = None,
    by: Validate = validate,
    progress: Progress = lambda _: None,
) -> Judgement:
    """Judge submissions beside each other: complete periods, as rules across offices look at their siblings.

    ``database`` is a scratch file that is overwritten, ``by`` runs Great Expectations on it; ``others`` is what is known
    of the periods that are not judged now. Frames as in ``pipeline.tables``.

    First come the rules that look at one workbook by itself. What they accept stands, and is what the rules that
    compare reports look at: those of one period, and of others.
    """
    if submissions.is_empty():
        return Judgement.none()
    declared, registry, using = declared or forms(), registry or unit_registry(), using or packs()
    others = others or Others.none()
    remarks = pl.concat([remarks, counterpart_remarks(submissions, cells, declared, registry)])
    db = JudgingDatabase(database, declared, registry)
    try:
        db.lay_out(submissions, cells, remarks, using)
        # The db has the cells; what is still asked of them here is little, and the rest is let go.
        sent, cells = cells.select("submission_id", "form").unique(), compared_beside(cells, using)
        all_rules = [(pack, rule) for pack in using for rule in pack.rules]
        in_order = versions(submissions)
        alone = [(pack, rule, form) for pack, rule in all_rules if not rule.needs_verdicts for form in rule.forms]
        expectations, failed = _judged(db, using, shares(alone, db), by)
        progress(f"{expectations} expectations ran, {len(failed)} comparisons fail")
        excused = waived(db, failed, others.waivers, using)
        failures = _failures(db, failed, excused)
        verdicts = verdicts_frame(in_order, failures, all_rules)
        falling = falling_revisions(submissions, verdicts)
        db.remark(revision_remarks(falling))
        asked = {rule.id for _, rule in all_rules if rule.needs_versions}
        late = unconfirmed(falling, submissions, others.waivers, asked)
        current = current_forms(submissions, verdicts.with_columns(is_out_of_order=is_among(late)), sent)
        # An office that explained its amounts vouches for them; a slip that is merely known is one still.
        genuine = excused.filter(pl.col("status") == str(Status.EXPLAINED))
        slipped = _slipped(_failures(db, failed, genuine), all_rules)
        standing = standing_cells(current, cells, slipped)
        db.lay_out_offices(office_parts(submissions, current, registry))
        db.lay_out_partners(
            pl.concat(
                [
                    partners(
                        wanted(submissions, pl.concat([submissions, others.submissions])),
                        pl.concat([standing, others.standing]),
                        slipped,
                    ),
                    workbooks(submissions, sent, in_order),
                ]
            ),
            pl.concat([standing, others.standing]),
            arrivals(submissions, in_order),
        )
        beside = [(pack, rule, form) for pack, rule in all_rules if rule.needs_verdicts for form in rule.forms]
        expectations, more = _judged(db, using, [beside], by)
        if expectations:
            failed = failed + more
            excused = waived(db, failed, others.waivers, using)
            failures = _failures(db, failed, excused)
            late = failures.filter(pl.col("rule_id").is_in(sorted(asked)))["submission_id"]
            verdicts = verdicts_frame(in_order, failures, all_rules).with_columns(is_out_of_order=is_among(late))
            progress(f"{expectations} expectations compared reports with each other")
        findings, excuses = findings_frame(db, failed, excused, using, declared)
        likely = likely_causes(db, findings, submissions, using, declared)
        return Judgement(
            outcomes=outcomes_frame(db, failed, excused, using, declared, registry),
            findings=findings,
            verdicts=verdicts,
            ratios=ratios_frame(db),
            causes=likely.causes,
            cause_findings=likely.cause_findings,
            standing=standing,
            waivers=excuses,
        )
    finally:
        db.close()


def _commit(home: Home, period: str, judgement: Judgement, submissions: pl.DataFrame, *, mark: str) -> int:
    """Keep what judging left of one period, with the tallies of its rules, in one rename; return how many these are."""
    frames = judgement.of_period(period)
    tallies = tallies_frame(frames["outcomes"], frames["findings"], frames["verdicts"], submissions)
    commit_folder(home, home.judged / period, {**frames, TALLIES: tallies}, fingerprint=mark)
    return tallies.height


def shares(rules: Sequence[tuple[Pack, Rule, str]], db: JudgingDatabase) -> list[Sequence[tuple[Pack, Rule, str]]]:
    """Divide rules so that Great Expectations judges the many of small forms while those of large ones are compared."""
    of_forms = db.query("select form, count(*) as cells from cell group by form")
    every = of_forms["cells"].sum()
    if every < WORTH_SHARING:
        return [rules]
    large = set(of_forms.filter(pl.col("cells") > every / 5)["form"])
    return [[entry for entry in rules if (entry[2] in large) == is_large] for is_large in (False, True)]


def _judged(
    db: JudgingDatabase, using: tuple[Pack, ...], of_rules: Iterable[Sequence[tuple[Pack, Rule, str]]], by: Validate
) -> tuple[int, list[int]]:
    """Compare and validate each share of rules; return how many expectations ran, and the comparisons that fail."""
    expectations, asked = 0, []
    with ThreadPoolExecutor(max_workers=1) as judging:
        for rules in of_rules:
            compared = db.compare(rules)
            if compared.keys:
                expectations += len(compared.keys)
                asked.append(judging.submit(by, compared.file, using, keys=compared.keys))
        failed = [failure for answer in asked for failure in answer.result().failed_ids]
    db.admit()
    return expectations, failed


def _failures(db: JudgingDatabase, failed: list[int], excused: pl.DataFrame) -> pl.DataFrame:
    """Return submission_id, pack and rule_id of what fails and is not excused."""
    blamed = pl.DataFrame({"comparison_id": failed}, schema={"comparison_id": pl.Int64})
    db.connection.register("failed_in", blamed.join(excused, on="comparison_id", how="anti").to_arrow())
    try:
        return db.query(
            "select distinct submission_id, pack, rule_id from comparison semi join failed_in using (comparison_id)"
        )
    finally:
        db.connection.unregister("failed_in")


def _slipped(failures: pl.DataFrame, all_rules: Iterable[tuple[Pack, Rule]]) -> pl.DataFrame:
    """Return submission_id and form of amounts whose unit slipped: nothing is compared with them."""
    of_money = pl.DataFrame(
        [(pack.pack, rule.id, form) for pack, rule in all_rules if rule.detects_unit_slip for form in rule.forms],
        schema=dict.fromkeys(("pack", "rule_id", "form"), pl.String),  # a pack may have no such rule
        orient="row",
    )
    return failures.join(of_money, on=["pack", "rule_id"]).select("submission_id", "form").unique()


def fingerprints(
    submissions: pl.DataFrame, excuses: pl.DataFrame, declared: Forms, registry: UnitRegistry, using: tuple[Pack, ...]
) -> dict[str, str]:
    """Return a hash of everything that a period's judgement depends on, by period."""
    common = [
        LAYOUT,
        reader_version(),
        *(pack.full_version for pack in using),
        *(form.version for form in declared.all),
        targets().write_csv(),
        DEADLINES.read_text(encoding="utf-8"),
    ]
    looked_at, answered = digests(submissions, submissions), waiver_digests(submissions, excuses)
    grouped = submissions.with_columns(pl.col("period_id").fill_null(UNPLACED)).group_by("period_id")
    return {
        period: hashlib.sha256(
            json.dumps(
                [common, registry.version_on(last), sorted(ids), looked_at.get(period), answered.get(period)]
            ).encode()
        ).hexdigest()
        for period, ids, last in grouped.agg("submission_id", pl.col("period_end").max()).iter_rows()
    }


def _is_current(folder: Path, mark: str) -> bool:
    marked = folder / "fingerprint.txt"
    return marked.exists() and marked.read_text() == mark
