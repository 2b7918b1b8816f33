"""Which failing comparisons are answered for: explained by an office, or known of a published report.

``expectations/known/*.yaml`` names the discrepancies of published figures that are understood: the case, the place, the
difference that is excused, why, and where that is seen. Offices' answers stand in the ledger (``pipeline.judged.answers``).
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

KNOWN = PACKS.parent / "known"
#: What a waiver excuses; a null leaves that open.
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
WAIVED = {"comparison_id": pl.Int64, "waiver_id": pl.String, "status": pl.String}


class Known(BaseModel):
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
def known(folder: Path = KNOWN) -> tuple[Known, ...]:
    """Return the known discrepancies, read once; raises ``PackError`` with file and reason."""
    entries: list[Known] = []
    for path in sorted(folder.glob("*.yaml")):
        try:
            entries += TypeAdapter(list[Known]).validate_python(yaml.safe_load(path.read_text(encoding="utf-8")))
        except (yaml.YAMLError, ValidationError) as error:
            raise PackError(f"{path}: {error}") from error
    return tuple(entries)


def waivers(answers: pl.DataFrame, of: tuple[Known, ...] | None = None) -> pl.DataFrame:
    """Return what is in force as ``WAIVER``: the answers (``tables.ANSWERS``) not withdrawn, and what is known."""
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
        for entry in (known() if of is None else of)
    ]
    explained = answers.filter(~pl.col("is_revoked")).with_columns(
        pl.col("answer_id").alias("waiver_id"),
        pl.lit(str(Status.EXPLAINED)).alias("status"),
        pl.lit(None, pl.String).alias("source_ref"),
    )
    filled = [{name: row.get(name) for name in WAIVER} for row in rows]
    return pl.concat([pl.DataFrame(filled, schema=WAIVER), explained.select(list(WAIVER))])


def waived(db: JudgingDatabase, failed: list[int], of: pl.DataFrame, using: tuple[Pack, ...]) -> pl.DataFrame:
    """Return the failing comparisons that a waiver covers, as ``WAIVED``; an explanation comes before a known error.

    The office's answer holds for what was received while it was in force, so that judging again later changes nothing.
    """
    if of.is_empty() or not failed:
        return pl.DataFrame(schema=WAIVED)
    versions = pl.DataFrame(
        [(pack.pack, rule.id, rule_version(rule)) for pack in using for rule in pack.rules],
        schema=["pack", "rule_id", "version"],
        orient="row",
    )
    connection = db.connection
    frames = {
        "failed_in": pl.DataFrame({"comparison_id": failed}, schema={"comparison_id": pl.Int64}),
        "waiver_in": of,
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
        ).cast(WAIVED)  # type: ignore[arg-type]
    finally:
        for name in frames:
            connection.unregister(name)


def waiver_digests(submissions: pl.DataFrame, of: pl.DataFrame) -> dict[str | None, str]:
    """Return, by period, a hash of the waivers that its offices or cases have: they tell what stands, and what is asked."""
    texts = ["|".join(map(str, row)) for row in of.iter_rows()]
    entries = of.select("unit_key", "source_ref").with_columns(pl.Series("text", texts, dtype=pl.String))
    together = pl.concat(
        submissions.select("period_id", place).join(entries.select(place, "text").drop_nulls(), on=place).drop(place)
        for place in ("unit_key", "source_ref")
    )
    return {
        period: hashlib.sha256("\n".join(sorted(set(said))).encode()).hexdigest()
        for period, said in together.group_by("period_id").agg("text").iter_rows()
    }
