"""A folder of files that nobody here made, loaded as one night, and what became of each."""

import tempfile
from pathlib import Path

import duckdb

from benchmarks.storm.claims import files_sent, receipts_lost
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
        measured = load(corpus, home)
        with duckdb.connect(str(home.live), read_only=True) as connection:
            rows = connection.execute(VERDICTS).fetchall()
        for source_ref, verdict, unit, period, reason in rows:
            place = f"{unit or '?'} {period or '?'}" if unit or period else ""
            print(f"{verdict:20}  {source_ref}  {place}  {reason}".rstrip())
        broken = list(receipts_lost(corpus, read_receipts(home)))
        print(f"\n{len(files_sent(corpus))} files, {len(rows)} verdicts, {measured}", *broken, sep="\n")
        return 1 if broken else 0
