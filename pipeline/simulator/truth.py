"""What is true of a simulated country: its totals, its reports, and every fault planted in them (``truth.json``).

This is the contract between the simulator and the drills that measure how well faults are found. Of each planted fault it
records what was done (``kind``, ``vi``, ``en``), where (``path`` of the file in the inbox, ``period``, ``province``,
``unit``, ``scope``), every cell that differs from the truth (``changes``: form, row, column, sheet, address, and the
figure ``written`` beside the ``true`` one, which is the value that closes everything), the kind of likely cause that
explains it (``cause``, a kind of ``pipeline.causes`` or null), the rules that must find it (``meant``) and those that
may rightly fire with it (``entails``). Faults in one report never share a line of a form.
"""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

PrintedValue = int | float | str | None


@dataclass(frozen=True)
class ChangedCell:
    """A cell that a fault changed, in printed units. ``address`` is null where the finished sheet has no such cell.

    ``is_root`` is false for a cell that a formula changed because another cell was wrong.
    """

    form: str
    sheet: str
    row: str
    column: str
    address: str | None
    true: PrintedValue
    written: PrintedValue
    is_root: bool = True


@dataclass(frozen=True)
class PlantedFault:
    """A fault in one report: what was done, and which rules are there to find it.

    ``meant`` must find it; ``entails`` are further rules, as patterns (``rollup.*``), that may rightly fire with it,
    those across offices (``rollup.offices``) at the province's report, those across periods at later reports too.
    """

    id: str
    kind: str
    vi: str
    en: str
    cause: str | None
    meant: tuple[str, ...]
    entails: tuple[str, ...]
    is_unreadable: bool
    is_harmless: bool
    period: str
    province: str
    unit: str
    scope: str
    path: str
    changes: tuple[ChangedCell, ...]


@dataclass(frozen=True)
class SentReport:
    """A file of the inbox and whose report it is."""

    path: str
    period: str
    province: str
    unit: str
    scope: str
    received_at: str
    faults: tuple[str, ...] = ()


@dataclass
class Truth:
    """All that is true of a simulated country.

    ``made_with`` are the arguments that make it again. ``totals`` hold, by period and province (and ``nation``), the
    figures of the first row of every form in printed units, own caseload and offices together, without faults.
    """

    made_with: dict[str, Any]
    periods: list[str]
    provinces: dict[str, list[str]]
    reports: list[SentReport] = field(default_factory=list)
    faults: list[PlantedFault] = field(default_factory=list)
    totals: dict[str, dict[str, dict[str, dict[str, int]]]] = field(default_factory=dict)

    def fault(self, id: str) -> PlantedFault:
        """Return a planted fault by id; raises ``KeyError`` naming those that there are."""
        for fault in self.faults:
            if fault.id == id:
                return fault
        raise KeyError(f"no fault {id!r}; there are {', '.join(fault.id for fault in self.faults) or 'none'}")

    def write(self, path: Path) -> None:
        """Write ``truth.json``."""
        path.write_text(json.dumps(asdict(self), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> "Truth":
        """Read ``truth.json``."""
        record = json.loads(path.read_text(encoding="utf-8"))
        record["reports"] = [SentReport(**report | {"faults": tuple(report["faults"])}) for report in record["reports"]]
        record["faults"] = [
            PlantedFault(
                **fault
                | {name: tuple(fault[name]) for name in ("meant", "entails")}
                | {"changes": tuple(ChangedCell(**change) for change in fault["changes"])}
            )
            for fault in record["faults"]
        ]
        return cls(**record)
