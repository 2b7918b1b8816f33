"""What benchmarks have in common: a process measured, the words for it, and the options of the command line."""

import argparse
import contextlib
import json
import os
import platform
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil

from pipeline.simulator.figures import SUBJECTS

GIBIBYTE = 1024**3
SECONDS_BETWEEN = 3.0


@dataclass
class Measurement:
    """What one process took, and the JSON object that it printed last."""

    wall_s: float
    cpu_s: float
    peak_bytes: int
    output: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.wall_s:7.1f} s wall {self.cpu_s:7.1f} s CPU {self.peak_bytes / GIBIBYTE:6.2f} GiB at most"


def measure(command: list[str], log: Path) -> Measurement:
    """Run a command to its end; raises ``RuntimeError`` with the end of its log where it fails."""
    start = time.perf_counter()
    with log.open("w+") as errors, tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(command, stdout=output, stderr=errors, env=os.environ | {"NO_COLOR": "1"})
        memory = _Memory(psutil.Process(process.pid))
        while True:
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            if pid:
                break
            memory.look()
            time.sleep(0.25)
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        lines = output.read().splitlines()
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}:\n{log.read_text()[-2000:]}")
    return Measurement(wall, usage.ru_utime + usage.ru_stime, memory.peak, json.loads(lines[-1]))


class _Memory:
    """The peak of what a process and all below it keep resident; a page that several share counts once.

    That takes the kernel a walk through all pages, on the cores that are measured; so it is asked only where the
    resident pages, shared ones counted for each, are more than ever, and every few seconds.
    """

    def __init__(self, process: psutil.Process) -> None:
        self.process, self.peak = process, 0
        self._most_resident, self._last_look = 0, 0.0

    def look(self) -> None:
        """See how much there is now."""
        processes = (self.process, *_descendants(self.process))
        resident = self._sum(processes, lambda member: member.memory_info().rss)
        if resident > 1.02 * self._most_resident or time.monotonic() > self._last_look + SECONDS_BETWEEN:
            self._most_resident, self._last_look = max(self._most_resident, resident), time.monotonic()
            self.peak = max(self.peak, self._sum(processes, lambda member: member.memory_full_info().pss))

    @staticmethod
    def _sum(processes: Iterable[psutil.Process], size: Callable[[psutil.Process], int]) -> int:
        total = 0
        for process in processes:
            with contextlib.suppress(psutil.Error, OSError):  # one ended while we looked
                total += size(process)
        return total


def _descendants(process: psutil.Process) -> list[psutil.Process]:
    with contextlib.suppress(psutil.Error):
        return process.children(recursive=True)
    return []


def verdict(is_met: bool) -> str:
    """Return a word for an aim."""
    return "met" if is_met else "MISSED"


def machine() -> str:
    """Return what the figures were measured on."""
    memory = psutil.virtual_memory().total / GIBIBYTE
    libraries = ", ".join(
        f"{name} {version(name)}" for name in ("polars", "duckdb", "great-expectations", "python-calamine")
    )
    return (
        f"{os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()} {platform.machine()}, "
        f"Python {platform.python_version()}, {libraries}; load average {os.getloadavg()[0]:.1f}"
    )


def command_line(name: str, description: str | None, *, provinces: int, contents: str) -> argparse.ArgumentParser:
    """Return a parser of ``python -m benchmarks.<name>`` with the options that every country and its folder take."""
    parser = argparse.ArgumentParser(
        prog=f"python -m benchmarks.{name}",
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--provinces", type=int, default=provinces, metavar="N", help=f"provinces that send returns ({provinces})"
    )
    parser.add_argument("--keep", type=Path, metavar="DIR", help=f"keep {contents} in this folder")
    return parser


def add_runs(parser: argparse.ArgumentParser, *, repeat: int) -> None:
    """Add the options of a benchmark that measures the same more than once and keeps the figures."""
    parser.add_argument("--forms", nargs="+", metavar="FORM", default=list(SUBJECTS), help="forms of a workbook (all)")
    parser.add_argument("--repeat", type=int, default=repeat, metavar="N", help=f"measure each so often ({repeat})")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there too")


@contextlib.contextmanager
def working_folder(keep: Path | None, name: str) -> Iterator[Path]:
    """Yield a folder to work in: the one to ``keep``, else one that is removed in the end."""
    work = keep or Path(tempfile.mkdtemp(prefix=f"{name}-"))
    work.mkdir(parents=True, exist_ok=True)
    try:
        yield work
    finally:
        if not keep:
            shutil.rmtree(work, ignore_errors=True)


def keep_figures(file: Path | None, workbooks: int, measurements: Mapping[Any, list[Measurement]]) -> None:
    """Write every run as JSON, where a file was asked for."""
    if file:
        figures = {name: [asdict(measurement) for measurement in runs] for name, runs in measurements.items()}
        file.write_text(json.dumps({"machine": machine(), "workbooks": workbooks, **figures}, indent=1))
