"""A folder of files that nobody here made, loaded as one night, and what became of each."""

import tempfile
from pathlib import Path

import duckdb

from benchmarks.storm.claims import find_lost_receipts, list_files
from benchmarks.storm.nights import load
from pipeline.home import Home
from pipeline.landing.receive import read_receipts

VERDICTS = """
    select source_ref, verdict, unit_key, period_id, coalesce(problem_en, '') as reason
    from fct_submission
    order by source_ref
"""


def load_corpus(corpus: Path) -> int:
    """Load ``corpus`` into an empty home and print a line for each return; exit code 1 where a file has no verdict."""
    with tempfile.TemporaryDirectory(prefix="thads-corpus-") as folder:
        home = Home(Path(folder) / "home")
        measurement = load(corpus, home)
        with duckdb.connect(str(home.live), read_only=True) as connection:
            rows = connection.execute(VERDICTS).fetchall()
        for source_ref, verdict, unit, period, reason in rows:
            place = f"{unit or '?'} {period or '?'}" if unit or period else ""
            print(f"{verdict:20}  {source_ref}  {place}  {reason}".rstrip())
        errors = list(find_lost_receipts(corpus, read_receipts(home)))
        print(f"\n{len(list_files(corpus))} files, {len(rows)} verdicts, {measurement}", *errors, sep="\n")
        return 1 if errors else 0
