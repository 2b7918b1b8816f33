"""The bulletin of a country of three years: every province, every office, thousands of pages.

Simulates the country, loads it in three parts as nights would, and measures

  nights  what the bulletin took of each night: two years at once, the third but its last month, the last month alone
  whole   ``thads bulletin --out`` as a process of its own, every page written anew

The last night shows what a month costs after years of history: pages on which nothing changed are kept.
"""

import json
import shutil
import sys
from pathlib import Path

from benchmarks.measuring import GIBIBYTE, Measurement, command_line, machine, measure, verdict, working_folder
from pipeline.simulator import simulate

MOST_SECONDS, LARGEST_PAGE = 60, 300_000
#: The forms that the bulletin shows; the others would only make the load longer.
FORMS = ("01", "02", "08", "09", "discipline")


def split_periods(inbox: Path) -> list[list[Path]]:
    """Return the periods of an inbox in three parts: all years but the last, the last but its last month, that month."""
    periods = sorted(path for path in inbox.iterdir() if path.is_dir())
    year = periods[-1].name[:4]
    parts = [
        [path for path in periods if path.name[:4] < year],
        [path for path in periods[:-1] if path.name[:4] == year],
        periods[-1:],
    ]
    return [part for part in parts if part]


def load_in_nights(inbox: Path, home: Path, work: Path) -> list[Measurement]:
    """Load each part of the inbox; the inbox of a night holds all that came so far, as it does in life."""
    nights = []
    inbox_so_far = work / "arrived"
    for number, part in enumerate(split_periods(inbox), start=1):
        for period in part:
            (inbox_so_far / period.name).parent.mkdir(parents=True, exist_ok=True)
            if not (inbox_so_far / period.name).exists():
                shutil.copytree(period, inbox_so_far / period.name, copy_function=_hardlink)
        command = [sys.executable, "-m", "pipeline.cli.main", "load", str(inbox_so_far), "--home", str(home), "--json"]
        nights.append(measure(command, work / f"night-{number}.log"))
        print(
            f"night {number}: {len(part)} months, {nights[-1]}; of it the bulletin "
            f"{nights[-1].output['seconds'].get('bulletin', 0):.1f} s wall",
            flush=True,
        )
    return nights


def _hardlink(source: str, target: str) -> None:
    Path(target).hardlink_to(source)


def measure_whole(home: Path, work: Path) -> Measurement:
    """Measure a process that writes every page."""
    shutil.rmtree(work / "site", ignore_errors=True)
    command = [sys.executable, "-m", "pipeline.cli.main", "bulletin", "--home", str(home), "--out", str(work / "site")]
    return measure([*command, "--json"], work / "bulletin.log")


def report(measurement: Measurement) -> list[str]:
    """Return the figures against the aims."""
    summary = measurement.output
    path, size = summary["largest"]
    return [
        machine(),
        f"{summary['pages']} pages, {summary['bytes'] / 1e6:.0f} MB, {measurement}",
        f"written in {measurement.wall_s:.1f} s, allowed {MOST_SECONDS}: {verdict(measurement.wall_s < MOST_SECONDS)}",
        f"largest page {path} {size / 1000:.0f} kB, allowed {LARGEST_PAGE / 1000:.0f}: {verdict(size < LARGEST_PAGE)}",
        f"peak memory {measurement.peak_bytes / GIBIBYTE:.2f} GiB",
    ]


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark; return 0 whatever the figures are."""
    parser = command_line("bulletin_years", __doc__, provinces=63, contents="country, home and logs")
    parser.add_argument("--from", dest="first", default="2022-10", metavar="YYYY-MM", help="first month (2022-10)")
    parser.add_argument("--to", dest="last", default="2025-09", metavar="YYYY-MM", help="last month (2025-09)")
    parser.add_argument("--home", type=Path, metavar="DIR", help="measure the bulletin of this home, load nothing")
    options = parser.parse_args(arguments)
    with working_folder(options.keep, "bulletin-years") as work:
        home = options.home or work / "home"
        if not options.home:
            country = work / "country"
            if not (country / "truth.json").exists():
                print(
                    f"simulating {options.provinces} provinces from {options.first} to {options.last} ...", flush=True
                )
                simulate(
                    country,
                    provinces=options.provinces,
                    first=options.first,
                    last=options.last,
                    seed=2023,
                    forms=FORMS,
                    consolidated=False,
                )
            nights = load_in_nights(country / "inbox", home, work)
            (work / "nights.json").write_text(json.dumps([night.output["seconds"] for night in nights], indent=1))
        print("\n".join(report(measure_whole(home, work))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
