"""Which failing comparisons are waived: explained by an office, or known for a published report.

``expectations/known/*.yaml`` names the discrepancies of published figures that are understood: the case, the place, the
difference that is excused, why, and where that can be seen. Offices' answers are in the ledger (``pipeline.judged.answers``).
"""

import hashlib
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import yaml
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from expectations.rules import Pack, PackError, rule_version
from pipeline import tables
from pipeline.comparison.database import JudgingDatabase
from pipeline.home import PACKS
from pipeline.vocabulary import Status

KNOWN_FOLDER = PACKS.parent / "known"
#: What a waiver covers; a null matches anything.
WAIVER: dict[str, Any] = {
    "waiver_id": pl.String,
    "status": pl.String,
    "rule_id": pl.String,
    "pack": pl.String,
    "rule_version": pl.String,
    "unit_key": pl.String,
    "source_ref": pl.String,
    "period_id": pl.String,
    "form": pl.String,
    "row_code": pl.String,
    "column_code": pl.String,
    "low": tables.AMOUNT,
    "high": tables.AMOUNT,
    "expires_on": pl.Date,
}
WAIVED_COMPARISONS = {"comparison_id": pl.Int64, "waiver_id": pl.String, "status": pl.String}


class KnownDiscrepancy(BaseModel):
    """A discrepancy of a published report that is understood: it stays visible, and nobody is asked again."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    id: str
    case: str
    rule: str
    form: str
    row: str
    column: str
    low: Decimal
    high: Decimal
    vi: str
    en: str
    seen_in: str


@cache
def known_discrepancies(folder: Path = KNOWN_FOLDER) -> tuple[KnownDiscrepancy, ...]:
    """Return the known discrepancies, read once; raises ``PackError`` with file and reason."""
    entries: list[KnownDiscrepancy] = []
    for path in sorted(folder.glob("*.yaml")):
        try:
            entries += TypeAdapter(list[KnownDiscrepancy]).validate_python(
                yaml.safe_load(path.read_text(encoding="utf-8"))
            )
        except (yaml.YAMLError, ValidationError) as error:
            raise PackError(f"{path}: {error}") from error
    return tuple(entries)


def waivers(answers: pl.DataFrame, discrepancies: tuple[KnownDiscrepancy, ...] | None = None) -> pl.DataFrame:
    """Return the waivers in force as ``WAIVER``: the answers (``tables.ANSWERS``) not withdrawn, and the known discrepancies."""
    rows = [
        {
            "waiver_id": entry.id,
            "status": str(Status.KNOWN),
            "rule_id": entry.rule,
            "pack": "published",
            "source_ref": entry.case,
            "form": entry.form,
            "row_code": entry.row,
            "column_code": entry.column,
            "low": entry.low,
            "high": entry.high,
        }
        for entry in (known_discrepancies() if discrepancies is None else discrepancies)
    ]
    explained = answers.filter(~pl.col("is_revoked")).with_columns(
        pl.col("answer_id").alias("waiver_id"),
        pl.lit(str(Status.EXPLAINED)).alias("status"),
        pl.lit(None, pl.String).alias("source_ref"),
    )
    known_rows = [{name: row.get(name) for name in WAIVER} for row in rows]
    return pl.concat([pl.DataFrame(known_rows, schema=WAIVER), explained.select(list(WAIVER))])


def match_waivers(
    db: JudgingDatabase, failed_ids: list[int], active_waivers: pl.DataFrame, rule_packs: tuple[Pack, ...]
) -> pl.DataFrame:
    """Return the failing comparisons that a waiver covers, as ``WAIVED_COMPARISONS``; an explanation goes before a known error.

    The office's answer holds for what was received while it was in force, so that judging again later changes nothing.
    """
    if active_waivers.is_empty() or not failed_ids:
        return pl.DataFrame(schema=WAIVED_COMPARISONS)
    versions = pl.DataFrame(
        [(pack.pack, rule.id, rule_version(rule)) for pack in rule_packs for rule in pack.rules],
        schema=["pack", "rule_id", "version"],
        orient="row",
    )
    connection = db.connection
    frames = {
        "failed_in": pl.DataFrame({"comparison_id": failed_ids}, schema={"comparison_id": pl.Int64}),
        "waiver_in": active_waivers,
        "rule_version_in": versions,
    }
    for name, frame in frames.items():
        connection.register(name, frame.to_arrow())
    try:
        return db.query(
            """
            select comparison.comparison_id, waiver_in.waiver_id, waiver_in.status
            from comparison
            semi join failed_in using (comparison_id)
            join submission using (submission_id)
            join rule_version_in on rule_version_in.pack = comparison.pack and rule_version_in.rule_id = comparison.rule_id
            join waiver_in on waiver_in.pack = comparison.pack and waiver_in.rule_id = comparison.rule_id
                          and waiver_in.form = comparison.form
                          and coalesce(waiver_in.row_code, '') = comparison.row_code
                          and coalesce(waiver_in.column_code, '') = comparison.column_code
            where coalesce(waiver_in.rule_version = rule_version_in.version, true)
              and coalesce(waiver_in.unit_key = submission.unit_key, waiver_in.unit_key is null)
              and coalesce(waiver_in.source_ref = submission.source_ref, waiver_in.source_ref is null)
              and coalesce(waiver_in.period_id = submission.period_id, waiver_in.period_id is null)
              and comparison.found - comparison.expected between waiver_in.low and waiver_in.high
              and coalesce(submission.received_at::date <= waiver_in.expires_on, true)
            qualify row_number() over (
                partition by comparison.comparison_id order by waiver_in.status = 'explained' desc, waiver_in.waiver_id
            ) = 1
            order by comparison_id
            """
        ).cast(WAIVED_COMPARISONS)  # type: ignore[arg-type]
    finally:
        for name in frames:
            connection.unregister(name)


def waiver_digests(submissions: pl.DataFrame, active_waivers: pl.DataFrame) -> dict[str | None, str]:
    """Return, by period, a hash of the waivers of its offices or cases: they decide what stands, and what is asked."""
    texts = ["|".join(map(str, row)) for row in active_waivers.iter_rows()]
    entries = active_waivers.select("unit_key", "source_ref").with_columns(pl.Series("text", texts, dtype=pl.String))
    waiver_texts = pl.concat(
        submissions.select("period_id", place).join(entries.select(place, "text").drop_nulls(), on=place).drop(place)
        for place in ("unit_key", "source_ref")
    )
    return {
        period: hashlib.sha256("\n".join(sorted(set(period_texts))).encode()).hexdigest()
        for period, period_texts in waiver_texts.group_by("period_id").agg("text").iter_rows()
    }
