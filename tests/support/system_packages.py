"""A program of the system for tests: installed by apt-get where we are root, else a sentence that says what to do."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable


def set_up(
    find: Callable[[], object], packages: Iterable[str], *, variable: str, purpose: str, way_out: str, is_required: bool
) -> int:
    """Install ``packages`` where ``find`` finds nothing and we may; return the exit code.

    ``variable``: the environment variable by which somebody names a program of their own; ``purpose`` and ``way_out`` are
    printed where it stays missing, which is an error only where it ``is_required``.
    """
    if find():
        return 0
    if os.geteuid() == 0 and shutil.which("apt-get") and not os.environ.get(variable):
        print(f"Installing {', '.join(packages)} for tests (apt-get) ...", file=sys.stderr)
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        for arguments in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *packages]):
            subprocess.run(["apt-get", *arguments], check=False, stdout=subprocess.DEVNULL, env=environment)
    if find():
        return 0
    print(f"{purpose}: {way_out}", file=sys.stderr)
    return 1 if is_required else 0
