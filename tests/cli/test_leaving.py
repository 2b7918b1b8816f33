"""A command's process ends at once, and yet whole: what was to run at exit has run, what was printed has arrived."""

import os
import subprocess
import sys

import pytest

SCRIPT = """
import atexit, sys
from pipeline.cli.exit import quick_exit

with quick_exit():
    atexit.register(print, "cleaned up")
    class Kept:
        def __del__(self):
            print("taken apart")
    kept = Kept()
    print("x" * 200_000)
    {ending}
"""


def end_by(ending: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", SCRIPT.format(ending=ending)], capture_output=True, text=True)


@pytest.mark.parametrize(("ending", "code"), [("sys.exit(3)", 3), ("sys.exit()", 0), ("sys.exit(0)", 0)])
def test_exit_code_and_all_output_arrive_and_nothing_is_taken_apart(ending: str, code: int):
    done = end_by(ending)
    assert (done.returncode, done.stderr) == (code, "")
    assert done.stdout == "x" * 200_000 + "\ncleaned up\n"


def test_failure_ends_as_python_ends_it():
    done = end_by("raise RuntimeError('broken')")
    assert done.returncode == 1
    assert "RuntimeError: broken" in done.stderr
    assert done.stdout.endswith("cleaned up\ntaken apart\n")


def test_reader_that_left_does_not_change_the_exit_code():
    script = """
import sys
from pipeline.cli.exit import quick_exit

with quick_exit():
    print("a line that waits in the buffer")
    sys.stdin.read()  # until the reader is gone
    sys.exit(3)
"""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    process = subprocess.Popen([sys.executable, "-c", script], **pipes, env=os.environ | {"PYTHONUNBUFFERED": ""})
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdout.close()
    process.stdin.close()
    assert process.wait() == 3
