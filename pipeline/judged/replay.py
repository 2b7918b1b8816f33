"""Judges stored submissions again under a changed pack, in a folder that is thrown away: which verdicts would flip."""

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import yaml

from expectations.rules import FOLDER, Pack, PackError, read_pack
from expectations.suites import validate
from pipeline import tables
from pipeline.calendar.periods import Period
from pipeline.home import Home
from pipeline.judged.judge import Progress, Validator, judge, load_context
from pipeline.registry.home_register import registry_of
from pipeline.storage import read_tables
from pipeline.vocabulary import Status

FLIPS = {
    "unit_key": pl.String,
    "scope": pl.String,
    "period_id": pl.String,
    "source_ref": pl.String,
    "submission_id": pl.String,
    "version": pl.Int32,
    "before": pl.String,  # vocabulary.Verdict
    "after": pl.String,
    "starts_failing": pl.List(pl.String),  # rules
    "stops_failing": pl.List(pl.String),
}


@dataclass(frozen=True)
class Replay:
    """What a changed pack would do: how many submissions were judged again, and those whose verdict flips."""

    pack: Pack
    judged_count: int
    flips: pl.DataFrame  # FLIPS


def replay(
    home: Home,
    pack: Path,
    *,
    first: Period | None = None,
    last: Period | None = None,
    validator: Validator = validate,
    progress: Progress = lambda _: None,
) -> Replay:
    """Judge the submissions of ``home`` for the periods ``first`` to ``last`` under ``pack``; nothing is written or published.

    The pack replaces the one in force of the same name, also for the packs that extend it. Raises
    ``PackError`` where it is no pack or none of its name is in force, ``FileNotFoundError`` where the file is missing.
    """
    all_submissions = read_tables(home.cells, "submissions", tables.SUBMISSIONS).filter("is_readable")
    selected_submissions = all_submissions.filter(_is_within(first, last))
    with tempfile.TemporaryDirectory(prefix="thads-replay-") as folder:
        scratch = Path(folder)
        name, rule_packs = _packs_with(pack, scratch / "packs")
        (changed_pack,) = [rule_pack for rule_pack in rule_packs if rule_pack.pack == name]
        progress(f"judging {selected_submissions.height} submissions again under {name} {changed_pack.full_version}")
        judgement = judge(
            selected_submissions,
            read_tables(home.cells, "cells", tables.CELLS, submissions=selected_submissions["submission_id"]),
            read_tables(home.cells, "remarks", tables.REMARKS, submissions=selected_submissions["submission_id"]),
            database=scratch / "judging.duckdb",
            context=load_context(home, selected_submissions, all_submissions),
            registry=registry_of(home),
            rule_packs=rule_packs,
            validator=validator,
            progress=progress,
        )
    old_verdicts = read_tables(home.judged, "verdicts", tables.VERDICTS).select("submission_id", before="verdict")
    changed_verdicts = (
        judgement.verdicts.select("submission_id", "version", after="verdict")
        .join(old_verdicts, on="submission_id")
        .filter(pl.col("before") != pl.col("after"))
    )
    old_failures = _failed_rules(read_tables(home.judged, "outcomes", tables.OUTCOMES))
    new_failures = _failed_rules(judgement.outcomes)
    flips = (
        selected_submissions.join(changed_verdicts, on="submission_id")
        .join(
            _added_rules(new_failures, old_failures).rename({"rules": "starts_failing"}), on="submission_id", how="left"
        )
        .join(
            _added_rules(old_failures, new_failures).rename({"rules": "stops_failing"}), on="submission_id", how="left"
        )
        .with_columns(pl.col("starts_failing", "stops_failing").fill_null([]))
        .select(list(FLIPS))
        .sort("period_id", "unit_key", "scope", "version", nulls_last=True)
    )
    return Replay(changed_pack, selected_submissions.height, flips)


def _packs_with(pack: Path, folder: Path) -> tuple[str, tuple[Pack, ...]]:
    """Return the name of ``pack``, and all packs in force with it in place of its namesake."""
    try:
        entry = yaml.safe_load(pack.read_bytes())
    except yaml.YAMLError as error:
        raise PackError(f"{pack}: not YAML: {error}") from error
    name = entry.get("pack") if isinstance(entry, dict) else None
    in_force = {read_pack(path).pack: path for path in sorted(FOLDER.glob("*.yaml"))}
    if name not in in_force:
        raise PackError(f"{pack}: no pack called {name!r} is in force; there are {', '.join(in_force)}")
    shutil.copytree(FOLDER, folder)
    shutil.copyfile(pack, folder / in_force[name].name)
    return name, tuple(read_pack(path) for path in sorted(folder.glob("*.yaml")))


def _is_within(first: Period | None, last: Period | None) -> pl.Expr:
    period_id = pl.col("period_id").str.slice(0, 7)  # a report that ends within a month belongs to it
    condition = pl.lit(value=True)
    if first:
        condition &= period_id >= first.id
    if last:
        condition &= period_id <= last.id
    return condition


def _failed_rules(outcomes: pl.DataFrame) -> pl.DataFrame:
    return outcomes.filter(pl.col("status") == str(Status.FAIL)).select("submission_id", "pack", "rule_id").unique()


def _added_rules(outcomes: pl.DataFrame, other_outcomes: pl.DataFrame) -> pl.DataFrame:
    """Return the rules of each submission that are in the first frame and not in the second."""
    added_outcomes = outcomes.join(other_outcomes, on=["submission_id", "pack", "rule_id"], how="anti")
    return added_outcomes.group_by("submission_id").agg(pl.col("rule_id").sort().alias("rules"))
