"""What a named kind of fault is, and the tools that all of them share."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import yaml

from pipeline.calendar.periods import Period
from pipeline.forms.declaration import Form
from pipeline.forms.formulas import Figure
from pipeline.simulator.report import SimulatedReport, Slot
from pipeline.simulator.truth import ChangedCell, PlantedFault, PrintedValue
from pipeline.vocabulary import Scope

TABLES = Path(__file__).with_name("cells.yaml")
TOTAL = "total.total"
PARTS = ("in_progress", "other_eligible", "not_eligible", "postponed", "suspended")

#: Further rules that may fire when a cell is out of step with the cells around it.
NEIGHBOURS = ("balance.*", "rollup.*", "ratio.*", "order.*", "cross.*", "change.*", "cumulative.*", "continuity.*")
TOTALS = ("rollup.*", "cross.*", "change.*", "cumulative.*", "continuity.*")
#: What other periods may say of figures that are out of scale.
HISTORY = ("rollup.offices", "cross.*", "change.*", "cumulative.*", "continuity.*")

CellChange = tuple[str, str, str, Figure, Figure]
"""Form, row, column, true figure, written figure."""

Act = Callable[[SimulatedReport, Random], Iterator[CellChange]]
Place = tuple[str, str]


class RelatedReport(StrEnum):
    """Another report of the same unit, against which a fault shows."""

    PREVIOUS = "previous"  # of the month before
    LAST_YEAR = "last_year"  # of the same months of the year before
    YEAR_END = "year_end"  # of all of the year before
    TENTH_MONTH = "tenth_month"  # of ten months of this year

    def related_period(self, period: Period) -> Period | None:
        """Return the period of that report; None where there can be none."""
        match self:
            case RelatedReport.PREVIOUS:
                return Period(period.year, period.months - 1) if period.months > 1 else None
            case RelatedReport.LAST_YEAR:
                return Period(period.year - 1, period.months)
            case RelatedReport.YEAR_END:
                return Period(period.year - 1, 12)
            case _:
                return Period(period.year, 10) if period.months > 10 else None


class FaultError(ValueError):
    """A fault cannot be planted; the message says why and what can."""


@dataclass(frozen=True)
class Fault:
    """A named kind of fault.

    ``cause`` is the kind of likely cause (``pipeline.causes``) that explains it, where cells do. ``whole`` faults change
    the sheet, the header or the file rather than cells: a report takes one of them at most.
    """

    name: str
    vi: str
    en: str
    act: Act
    meant: tuple[str, ...] = ()
    entails: tuple[str, ...] = ()
    forms: tuple[str, ...] = ()  # that a report must have
    scopes: tuple[Scope, ...] = (Scope.OFFICE, Scope.OWN)
    cause: str | None = None
    is_whole: bool = False
    is_unreadable: bool = False
    is_of_sheet: bool = False  # the sheet is to be mended, none of the cells that it changed
    related_reports: tuple[
        RelatedReport, ...
    ] = ()  # reports of the same unit against which it shows; they exist and stay unchanged
    needs_offices: bool = False  # so are all that the province adds up
    from_months: int = 1  # chosen at random, it avoids shorter periods: there may be too few cases to show it
    months: tuple[int, ...] = ()  # the only periods in which it can be made, all where empty
    suffix: str = ".xlsx"  # of the file that it spoils: another one may lie beside the workbook

    @property
    def is_harmless(self) -> bool:
        """Tell whether the report stays right, so that nothing may be found."""
        return not self.meant and not self.is_unreadable

    @property
    def is_national(self) -> bool:
        """Tell whether only the national department can make it."""
        return self.scopes == (Scope.NATION,)

    def fits(self, report_forms: Sequence[str]) -> bool:
        """Tell whether a report on these forms has what the fault changes."""
        return set(self.forms) <= set(report_forms)

    def related_slots(self, slot: Slot, slots: Iterable[Slot]) -> list[Slot | None]:
        """Return the reports against which the fault shows; None for one that cannot exist."""
        periods = (related.related_period(slot.period) for related in self.related_reports)
        earlier_slots = [replace(slot, period=period) if period else None for period in periods]
        if not self.needs_offices:
            return earlier_slots
        office_slots = [
            other for other in slots if (other.period, other.province) == (slot.period, slot.province) and other != slot
        ]
        return [*earlier_slots, *office_slots]

    def plant(self, report: SimulatedReport, rng: Random, id: str) -> PlantedFault:
        """Change the report and return what was done."""
        missing_forms = [form for form in self.forms if form not in report.forms]
        if missing_forms:
            raise FaultError(f"{self.name}: the report has no form {', '.join(missing_forms)}")
        cell_changes = list(self.act(report, rng))
        changes = (
            ChangedCell(
                form,
                form,
                row,
                column,
                report.address(form, row, column),
                _printed(true),
                _printed(written),
                not self.is_of_sheet,
            )
            for form, row, column, true, written in cell_changes
        )
        slot = report.slot
        return PlantedFault(
            id=id,
            kind=self.name,
            vi=self.vi,
            en=self.en,
            cause=self.cause,
            meant=self.meant,
            entails=self.entails,
            is_unreadable=self.is_unreadable,
            is_harmless=self.is_harmless,
            period=slot.period.id,
            province=slot.province,
            unit=slot.unit,
            scope=slot.scope.value,
            path=slot.path.removesuffix(".xlsx") + self.suffix,
            changes=tuple(changes),
        )


FAULTS: dict[str, Fault] = {}
OTHER_NAMES = {"carried_over_typed_over": "balance_broken", "text_renamed": "unreadable_text_renamed"}


def find_fault(name: str) -> Fault:
    """Return a fault by its name; raises ``FaultError`` naming all that there are."""
    match = FAULTS.get(OTHER_NAMES.get(name, name))
    if match is None:
        raise FaultError(f"no fault is called {name!r}; there are {', '.join(sorted(FAULTS))}")
    return match


def fault(
    vi: str,
    en: str,
    *,
    name: str = "",
    meant: Sequence[str] = (),
    entails: Sequence[str] = (),
    forms: Sequence[str] = (),
    scopes: Sequence[Scope] = (Scope.OFFICE, Scope.OWN),
    cause: str | None = None,
    is_whole: bool = False,
    is_unreadable: bool = False,
    is_of_sheet: bool = False,
    related_reports: Sequence[RelatedReport] = (),
    needs_offices: bool = False,
    from_months: int = 1,
    months: Sequence[int] = (),
    suffix: str = ".xlsx",
) -> Callable[[Act], Act]:
    """Return a decorator that registers a function as a fault under the function's name."""

    def register(act: Act) -> Act:
        fault_name = name or act.__name__.strip("_")
        FAULTS[fault_name] = Fault(
            fault_name,
            vi,
            en,
            act,
            tuple(meant),
            tuple(entails),
            tuple(forms),
            tuple(scopes),
            cause,
            is_whole or is_unreadable,
            is_unreadable,
            is_of_sheet,
            tuple(related_reports),
            needs_offices,
            from_months,
            tuple(months),
            suffix,
        )
        return act

    return register


def register_all(table: str, plant: Callable[..., None]) -> None:
    """Register the faults of a table of ``cells.yaml``; ``plant`` gets name, place and the rest of each as keywords."""
    for name, entry in _tables()[table].items():
        plant(name=name, **entry["at"], **{key: value for key, value in entry.items() if key != "at"})


@cache
def _tables() -> dict[str, dict[str, dict[str, Any]]]:
    return yaml.safe_load(TABLES.read_text(encoding="utf-8"))


def count(report: SimulatedReport, form: str, row: str, column: str) -> int:
    """Return a figure that is a whole number."""
    figure = report.figure(form, row, column)
    assert isinstance(figure, int), (form, row, column, figure)
    return figure


def type_over(report: SimulatedReport, form: str, row: str, column: str, written: Figure) -> CellChange:
    """Type a figure over another and return both."""
    true = report.figure(form, row, column)
    report.put(form, row, column, written)
    return form, row, column, true, written


def add(report: SimulatedReport, form: str, row: str, column: str, amount: int) -> CellChange:
    """Type over a figure one that is ``amount`` higher."""
    return type_over(report, form, row, column, count(report, form, row, column) + amount)


def replace_figures(report: SimulatedReport, form: str, figures: Sequence[Sequence[Figure]]) -> Iterator[CellChange]:
    """Type a whole matrix over the form, and yield the cells that differ."""
    declaration: Form = report.forms[form]
    for row, line in zip(declaration.row, figures, strict=True):
        for column, written in zip(declaration.column, line, strict=True):
            if written != report.figure(form, row, column):
                yield type_over(report, form, row, column, written)


def leaf(
    report: SimulatedReport,
    form: str,
    columns: Sequence[str],
    rng: Random,
    is_suitable: Callable[[int], bool] = lambda figure: figure > 0,
) -> Place:
    """Choose an input cell of one kind and initiative among ``columns``."""
    places = [
        (row.code, column)
        for row in report.forms[form].rows
        if not row.is_total
        for column in columns
        if isinstance(figure := report.figure(form, row.code, column), int) and is_suitable(figure)
    ]
    if not places:
        raise FaultError(
            f"no cell of form {form} among {', '.join(columns)} fits; take a later period or another office"
        )
    return rng.choice(places)


def _printed(figure: Figure) -> PrintedValue:
    return float(figure) if isinstance(figure, Decimal) else figure
