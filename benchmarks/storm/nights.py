"""Whole nights over drawn inboxes: ``thads load`` in a process of its own, twice, and the warehouse that it published."""

import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import polars as pl
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from benchmarks.measuring import Measurement, measure
from benchmarks.storm.claims import find_lost_receipts
from benchmarks.storm.clean import PERIOD, CleanReturn
from benchmarks.storm.delivery import Delivery, deliver
from benchmarks.storm.drawing import inboxes
from pipeline.home import Home
from pipeline.landing.receive import read_receipts
from pipeline.vocabulary import Receipt

STRANGERS_PER_NIGHT = 40
FACTS = ("fct_case_results", "fct_money_results", "fct_complaints", "fct_reception", "fct_discipline")


@dataclass
class Nights:
    """What the nights have seen so far."""

    nights: int = 0
    files: int = 0
    peak_bytes: int = 0
    longest_night_s: float = 0.0
    verdicts: Counter[str] = field(default_factory=Counter)

    def count_night(self, home: Home, measurement: Measurement) -> None:
        """Count what one night became."""
        self.nights += 1
        self.peak_bytes = max(self.peak_bytes, measurement.peak_bytes)
        self.longest_night_s = max(self.longest_night_s, measurement.wall_s)
        with _connect(home) as connection:
            counts = connection.execute("select verdict, count(*) from fct_submission group by all").fetchall()
        self.verdicts.update(dict(counts))
        self.files += sum(count for _, count in counts)


def run_nights(
    nights: int, clean: list[CleanReturn], *, number: int, progress: Callable[[Nights], object] = lambda _: None
) -> Nights:
    """Run so many whole nights; raises ``AssertionError`` with the inbox of one that breaks a claim."""
    statistics = Nights()
    reference = Path(tempfile.mkdtemp(prefix="thads-storm-clean-"))
    try:
        deliver(reference / "inbox", [delivery.delivery for delivery in clean])
        load(reference / "inbox", Home(reference / "home"))

        @seed(number)
        @settings(
            max_examples=nights,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate],
            print_blob=False,
        )
        @given(st.lists(inboxes(), min_size=4, max_size=8))
        def check_night(inbox_deliveries: list[list[Delivery]]) -> None:
            if statistics.nights >= nights:
                return
            strangers = [delivery for inbox in inbox_deliveries for delivery in inbox][:STRANGERS_PER_NIGHT]
            _night(strangers, clean, Home(reference / "home"), statistics)
            progress(statistics)

        check_night()
    finally:
        shutil.rmtree(reference, ignore_errors=True)
    return statistics


def load(inbox: Path, home: Home) -> Measurement:
    """Run ``thads load --json``; raises ``RuntimeError`` with the end of its log where it fails."""
    home.root.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "pipeline.cli.main", "load", str(inbox), "--home", str(home.root), "--json"]
    return measure(command, home.root.with_suffix(".log"))


def _night(strangers: list[Delivery], clean: list[CleanReturn], reference: Home, statistics: Nights) -> None:
    folder = Path(tempfile.mkdtemp(prefix="thads-storm-"))
    try:
        inbox, home = folder / "inbox", Home(folder / "home")
        deliver(inbox, [*strangers, *(clean_return.delivery for clean_return in clean)])
        measurement = load(inbox, home)
        assert (broken_claims := list(_find_broken_claims(home, inbox, reference))) == [], broken_claims
        rows = _rows(home)
        load(inbox, home)
        assert _rows(home) == rows, "the same inbox again changed the warehouse"
        statistics.count_night(home, measurement)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _find_broken_claims(home: Home, inbox: Path, reference: Home) -> Iterator[str]:
    """Yield a sentence for each claim that the published warehouse breaks."""
    receipts = read_receipts(home)
    yield from find_lost_receipts(inbox, receipts)
    with _connect(home) as connection:
        connection.execute(f"attach '{reference.live}' as reference (read_only)")
        submissions = connection.sql("select submission_id, receipt_id, verdict, source_ref from fct_submission").pl()
        if submissions["submission_id"].n_unique() != submissions.height:
            yield "two rows of fct_submission have one id"
        if submissions["verdict"].null_count():
            yield f"{submissions.filter(pl.col('verdict').is_null())['source_ref'][0]} has no verdict"
        is_opened_archive = (pl.col("media") == "zip") & (pl.col("verdict") == str(Receipt.LANDED))
        # A scan is kept beside its report, which the warehouse shows: it is no submission of its own.
        is_signed_copy = (pl.col("verdict") == str(Receipt.SIGNED_COPY)) & pl.col("copy_of").is_in(
            receipts["receipt_id"].implode()
        )
        lost_receipts = receipts.filter(~(is_opened_archive | is_signed_copy)).join(
            submissions, on="receipt_id", how="anti"
        )
        if not lost_receipts.is_empty():
            yield f"{lost_receipts.height} receipts are not in fct_submission, for example {lost_receipts['path'][0]!r}"
        clean_rows = f"period_id = '{PERIOD}' and submission_id in (select submission_id from reference.fct_submission)"
        for table in FACTS:
            for left, right, problem in (
                ("reference", "warehouse", "are missing"),
                ("warehouse", "reference", "are new"),
            ):
                only = f"from {left}.main.{table} where {clean_rows} except all from {right}.main.{table} where {clean_rows}"
                (count,) = connection.execute(f"select count(*) from ({only})").fetchone() or (0,)
                if count:
                    yield f"{count} rows of clean returns {problem} in {table}"


def _rows(home: Home) -> dict[str, tuple[int, int]]:
    """Return the count of rows and a hash of every published table."""
    with _connect(home) as connection:
        tables = [
            name for (name,) in connection.execute("select table_name from duckdb_tables() order by 1").fetchall()
        ]
        hash_query = 'select count(*), coalesce(sum(hash(t)::hugeint), 0) from "{}" as t'
        return {table: connection.execute(hash_query.format(table)).fetchall()[0] for table in tables}


def _connect(home: Home) -> duckdb.DuckDBPyConnection:
    return duckdb.connect(str(home.live), read_only=True)
