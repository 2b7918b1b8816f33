"""``thads rollback``: the release before the live one, live again."""

from pathlib import Path

from filelock import Timeout
from rich.text import Text

from pipeline.cli.terminal import err, out
from pipeline.home import open_home
from pipeline.published import rollback


def roll_back(home: Path | None) -> int:
    """Swap the release before the live one in; return the exit code."""
    try:
        release = rollback(open_home(home))
    except (LookupError, Timeout) as error:
        err.print(Text(f"thads rollback: {error}"))
        return 1
    out.print(Text(f"release {release.number} is live again"))
    return 0
