"""A national month: a night's load as a whole process, compared with the floor and with the usual way to write it.

Simulates the workbooks of one month (63 provinces, 760 offices, every form that the simulator makes), then measures
three processes on the same files, one after the other:

  load   ``thads load`` into an empty home: landing, reading, judging, dbt, publishing, letters
  floor  python-calamine reading every sheet once, nothing more
  other  openpyxl, pandas and Great Expectations, one workbook after the other, on a sample that is scaled up

Wall seconds depend on who else uses the machine; CPU seconds (user and system, children too) hardly do, so both are
told. Memory is the peak over the process and its children together: of what is resident, with a page that several
share divided among them.
"""

import shutil
import sys
from pathlib import Path

from benchmarks.measuring import (
    GIBIBYTE,
    Measurement,
    add_runs,
    command_line,
    keep_figures,
    machine,
    measure,
    verdict,
    working_folder,
)
from pipeline.simulator import simulate

START_SECONDS, TIMES_FLOOR, TIMES_FASTER, MOST_MEMORY = 30, 6, 15, 2 * GIBIBYTE
PARTS = ("load", "floor", "other")


def commands(inbox: Path, home: Path, sample: int) -> dict[str, list[str]]:
    """Return the command of each part."""
    python = sys.executable
    return {
        "load": [python, "-m", "pipeline.cli.main", "load", str(inbox), "--home", str(home), "--json"],
        "floor": [python, "-m", "benchmarks.floor", str(inbox)],
        "other": [python, "-m", "benchmarks.other_way", str(inbox), "--sample", str(sample)],
    }


def run(parts: list[str], inbox: Path, work: Path, *, sample: int, repeat: int) -> dict[str, list[Measurement]]:
    """Measure each part ``repeat`` times, each load into an empty home."""
    measurements: dict[str, list[Measurement]] = {part: [] for part in parts}
    for _ in range(repeat):
        for part in parts:
            home = work / "home"
            shutil.rmtree(home, ignore_errors=True)
            measurement = measure(commands(inbox, home, sample)[part], work / f"{part}.log")
            measurements[part].append(measurement)
            print(f"{part:6} {measurement}", flush=True)
    return measurements


def report(measurements: dict[str, list[Measurement]], workbooks: int) -> list[str]:
    """Return the figures against the aim, and where the time of the load went; the run with least CPU counts."""
    best_runs = {part: min(runs, key=lambda run: run.cpu_s) for part, runs in measurements.items() if runs}
    lines = [f"{workbooks} workbooks, {machine()}"]
    if "other" in best_runs:
        summary = best_runs["other"].output
        lines.append(
            f"other: {summary['sample']} of {summary['files']} workbooks took {summary['checking_s']:.1f} s after a start of "
            f"{summary['start_s']:.1f} s; scaled to all of them {summary['scaled_s']:.0f} s "
            f"({summary['scaled_cpu_s']:.0f} s CPU)"
        )
    load = best_runs.get("load")
    if load and "floor" in best_runs:
        floor = best_runs["floor"].output["reading_s"]
        allowed = TIMES_FLOOR * floor + START_SECONDS
        lines.append(
            f"load {load.wall_s:.1f} s, allowed {TIMES_FLOOR} x {floor:.2f} + {START_SECONDS} = {allowed:.1f} s: "
            f"{verdict(load.wall_s < allowed)}"
        )
    if load and "other" in best_runs:
        other = best_runs["other"].output
        times, times_cpu = other["scaled_s"] / load.wall_s, other["scaled_cpu_s"] / load.cpu_s
        lines.append(
            f"load is {times:.0f} x faster than the other way, aim {TIMES_FASTER}: {verdict(times >= TIMES_FASTER)} "
            f"({times_cpu:.0f} x less CPU)"
        )
    if load:
        lines.append(
            f"peak memory {load.peak_bytes / GIBIBYTE:.2f} GiB, allowed {MOST_MEMORY / GIBIBYTE:.0f}: "
            f"{verdict(load.peak_bytes < MOST_MEMORY)}"
        )
        stages = load.output.get("seconds", {})
        lines += [f"  {stage:24} {seconds:6.1f} s" for stage, seconds in stages.items()]
        lines.append(f"  {'start, Dagster, summary':24} {load.wall_s - sum(stages.values()):6.1f} s")
    return lines


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark; return 0 whatever the figures are."""
    parser = command_line("national_month", __doc__, provinces=63, contents="inbox, home and logs")
    add_runs(parser, repeat=1)
    parser.add_argument("--workbooks", type=int, default=760, metavar="N", help="workbooks in the month (760)")
    parser.add_argument("--month", default="2023-09", metavar="YYYY-MM", help="calendar month (2023-09)")
    parser.add_argument("--inbox", type=Path, metavar="DIR", help="measure these workbooks, not simulated ones")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), help="measure only these parts")
    parser.add_argument("--sample", type=int, default=40, metavar="N", help="workbooks for the other way, 0: all (40)")
    options = parser.parse_args(arguments)
    with working_folder(options.keep, "national-month") as work:
        inbox = options.inbox or work / "country" / "inbox"
        if not inbox.exists():
            print(f"simulating {options.workbooks} workbooks of {options.provinces} provinces ...", flush=True)
            simulate(
                work / "country",
                provinces=options.provinces,
                first=options.month,
                last=options.month,
                seed=2023,
                consolidated=False,
                workbooks=options.workbooks,
                forms=options.forms,
            )
        files = sum(1 for _ in inbox.rglob("*.xlsx"))
        measurements = run(options.only, inbox, work, sample=options.sample, repeat=options.repeat)
        print("\n".join(report(measurements, files)))
        keep_figures(options.json, files, measurements)
    return 0


if __name__ == "__main__":
    sys.exit(main())
