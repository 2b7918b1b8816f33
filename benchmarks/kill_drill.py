"""Kills loads at many moments and proves that starting again gives the warehouse of an undisturbed run.

Run ``make kill-drill`` (about ten minutes), or ``python -m benchmarks.kill_drill --kills 3`` for a taste.
"""

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.same_outputs import table_differences

PROJECT = Path(__file__).resolve().parent.parent


def main() -> int:
    """Run the drill; exit 1 when any table differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=10, help="how many moments to kill at (default 10)")
    parser.add_argument("--inbox", type=Path, default=PROJECT / "samples", help="what to load (default samples/)")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="thads-kill-") as folder:
        return drill(options.inbox, Path(folder), options.kills, options.seed)


def drill(inbox: Path, folder: Path, kills: int, seed: int) -> int:
    """Load once undisturbed, then kill and repeat; print what was found and return the exit code."""
    undisturbed = folder / "undisturbed"
    start = time.monotonic()
    _load(inbox, undisturbed).wait()
    duration = time.monotonic() - start
    print(f"undisturbed load: {duration:.1f} s", flush=True)
    rng = random.Random(seed)
    failures = 0
    for number in range(kills):
        # One moment in each slice of the run, so that every stage is met.
        moment = duration * (number + rng.random()) / kills
        home = folder / f"killed-{number}"
        process = _load(inbox, home)
        try:
            process.wait(moment)
            print(f"{number + 1:3}. ended before {moment:.1f} s", flush=True)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        if code := _load(inbox, home).wait():
            print(f"{number + 1:3}. killed at {moment:5.1f} s: the load after it exits with {code}", flush=True)
            failures += 1
            continue
        different = list(differences(undisturbed, home))
        print(f"{number + 1:3}. killed at {moment:5.1f} s: {'; '.join(different) or 'equal, row for row'}", flush=True)
        failures += bool(different)
        shutil.rmtree(home)
    return 1 if failures else 0


def differences(one: Path, other: Path) -> Iterator[str]:
    """Yield what differs between the published tables of two homes, and between their letters."""
    yield from table_differences({"one": one, "other": other})
    letters = [sorted(path.name for path in (home / "alerts" / "outbox").rglob("*.md")) for home in (one, other)]
    if letters[0] != letters[1]:
        yield f"letters {len(letters[0])} and {len(letters[1])}"


def _load(inbox: Path, home: Path) -> subprocess.Popen:
    command = [sys.executable, "-m", "pipeline.cli.main", "load", str(inbox), "--home", str(home), "--json"]
    return subprocess.Popen(
        command, cwd=PROJECT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )


if __name__ == "__main__":
    sys.exit(main())
