"""LibreOffice to fill workbooks in with: a program that obeys protection, knows validations and works formulas out.

``python -m tests.support.office`` is what ``make setup-office`` runs. The program is driven over its own interface (UNO) by
``tests/support/office_hand.py``, which runs in the Python that LibreOffice's bridge is installed for, mostly the system's.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.support.system_packages import set_up

PROGRAMS = ("soffice", "libreoffice")
PYTHONS = ("/usr/bin/python3", "python3", "/usr/lib/libreoffice/program/python", "/opt/libreoffice/program/python")
PACKAGES = ("libreoffice-calc", "python3-uno", "fonts-dejavu-core")
HAND = Path(__file__).with_name("office_hand.py")
PATIENCE_SECONDS = 180

HOW = (
    "there is no LibreOffice with its Python bridge here. Install both (Debian, Ubuntu: apt-get install libreoffice-calc "
    "python3-uno; Fedora: dnf install libreoffice-calc libreoffice-pyuno) or name the program in THADS_OFFICE."
)


@dataclass(frozen=True)
class Office:
    """The program, and a Python that can talk to it."""

    program: str
    python: str


@cache
def find_office() -> Office | None:
    """Return LibreOffice and the Python of its bridge: what THADS_OFFICE names, else the ones of the system."""
    named = os.environ.get("THADS_OFFICE")
    programs = [shutil.which(name) for name in ([named] if named else PROGRAMS)]
    program = next(filter(None, programs), None)
    if program is None:
        return None
    for name in PYTHONS:
        python = shutil.which(name)
        if python and subprocess.run([python, "-c", "import uno"], check=False, capture_output=True).returncode == 0:
            return Office(program, python)
    return None


def is_required() -> bool:
    """Return whether tests must fail without LibreOffice: in CI, which would else say green for what it never saw."""
    return bool(os.environ.get("CI") or os.environ.get("THADS_OFFICE_REQUIRED"))


def needed() -> Office:
    """Return LibreOffice for a test; without it the test is skipped, or fails where it is required."""
    found = find_office()
    if found is None:
        (pytest.fail if is_required() else pytest.skip)(HOW)
    return found


def use(path: Path, acts: Sequence[tuple[Any, ...]], save_as: Path | None = None) -> list[Any]:
    """Open a workbook, do ``acts`` in their order, save it as .xlsx where asked to; return what came of each act.

    ``("type", sheet, address, value)`` writes as a user would: true where the cell takes it, false where it is protected.
    ``("allows", sheet, address, value)`` tells whether the cell's validation lets the value in. ``("show", sheet, address)``
    is what the cell shows, worked out anew; ``("formula", sheet, address)`` what stands in it.
    """
    office = needed()
    with tempfile.TemporaryDirectory(prefix="thads-office-") as folder:
        pipe, copy = Path(folder).name, Path(folder) / path.name  # the program leaves a lock beside what it opens
        shutil.copyfile(path, copy)
        command = [
            *(
                office.program,
                f"-env:UserInstallation=file://{folder}/profile",
                "--headless",
                "--norestore",
                "--nologo",
            ),
            *("--nodefault", f"--accept=pipe,name={pipe};urp;"),
        ]
        quiet = subprocess.DEVNULL
        with subprocess.Popen(command, stdout=quiet, stderr=quiet, start_new_session=True) as running:
            try:
                asked = {"pipe": pipe, "path": str(copy), "save_as": save_as and str(save_as), "acts": acts}
                answered = subprocess.run(
                    [office.python, str(HAND)],
                    input=json.dumps(asked),
                    capture_output=True,
                    text=True,
                    timeout=PATIENCE_SECONDS,
                    check=False,
                )
                assert answered.returncode == 0, answered.stderr
                return json.loads(answered.stdout)
            finally:
                _end(running)


def _end(running: subprocess.Popen) -> None:
    try:
        running.wait(timeout=20)
    except subprocess.TimeoutExpired:
        os.killpg(running.pid, 9)


def _find_anew() -> object:
    find_office.cache_clear()
    return find_office()


if __name__ == "__main__":
    sys.exit(
        set_up(
            _find_anew,
            PACKAGES,
            variable="THADS_OFFICE",
            purpose="The clerk's workbooks cannot be tried",
            way_out=HOW,
            is_required=is_required(),
        )
    )
