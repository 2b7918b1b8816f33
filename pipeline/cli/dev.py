"""``thads dev``: the Dagster UI with daemon, schedule and sensors, on loopback only.

Four child processes: the code server, the daemon, the UI behind its guard, and the server of the files that the
UI links to. They begin together and end together, within five seconds of Ctrl-C or SIGTERM.
"""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from rich.text import Text

from pipeline.cli.terminal import err, out
from pipeline.dagster_ui.reading_room import place_of
from pipeline.home import PROJECT, Home, Settings, open_home
from pipeline.night import set_up_dagster

PORT = 3000
HOST = "127.0.0.1"
#: How long the processes may take to end by themselves.
PATIENCE_SECONDS = 2.5
#: How long a killed process may take to be gone: under load its memory is given back only after a moment.
KILLED_PATIENCE_SECONDS = 1.5
LOOK_EVERY_SECONDS = 0.2
WORKSPACE = "load_from:\n  - grpc_server: {{socket: '{socket}', location_name: thads}}\n"


def start(home: Path | None = None, port: int = PORT) -> int:
    """Run until Ctrl-C or SIGTERM, or until one of the processes ends; return the exit code."""
    opened_home = open_home(home)
    if problem := _port_problem(port):
        err.print(Text(f"thads dev: {problem}"))
        return 1
    opened_home.inbox.mkdir(parents=True, exist_ok=True)
    set_up_dagster(opened_home)
    stop_event = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stop_event.set())
    with tempfile.TemporaryDirectory(prefix="thads-") as folder:
        services = _start_services(opened_home, port, Path(folder), stop_event)
        out.print(Text(f"http://{HOST}:{port}  ·  inbox: {opened_home.inbox}"))
        ended_service = None
        while not stop_event.wait(LOOK_EVERY_SECONDS) and ended_service is None:
            ended_service = next((name for name, process in services.items() if process.poll() is not None), None)
        _stop(services.values())
    if ended_service is None or stop_event.is_set():
        return 0
    err.print(Text(f"thads dev: {ended_service} ended by itself, so the rest was ended too; what it said stands above"))
    return 1


def _start_services(
    home: Home, port: int, folder: Path, stop_event: threading.Event
) -> dict[str, subprocess.Popen[bytes]]:
    """Start the processes, each the first of a group of its own, and return them by name."""
    workspace, code = folder / "workspace.yaml", folder / "code"
    workspace.write_text(WORKSPACE.format(socket=code))
    dagster = ["-m", "pipeline.dagster_ui.service"]
    services = {
        "the code server": _start_process(
            *dagster, *("dagster", "code-server", "start", "--socket", str(code), "--location-name", "thads"),
            *("-m", "pipeline.definitions", "--log-level", "warning"),
        ),
    }  # fmt: skip
    _wait_for_socket(code, services["the code server"], stop_event)
    if stop_event.is_set():
        return services
    services |= {
        "the daemon": _start_process(
            *dagster, "dagster._daemon", "run", "-w", str(workspace), "--log-level", "warning"
        ),
        "the UI": _start_process("-m", "pipeline.dagster_ui.control_room", str(workspace), str(port)),
    }  # fmt: skip
    address = Settings().files_url
    if place := place_of(address):
        # Where its port is taken, it says so, and the rest goes on.
        services_of_files = _start_process("-m", "pipeline.dagster_ui.reading_room", str(home.root), *map(str, place))
        time.sleep(LOOK_EVERY_SECONDS)
        if services_of_files.poll() is None:
            services["the server of files"] = services_of_files
        out.print(Text(f"{address}/bulletin/current/index.html  ·  bulletin, letters, marked workbooks, Data Docs"))
    return services


def _start_process(*arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, *arguments], cwd=PROJECT, start_new_session=True)


def _wait_for_socket(address: Path, process: subprocess.Popen[bytes], stop_event: threading.Event) -> None:
    """Wait until the code server listens: asked before that, it counts as down."""
    while process.poll() is None and not address.exists() and not stop_event.wait(LOOK_EVERY_SECONDS):
        pass


def _stop(processes: Iterable[subprocess.Popen[bytes]]) -> None:
    """Ask every group to end and kill what does not: after a killed load the next load is all it takes."""
    groups = list(processes)
    for signal_name, patience_seconds in (
        (signal.SIGTERM, PATIENCE_SECONDS),
        (signal.SIGKILL, KILLED_PATIENCE_SECONDS),
    ):
        _signal(groups, signal_name)
        deadline = time.monotonic() + patience_seconds
        while time.monotonic() < deadline and any(_is_alive(process) for process in groups):
            time.sleep(LOOK_EVERY_SECONDS)
    for process in groups:
        process.wait()


def _signal(processes: Sequence[subprocess.Popen[bytes]], name: signal.Signals) -> None:
    for process in processes:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, name)


def _is_alive(process: subprocess.Popen[bytes]) -> bool:
    """Tell whether any process of a group is still running."""
    process.poll()
    try:
        os.killpg(process.pid, 0)
    except ProcessLookupError:
        return False
    return True


def _port_problem(port: int) -> str | None:
    """Say why a port is not available and what to do; None where it is."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            return (
                f"port {port} of {HOST} cannot be had ({reason}); end what listens there, or choose another with --port"
            )
    return None
