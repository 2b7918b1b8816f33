"""A national month: a night's load as a whole process, beside the floor and the way people would write it otherwise.

Simulates the workbooks of one month (63 provinces, 760 offices, every form that the simulator makes), then measures
three processes on the same files, one after the other:

  load   ``thads load`` into an empty home: landing, reading, judging, dbt, publishing, letters
  floor  python-calamine reading every sheet once, nothing more
  other  openpyxl, pandas and Great Expectations, one workbook after the other, on a sample that is scaled up

Wall seconds depend on who else uses the machine; CPU seconds (user and system, children too) hardly do, so both are
told. Memory is the peak over the process and its children together: of what is resident, with a page that several
share divided among them.
"""

import argparse
import contextlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil

from pipeline.simulator import simulate
from pipeline.simulator.figures import SUBJECTS

GIBIBYTE = 1024**3
START_SECONDS, TIMES_FLOOR, TIMES_FASTER, MOST_MEMORY = 30, 6, 15, 2 * GIBIBYTE
SECONDS_BETWEEN = 3.0
PARTS = ("load", "floor", "other")


@dataclass
class Measured:
    """What one process took, and the JSON object that it printed last."""

    wall_s: float
    cpu_s: float
    peak_bytes: int
    told: dict[str, Any] = field(default_factory=dict)


def measure(command: list[str], log: Path) -> Measured:
    """Run a command to its end; raises ``RuntimeError`` with the end of its log where it fails."""
    began = time.perf_counter()
    with log.open("w+") as errors, tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(command, stdout=output, stderr=errors, env=os.environ | {"NO_COLOR": "1"})
        memory = _Memory(psutil.Process(process.pid))
        while True:
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            if pid:
                break
            memory.look()
            time.sleep(0.25)
        wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        lines = output.read().splitlines()
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}:\n{log.read_text()[-2000:]}")
    return Measured(wall, usage.ru_utime + usage.ru_stime, memory.peak, json.loads(lines[-1]))


class _Memory:
    """The peak of what a process and all below it keep resident; a page that several share counts once.

    That takes the kernel a walk through all pages, on the cores that are measured; so it is asked only where the
    resident pages, shared ones counted for each, are more than ever, and every few seconds.
    """

    def __init__(self, process: psutil.Process) -> None:
        self.process, self.peak = process, 0
        self._most, self._asked = 0, 0.0

    def look(self) -> None:
        """See how much there is now."""
        processes = (self.process, *_below(self.process))
        resident = self._sum(processes, lambda one: one.memory_info().rss)
        if resident > 1.02 * self._most or time.monotonic() > self._asked + SECONDS_BETWEEN:
            self._most, self._asked = max(self._most, resident), time.monotonic()
            self.peak = max(self.peak, self._sum(processes, lambda one: one.memory_full_info().pss))

    @staticmethod
    def _sum(processes: Iterable[psutil.Process], of: Callable[[psutil.Process], int]) -> int:
        total = 0
        for one in processes:
            with contextlib.suppress(psutil.Error, OSError):  # one ended while we looked
                total += of(one)
        return total


def _below(process: psutil.Process) -> list[psutil.Process]:
    with contextlib.suppress(psutil.Error):
        return process.children(recursive=True)
    return []


def commands(inbox: Path, home: Path, sample: int) -> dict[str, list[str]]:
    """Return the command of each part."""
    python = sys.executable
    return {
        "load": [python, "-m", "pipeline.cli.main", "load", str(inbox), "--home", str(home), "--json"],
        "floor": [python, "-m", "benchmarks.floor", str(inbox)],
        "other": [python, "-m", "benchmarks.other_way", str(inbox), "--sample", str(sample)],
    }


def run(parts: list[str], inbox: Path, work: Path, *, sample: int, repeat: int) -> dict[str, list[Measured]]:
    """Measure each part ``repeat`` times, each load into an empty home."""
    measured: dict[str, list[Measured]] = {part: [] for part in parts}
    for _ in range(repeat):
        for part in parts:
            home = work / "home"
            shutil.rmtree(home, ignore_errors=True)
            one = measure(commands(inbox, home, sample)[part], work / f"{part}.log")
            measured[part].append(one)
            print(f"{part:6} {_figures(one)}", flush=True)
    return measured


def report(measured: dict[str, list[Measured]], workbooks: int) -> list[str]:
    """Return the figures against the aim, and where the time of the load went; the run with least CPU counts."""
    best = {part: min(runs, key=lambda one: one.cpu_s) for part, runs in measured.items() if runs}
    lines = [f"{workbooks} workbooks, {_machine()}"]
    if "other" in best:
        told = best["other"].told
        lines.append(
            f"other: {told['sample']} of {told['files']} workbooks took {told['checking_s']:.1f} s after a start of "
            f"{told['start_s']:.1f} s; scaled to all of them {told['scaled_s']:.0f} s "
            f"({told['scaled_cpu_s']:.0f} s CPU)"
        )
    load = best.get("load")
    if load and "floor" in best:
        floor = best["floor"].told["reading_s"]
        allowed = TIMES_FLOOR * floor + START_SECONDS
        lines.append(
            f"load {load.wall_s:.1f} s, allowed {TIMES_FLOOR} x {floor:.2f} + {START_SECONDS} = {allowed:.1f} s: "
            f"{_verdict(load.wall_s < allowed)}"
        )
    if load and "other" in best:
        other = best["other"].told
        times, times_cpu = other["scaled_s"] / load.wall_s, other["scaled_cpu_s"] / load.cpu_s
        lines.append(
            f"load is {times:.0f} x faster than the other way, aim {TIMES_FASTER}: {_verdict(times >= TIMES_FASTER)} "
            f"({times_cpu:.0f} x less CPU)"
        )
    if load:
        lines.append(
            f"peak memory {load.peak_bytes / GIBIBYTE:.2f} GiB, allowed {MOST_MEMORY / GIBIBYTE:.0f}: "
            f"{_verdict(load.peak_bytes < MOST_MEMORY)}"
        )
        stages = load.told.get("seconds", {})
        lines += [f"  {stage:24} {seconds:6.1f} s" for stage, seconds in stages.items()]
        lines.append(f"  {'start, Dagster, summary':24} {load.wall_s - sum(stages.values()):6.1f} s")
    return lines


def _figures(one: Measured) -> str:
    return f"{one.wall_s:7.1f} s wall {one.cpu_s:7.1f} s CPU {one.peak_bytes / GIBIBYTE:6.2f} GiB at most"


def _verdict(is_met: bool) -> str:
    return "met" if is_met else "MISSED"


def _machine() -> str:
    memory = psutil.virtual_memory().total / GIBIBYTE
    libraries = ", ".join(
        f"{name} {version(name)}" for name in ("polars", "duckdb", "great-expectations", "python-calamine")
    )
    return (
        f"{os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()} {platform.machine()}, "
        f"Python {platform.python_version()}, {libraries}; load average {os.getloadavg()[0]:.1f}"
    )


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark; return 0 whatever the figures are."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.national_month",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--workbooks", type=int, default=760, metavar="N", help="workbooks in the month (760)")
    parser.add_argument("--provinces", type=int, default=63, metavar="N", help="provinces that send them (63)")
    parser.add_argument("--month", default="2023-09", metavar="YYYY-MM", help="calendar month (2023-09)")
    parser.add_argument("--forms", nargs="+", metavar="FORM", default=list(SUBJECTS), help="forms of a workbook (all)")
    parser.add_argument("--inbox", type=Path, metavar="DIR", help="measure these workbooks, not simulated ones")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), help="measure only these parts")
    parser.add_argument("--sample", type=int, default=40, metavar="N", help="workbooks for the other way, 0: all (40)")
    parser.add_argument("--repeat", type=int, default=1, metavar="N", help="run each part so often (1)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there too")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep inbox, home and logs in this folder")
    wanted = parser.parse_args(arguments)
    work = wanted.keep or Path(tempfile.mkdtemp(prefix="national-month-"))
    work.mkdir(parents=True, exist_ok=True)
    try:
        inbox = wanted.inbox or work / "country" / "inbox"
        if not inbox.exists():
            print(f"simulating {wanted.workbooks} workbooks of {wanted.provinces} provinces ...", flush=True)
            simulate(
                work / "country",
                provinces=wanted.provinces,
                first=wanted.month,
                last=wanted.month,
                seed=2023,
                consolidated=False,
                workbooks=wanted.workbooks,
                forms=wanted.forms,
            )
        files = sum(1 for _ in inbox.rglob("*.xlsx"))
        measured = run(wanted.only, inbox, work, sample=wanted.sample, repeat=wanted.repeat)
        print("\n".join(report(measured, files)))
        if wanted.json:
            figures = {part: [asdict(one) for one in runs] for part, runs in measured.items()}
            wanted.json.write_text(json.dumps({"machine": _machine(), "workbooks": files, **figures}, indent=1))
    finally:
        if not wanted.keep:
            shutil.rmtree(work, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
