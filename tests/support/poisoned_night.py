"""One night under a bug of ours: of each file called ``poison`` judging leaves two verdicts, which a test of dbt refuses.

Run as ``python -m tests.support.poisoned_night INBOX HOME``; prints the summary of the night as JSON.
"""

import json
import sys
from pathlib import Path
from typing import Any

import polars as pl

from pipeline import tables
from pipeline.home import Home
from pipeline.judged import judge as judging
from pipeline.night import run_night
from pipeline.storage import read_tables


def main(inbox: Path, home: Home) -> None:
    """Load the inbox under the bug."""
    real = judging.verdicts_frame

    def verdicts_frame(*arguments: Any) -> pl.DataFrame:
        verdicts = real(*arguments)
        names = read_tables(home.cells, "submissions", tables.SUBMISSIONS).select("submission_id", "file_name")
        poison = names.filter(pl.col("file_name").str.contains("poison"))["submission_id"]
        return pl.concat([verdicts, verdicts.filter(pl.col("submission_id").is_in(poison.implode()))])

    judging.verdicts_frame = verdicts_frame
    night = run_night(home, inbox, progress=lambda line: print(line, file=sys.stderr))
    print(json.dumps(night.as_object(), ensure_ascii=False, default=str))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Home(Path(sys.argv[2])))
