"""A folder of files that nobody here made, loaded as one night, and what became of each."""

import tempfile
from pathlib import Path

import duckdb

from pipeline.home import Home

from .claims import files_sent
from .nights import load

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
        refs = {row[0].partition("!/")[0] for row in rows}
        sent = files_sent(corpus)
        lost = [path for path in sent if path not in refs]
        print(f"\n{len(sent)} files, {len(rows)} verdicts, {measured}")
        for path in lost:
            print(f"no verdict under its own path: {path}")
        return 1 if measured.told.get("error") else 0
