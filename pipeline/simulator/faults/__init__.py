"""The faults that can be planted in a report, by name: what is done, and which rules are meant to find it."""

from pipeline.simulator.faults import annex, history, money, other_forms, returns, sheets, spreadsheets, sums  # noqa: F401  (each registers its faults)
from pipeline.simulator.faults.kind import FAULTS, Fault, FaultError, find_fault

__all__ = ["FAULTS", "Fault", "FaultError", "find_fault"]
