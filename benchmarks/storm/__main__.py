"""The storm (``make storm``): draws in this process, whole nights, or any folder of foreign files."""

import argparse
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from benchmarks.measuring import GIBIBYTE, machine
from benchmarks.storm.clean import clean_returns
from benchmarks.storm.corpus import load_corpus
from benchmarks.storm.in_process import Weather, storm
from benchmarks.storm.nights import Nights, run_nights


def main() -> int:
    """Run what was asked for; exit 1 with the smallest inbox that breaks a claim."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.storm", description=__doc__)
    parser.add_argument(
        "--draws", type=int, default=1000, metavar="N", help="inboxes landed, read and judged here (1000)"
    )
    parser.add_argument("--nights", type=int, default=25, metavar="N", help="whole nights with dbt and letters (25)")
    parser.add_argument("--processes", type=int, default=2, metavar="N", help="processes that share the draws (2)")
    parser.add_argument("--seed", type=int, default=1, help="another seed, another storm (1)")
    parser.add_argument(
        "--corpus", type=Path, metavar="DIR", help="load this folder as one night and print the verdicts"
    )
    options = parser.parse_args()
    if options.corpus:
        if not options.corpus.is_dir():
            parser.error(f"there is no folder at {options.corpus}")
        return load_corpus(options.corpus)
    print(machine(), flush=True)
    start = time.monotonic()
    if options.draws:
        share = -(-options.draws // options.processes)
        with ProcessPoolExecutor(options.processes) as pool:
            for weather in pool.map(
                _draws, [share] * options.processes, range(options.seed, options.seed + options.processes)
            ):
                print(_draws_summary(weather), flush=True)
        print(f"draws: {time.monotonic() - start:.0f} s", flush=True)
    if options.nights:
        start = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="thads-storm-") as folder:
            nights = run_nights(
                options.nights,
                clean_returns(Path(folder)),
                number=options.seed,
                progress=lambda nights: print(f"night {nights.nights}: {nights.files} files", flush=True),
            )
        print(_nights_summary(nights))
        print(f"nights: {time.monotonic() - start:.0f} s")
    return 0


def _draws(draws: int, number: int) -> Weather:
    with tempfile.TemporaryDirectory(prefix="thads-storm-") as folder:
        return storm(draws, clean_returns(Path(folder)), number=number)


def _draws_summary(weather: Weather) -> str:
    return (
        f"{weather.draws} inboxes, {weather.files} files; longest inbox {weather.longest_s:.1f} s\n"
        f"  receipts {dict(weather.receipts.most_common())}\n  verdicts {dict(weather.verdicts.most_common())}\n"
        f"  problems {dict(weather.problems.most_common())}"
    )


def _nights_summary(nights: Nights) -> str:
    return (
        f"{nights.nights} whole nights, each twice: {nights.files} files, verdicts {dict(nights.verdicts.most_common())}; "
        f"longest {nights.longest_night_s:.1f} s, peak {nights.peak_bytes / GIBIBYTE:.2f} GiB"
    )


if __name__ == "__main__":
    sys.exit(main())
