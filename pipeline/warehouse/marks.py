"""What each period of the warehouse is made from, as a mark: the same mark means the same rows.

Marks are hashes of content, never of times, and are read from what the stages left next to their files, so that a night
need not read the history to know that it did not change.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from pipeline import tables
from pipeline.home import DBT_PROJECT, Home
from pipeline.incidents.ledger import read_events
from pipeline.landing.receive import read_receipts
from pipeline.storage import content_hash, hash_of_files, read_tables
from pipeline.vocabulary import UNPLACED, Receipt

PROJECT_INPUTS = ("dbt_project.yml", "profiles.yml", "models/**/*", "macros/**/*", "seeds/**/*", "tests/**/*")
MARKS = {"period_id": pl.String, "mark": pl.String}
#: The row of a table of marks that holds what all periods depend on.
GROUND = "*"


@dataclass(frozen=True)
class Marks:
    """What a warehouse is made from: what all periods rest on, and each period's own."""

    ground: str
    periods: dict[str, str]
    links: tuple[frozenset[str], ...] = ()  # periods that one unplaced report runs through

    @property
    def fingerprint(self) -> str:
        """Return a hash of everything: the same fingerprint means the same warehouse."""
        return _hash([self.ground, *(f"{period} {mark}" for period, mark in sorted(self.periods.items()))])

    def changed_since(self, previous: "Marks") -> set[str]:
        """Return the periods whose mark is another one, that are new, or that are gone."""
        return {
            period
            for period in self.periods.keys() | previous.periods.keys()
            if self.periods.get(period) != previous.periods.get(period)
        }

    def write(self, path: Path) -> None:
        """Keep the marks as Parquet, for a later night to compare with."""
        rows = [(GROUND, self.ground), *sorted(self.periods.items())]
        pl.DataFrame(rows, schema=MARKS, orient="row").write_parquet(path)

    @classmethod
    def read(cls, path: Path) -> "Marks":
        """Return marks that were written."""
        marks = dict(pl.read_parquet(path).iter_rows())
        return cls(marks.pop(GROUND), marks)


def input_marks(home: Home) -> Marks:
    """Return the marks of everything that the stages before the warehouse left in ``home``."""
    receipts = read_receipts(home).select("receipt_id", "batch", "path", "verdict", "duplicate_of")
    submissions = (
        read_tables(home.cells, "submissions", tables.SUBMISSIONS)
        .join(receipts.select("receipt_id", "path"), on="receipt_id", how="left")
        .select(
            "submission_id",
            "receipt_id",
            "batch",
            "report_id",
            "unit_key",
            "in_answer_to",
            pl.coalesce("path", "source_ref").alias("path"),
            pl.col("period_id").fill_null(UNPLACED),
        )
    )
    refused_receipts = receipts.filter(pl.col("verdict") != str(Receipt.LANDED))
    judged_hashes = {
        folder.name: content_hash(folder)
        for folder in sorted(home.judged.glob("*"))
        if (folder / "verdicts.parquet").exists()
    }
    paths = _path_marks(submissions, receipts, judged_hashes)
    batches = _batch_marks(home, submissions, refused_receipts)
    all_marks = pl.concat(
        [
            batches,
            _deadline_marks(home).join(batches.select("period_id").unique(), on="period_id", how="semi"),
            _event_marks(home),
            _answer_marks(submissions),
            _duplicate_marks(submissions, receipts, judged_hashes),
            paths.select("period_id", "said"),
            pl.DataFrame(
                [(period, f"judged {judged_hash}") for period, judged_hash in judged_hashes.items()],
                schema=["period_id", "said"],
                orient="row",
            ).cast(pl.String),
        ]
    )
    return Marks(
        ground=_ground(home, submissions["unit_key"]),
        periods={
            period: _hash(sorted(set(lines)))
            for period, lines in all_marks.group_by("period_id").agg("said").iter_rows()
        },
        links=tuple(
            frozenset(periods)
            for (periods,) in paths.group_by("path").agg(pl.col("period_id").unique()).select("period_id").iter_rows()
            if len(periods) > 1
        ),
    )


def project_fingerprint() -> str:
    """Return a hash of the dbt project, names and contents."""
    return hash_of_files(DBT_PROJECT, (file for pattern in PROJECT_INPUTS for file in DBT_PROJECT.glob(pattern)))


def _ground(home: Home, reported_units: pl.Series) -> str:
    """Return a hash of what every period rests on: the project with its seeds, what is declared, and who is known.

    Offices that stand for nothing outside the simulator are known once they are among ``reported_units``; in any period
    an agency may be looked for by its name.
    """
    declared = [file for file in home.declared.glob("*.parquet") if file.stem != "deadlines"]
    units = home.declared / "units.parquet"
    simulated = (
        pl.read_parquet(units).filter("is_simulated")["unit_key"] if units.exists() else pl.Series([], dtype=pl.String)
    )
    known_units = sorted(set(reported_units.drop_nulls()) & set(simulated))
    return _hash([project_fingerprint(), hash_of_files(home.declared, declared), *known_units])


def _batch_marks(home: Home, submissions: pl.DataFrame, refused_receipts: pl.DataFrame) -> pl.DataFrame:
    """Say for each period which batches hold its submissions, and what is in them."""
    batch_periods = pl.concat(
        [
            submissions.select("period_id", "batch"),
            refused_receipts.select(pl.lit(UNPLACED).alias("period_id"), "batch"),
        ]
    ).unique()
    batches = batch_periods["batch"].unique().sort()
    contents = [
        f"{content_hash(home.cells / f'{batch:06d}')} {hash_of_files(home.receipts, [home.receipts / f'{batch:06d}.parquet'])}"
        for batch in batches
    ]
    batch_contents = pl.DataFrame(
        {"batch": batches, "content": contents}, schema={"batch": pl.Int32, "content": pl.String}
    )
    return batch_periods.join(batch_contents, on="batch").select(
        "period_id", pl.format("batch {} {}", "batch", "content").alias("said")
    )


def _deadline_marks(home: Home) -> pl.DataFrame:
    path = home.declared / "deadlines.parquet"
    if not path.exists():
        return pl.DataFrame(schema={"period_id": pl.String, "said": pl.String})
    return pl.read_parquet(path).select(
        "period_id", pl.format("due {} {}", "level", pl.col("due_on").dt.strftime("%Y-%m-%d")).alias("said")
    )


def _event_marks(home: Home) -> pl.DataFrame:
    """Say what people did to the incidents of each period."""
    return read_events(home).select(
        pl.col("incident").struct.field("period_id").fill_null(UNPLACED),
        pl.format("event {}", "event_id").alias("said"),
    )


def _answer_marks(submissions: pl.DataFrame) -> pl.DataFrame:
    """Say of marked workbooks that came back whether what they say they answer is there, in any period."""
    return submissions.drop_nulls("in_answer_to").select(
        "period_id",
        pl.format(
            "answers {} {}",
            "in_answer_to",
            pl.col("in_answer_to").is_in(submissions["submission_id"].implode()).cast(pl.String),
        ).alias("said"),
    )


def _duplicate_marks(submissions: pl.DataFrame, receipts: pl.DataFrame, judged_hashes: dict[str, str]) -> pl.DataFrame:
    """Say of bytes that came again which versions of their reports there are, and how those were judged.

    Such a file has no period of its own; what is answered rests on the version that stood.
    """
    verdicts = pl.DataFrame(
        {"period_id": list(judged_hashes), "judged": list(judged_hashes.values())},
        schema={"period_id": pl.String, "judged": pl.String},
    )
    duplicates = receipts.drop_nulls("duplicate_of").select(again="receipt_id", receipt_id="duplicate_of")
    versions = submissions.drop_nulls("report_id").select("report_id", "submission_id", "period_id")
    return (
        duplicates.join(submissions.select("receipt_id", "report_id").drop_nulls(), on="receipt_id")
        .join(versions, on="report_id")
        .join(verdicts, on="period_id", how="left")
        .select(
            pl.lit(UNPLACED).alias("period_id"),
            pl.format("again {} {} {}", "again", "submission_id", pl.col("judged").fill_null("")).alias("said"),
        )
    )


def _path_marks(submissions: pl.DataFrame, receipts: pl.DataFrame, judged_hashes: dict[str, str]) -> pl.DataFrame:
    """Say what lies under the paths of files without a place in any report: period_id, path and ``said``.

    Such files are told apart by their path alone, so that whatever comes under it, or answers what lies there, may
    mend them, in any period; a file saved in another format has another ending.
    """
    stem = pl.col("path").str.replace(r"[.][^./]*$", "")
    submissions, receipts = submissions.with_columns(stem), receipts.with_columns(stem)
    unplaced_files = pl.concat(
        [
            submissions.filter(pl.col("report_id").is_null()).select("path", "period_id"),
            receipts.filter(pl.col("verdict") != str(Receipt.LANDED)).select(
                "path", pl.lit(UNPLACED).alias("period_id")
            ),
        ]
    ).unique()
    verdicts = pl.DataFrame(
        {"period_id": list(judged_hashes), "judged": list(judged_hashes.values())},
        schema={"period_id": pl.String, "judged": pl.String},
    )
    known_submissions = submissions.join(verdicts, on="period_id", how="left").with_columns(
        pl.format(
            "{} {} {} {}",
            "submission_id",
            "period_id",
            pl.col("report_id").fill_null(""),
            pl.col("judged").fill_null(""),
        ).alias("what")
    )
    answer_paths = submissions.select("path", in_answer_to="submission_id")
    path_contents = pl.concat(
        [
            receipts.select("path", pl.format("{} {} {}", "receipt_id", "batch", "verdict").alias("what")),
            known_submissions.select("path", "what"),
            known_submissions.drop("path").join(answer_paths, on="in_answer_to").select("path", "what"),
        ]
    )
    path_marks = (
        path_contents.join(unplaced_files.select("path").unique(), on="path", how="semi")
        .group_by("path")
        .agg(pl.col("what").sort())
        .with_columns(pl.format("path {} {}", "path", pl.col("what").list.join("|")).alias("said"))
    )
    return unplaced_files.join(path_marks, on="path").select("period_id", "path", "said")


def _hash(words: Iterable[str]) -> str:
    return hashlib.sha256(json.dumps(list(words)).encode()).hexdigest()
