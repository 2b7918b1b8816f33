"""Runs a module of Dagster's as ``python -m MODULE`` would, and ends it with the process that started this one."""

import runpy
import sys

from pipeline.child_process import end_with_parent

if __name__ == "__main__":
    end_with_parent()
    module = sys.argv[1]
    sys.argv = sys.argv[1:]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
