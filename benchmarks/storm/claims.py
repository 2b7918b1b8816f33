"""What must hold of every inbox, however odd: of its receipts, its submissions, its verdicts and the clean returns in it."""

import hashlib
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from benchmarks.storm.clean import FIGURES, PERIOD, CleanReturn
from pipeline import tables
from pipeline.files.guard import FOR_ENGINEERS
from pipeline.home import Home
from pipeline.judged.verdicts import current_forms
from pipeline.landing.arrivals import is_leftover
from pipeline.landing.receive import read_receipts
from pipeline.landing.sidecar import is_sidecar
from pipeline.storage import read_tables
from pipeline.vocabulary import Receipt, Verdict

ACCEPTED = [str(Verdict.ACCEPTED), str(Verdict.ACCEPTED_WITH_QUERY)]


def find_broken_claims(home: Home, inbox: Path, clean: list[CleanReturn]) -> list[str]:
    """Return a sentence for each claim that does not hold of ``home`` after it loaded ``inbox``."""
    receipts = read_receipts(home)
    submissions = read_tables(home.cells, "submissions", tables.SUBMISSIONS)
    verdicts = read_tables(home.judged, "verdicts", tables.VERDICTS)
    return [
        *find_lost_receipts(inbox, receipts),
        *_find_lost_submissions(receipts, submissions),
        *_find_lost_verdicts(submissions, verdicts),
        *_find_accepted_without_place(submissions, verdicts),
        *find_lost_figures(standing_figures(home, submissions, verdicts), clean),
    ]


def list_files(inbox: Path) -> list[Path]:
    """Return what lies in an inbox, but for droppings and sidecars."""
    paths = (Path(folder, name) for folder, _, names in os.walk(inbox) for name in names)
    return sorted(
        path for path in paths if not is_leftover(path.relative_to(inbox).as_posix()) and not is_sidecar(path.name)
    )


def find_lost_receipts(inbox: Path, receipts: pl.DataFrame) -> Iterator[str]:
    """Say which files of an inbox have no receipt, and which receipts no reason."""
    outer_receipts = receipts.filter(~pl.col("path").str.contains("!/", literal=True))
    receipt_counts = Counter(outer_receipts["sha256"].to_list())
    for path in list_files(inbox):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        receipt_counts[content] -= 1
        if receipt_counts[content] < 0:
            yield f"{path.name!r} has no receipt"
    if receipts["receipt_id"].n_unique() != receipts.height:
        yield "two receipts have one id"
    silent = receipts.filter(pl.col("verdict") == Receipt.UNREADABLE, pl.col("problem_vi").is_null())
    if not silent.is_empty():
        yield f"{silent['path'][0]!r} is unreadable and nobody says why"


def _find_lost_submissions(receipts: pl.DataFrame, submissions: pl.DataFrame) -> Iterator[str]:
    if submissions["submission_id"].n_unique() != submissions.height:
        repeated = submissions.filter(pl.col("submission_id").is_duplicated())
        yield f"two submissions have one id: {repeated['source_ref'].to_list()[:2]}"
    landed_receipts = receipts.filter(
        pl.col("verdict") == Receipt.LANDED, pl.col("media").is_in(["xlsx", "csv", "txt"])
    )
    lost_receipts = landed_receipts.join(submissions, on="receipt_id", how="anti")
    if not lost_receipts.is_empty():
        yield f"{lost_receipts['path'][0]!r} landed and became no submission"
    silent = submissions.filter(~pl.col("is_readable"), pl.col("problem_vi").is_null() | pl.col("problem_en").is_null())
    if not silent.is_empty():
        yield f"{silent['source_ref'][0]!r} cannot be read and nobody says why"
    breakdowns = submissions.filter(pl.col("problem").is_in(FOR_ENGINEERS))
    if not breakdowns.is_empty():
        yield f"{breakdowns['source_ref'][0]!r} broke its reader: {breakdowns['problem'][0]}"


def _find_lost_verdicts(submissions: pl.DataFrame, verdicts: pl.DataFrame) -> Iterator[str]:
    unjudged = submissions.filter("is_readable").join(verdicts, on="submission_id", how="anti")
    if not unjudged.is_empty():
        yield f"{unjudged['source_ref'][0]!r} was read and has no verdict"
    if verdicts["submission_id"].n_unique() != verdicts.height:
        yield "a submission has two verdicts"


def _find_accepted_without_place(submissions: pl.DataFrame, verdicts: pl.DataFrame) -> Iterator[str]:
    accepted = submissions.join(verdicts.filter(pl.col("verdict").is_in(ACCEPTED)), on="submission_id", how="semi")
    unplaced = accepted.filter(pl.any_horizontal(pl.col("unit_key", "period_id", "scope", "report_id").is_null()))
    if not unplaced.is_empty():
        yield f"{unplaced['source_ref'][0]!r} is accepted without unit, scope or period"
    early = accepted.filter(pl.col("period_end") > pl.col("received_at").dt.date())
    if not early.is_empty():
        yield f"{early['source_ref'][0]!r} is accepted for a period that had not ended when it arrived"


def standing_figures(home: Home, submissions: pl.DataFrame, verdicts: pl.DataFrame) -> pl.DataFrame:
    """Return the figures of submitted reports that stand, as ``FIGURES`` with ``is_simulated``."""
    cells = read_tables(home.cells, "cells", tables.CELLS)
    form_submissions = cells.select("submission_id", "form").unique()
    current = current_forms(submissions.filter("is_readable"), verdicts.drop("period_id"), form_submissions)
    return (
        current.filter(pl.col("origin") == "submitted")
        .select("submission_id", "form", "unit_key", "is_simulated")
        .join(cells, on=["submission_id", "form"])
        .filter(pl.col("state") == "number")
        .select("is_simulated", *FIGURES)
    )


def find_lost_figures(standing: pl.DataFrame, clean: list[CleanReturn]) -> Iterator[str]:
    """Say which clean return does not stand figure by figure, as another program read it."""
    for clean_return in clean:
        current = standing.filter(
            pl.col("unit_key") == clean_return.unit_key,
            pl.col("is_simulated") == clean_return.is_simulated,
            pl.col("period_id") == PERIOD,
        )
        missing_figures = clean_return.figures.join(current, on=list(FIGURES), how="anti")
        added_figures = current.drop("is_simulated").join(clean_return.figures, on=list(FIGURES), how="anti")
        if clean_return.figures.is_empty():
            yield f"{clean_return.delivery.path} holds no figure to compare"
        if not missing_figures.is_empty() or not added_figures.is_empty():
            yield (
                f"{clean_return.delivery.path}: {missing_figures.height} of {clean_return.figures.height} figures do not stand and {added_figures.height} "
                f"others do, for example {(missing_figures if missing_figures.height else added_figures).row(0)}"
            )


def fingerprint(home: Home) -> dict[str, int]:
    """Return a hash of every table that landing, reading and judging left."""
    frames = {
        "receipts": read_receipts(home),
        **{
            name: read_tables(home.cells, name, getattr(tables, name.upper()))
            for name in ("submissions", "cells", "remarks")
        },
        **{
            name: read_tables(home.judged, name, getattr(tables, name.upper()))
            for name in ("outcomes", "findings", "verdicts", "ratios", "causes")
        },
    }
    return {
        name: int(frame.hash_rows(seed=0).sort().hash(seed=1).sum() or 0) if frame.height else 0
        for name, frame in frames.items()
    }
