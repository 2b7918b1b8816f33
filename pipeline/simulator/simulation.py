"""A country's inbox: which offices report when, what they report, and the faults planted on the way."""

import csv
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, time, timedelta
from functools import partial
from pathlib import Path
from random import Random
from zlib import crc32

import numpy as np

from pipeline.forms.declaration import Form, forms
from pipeline.forms.template import Header
from pipeline.registry.deadlines import working_day_after
from pipeline.registry.periods import Period
from pipeline.registry.units import UnitRegistry, unit_registry
from pipeline.simulator.country import Counts, Year, open_books, run_year
from pipeline.simulator.faults import FAULTS, Fault, FaultError, fault_named
from pipeline.simulator.figures import is_rate, lay_out, print_matrix
from pipeline.simulator.report import Figures, Report, Slot
from pipeline.simulator.truth import PlantedFault, SentReport, Truth
from pipeline.vocabulary import Scope

DEFAULT_FORMS = ("01", "02", "08", "09", "12", "discipline")
RECEIVED = "received.csv"
#: The books of every office open here, so that a longer simulation begins with the same figures as a shorter one.
FIRST_YEAR = 2020
#: Working days in which a report is due: circulars 06/2019/TT-BTP and 05/2024/TT-BTP.
DUE = {Scope.OFFICE: 2, Scope.OWN: 3, Scope.PROVINCE: 4}
FAMILIES = ("Nguyễn", "Trần", "Lê", "Phạm", "Huỳnh", "Võ", "Đặng", "Bùi", "Danh", "Lâm")
GIVEN = ("Văn An", "Thị Bình", "Quốc Cường", "Thị Dung", "Minh Đức", "Thu Hà", "Thanh Hải", "Thị Lan", "Ngọc Yến")

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Territory:
    """A province, its offices, and the periods for which they report."""

    province: str
    offices: tuple[str, ...]
    periods: tuple[Period, ...]

    @property
    def units(self) -> tuple[str, ...]:
        """The provincial agency with its own caseload, then its offices."""
        return (self.province, *self.offices)


@dataclass(frozen=True)
class Simulation:
    """What makes a country: the same arguments make the same files.

    ``first`` and ``last`` are calendar months. ``workbooks`` is the number of files a period: offices are left out,
    from the last province on, until so many are left.
    """

    provinces: int
    first: str
    last: str
    seed: int
    offices_per_province: int | None = None
    forms: tuple[str, ...] = DEFAULT_FORMS
    consolidated: bool = True
    workbooks: int | None = None

    def periods(self) -> list[Period]:
        """Return the periods from ``first`` to ``last``, one a calendar month."""
        first, last = (_calendar_month(text) for text in (self.first, self.last))
        if last < first:
            raise ValueError(f"the last month {self.last} is before the first, {self.first}")
        months = range(12 * first[0] + first[1] - 1, 12 * last[0] + last[1])
        return [Period.ending_in(month // 12, month % 12 + 1) for month in months]

    def territories(self, registry: UnitRegistry | None = None) -> list[Territory]:
        """Return the provinces: Kiên Giang first, the others by code, each only while it exists."""
        registry = registry or unit_registry()
        reporting: dict[tuple[str, tuple[str, ...]], list[Period]] = defaultdict(list)
        for period in self.periods():
            for province, offices in self._reporting(period, registry).items():
                reporting[province, tuple(offices)].append(period)
        return [Territory(*who, tuple(periods)) for who, periods in reporting.items()]

    def slots(self, territories: Sequence[Territory]) -> list[Slot]:
        """Return every report that is sent, by period."""
        return [
            slot
            for period in self.periods()
            for territory in territories
            if period in territory.periods
            for slot in self.slots_of(territory, period)
        ]

    def slots_of(self, territory: Territory, period: Period) -> Iterator[Slot]:
        """Return the reports of one territory on one period."""
        province = territory.province
        for office in territory.offices:
            yield Slot(period, province, office, Scope.OFFICE)
        yield Slot(period, province, province, Scope.OWN)
        if self.consolidated:
            yield Slot(period, province, province, Scope.PROVINCE)

    def forms_in(self, period: Period) -> dict[str, Form]:
        """Return the simulated forms that are in force at the end of a period."""
        in_force = forms().in_force(period.end)
        return {code: in_force[code] for code in self.forms if code in in_force}

    def _reporting(self, period: Period, registry: UnitRegistry) -> dict[str, list[str]]:
        valid = [u for u in registry.units.values() if u.level == "province" and u.is_valid_on(period.end)]
        valid.sort(key=lambda unit: (unit.key != "kien-giang", unit.code or ""))
        if len(valid) < self.provinces:
            raise ValueError(f"on {period.end:%d/%m/%Y} there are {len(valid)} provinces, not {self.provinces}")
        offices = {
            unit.key: registry.parts_of(unit.key, period.end, is_simulated=True)[: self.offices_per_province]
            for unit in valid[: self.provinces]
        }
        if self.workbooks is not None:
            surplus = sum(map(len, offices.values())) + len(offices) * (1 + self.consolidated) - self.workbooks
            while surplus > 0 and any(len(below) > 1 for below in offices.values()):
                for province in reversed(offices):
                    if surplus > 0 and len(offices[province]) > 1:
                        offices[province].pop()
                        surplus -= 1
        return offices


@dataclass
class _Caseload:
    """The figures of a territory in one statistical year, by version of the form: unit x month x row x column.

    A circular may change within the year, and with it the columns of a form.
    """

    year: Year
    laid: dict[str, Counts]

    @classmethod
    def of(cls, simulation: Simulation, territory: Territory) -> dict[int, "_Caseload"]:
        """Return the caseload by statistical year."""
        key, wanted = crc32(territory.province.encode()), {period.year for period in territory.periods}
        start = min(FIRST_YEAR, *wanted)
        books = open_books(np.random.default_rng([simulation.seed, key]), len(territory.units))
        caseload = {}
        for number in range(start, max(wanted) + 1):
            year, books = run_year(np.random.default_rng([simulation.seed, key, number]), books)
            if number in wanted:
                needed = {
                    form.version: form
                    for period in territory.periods
                    if period.year == number
                    for form in simulation.forms_in(period).values()
                }
                caseload[number] = cls(year, {version: lay_out(form, year) for version, form in needed.items()})
        return caseload

    def figures(self, of_period: dict[str, Form], units: slice, months: int) -> Figures:
        """Return the printed figures of some units together after so many months."""
        due = {basis: int(self.year[basis].values["due"][units, months - 1].sum()) for basis in ("cases", "money")}
        return {
            code: print_matrix(
                form, self.laid[form.version][units, months - 1].sum(0), due, is_together=units == slice(None)
            )
            for code, form in of_period.items()
        }

    def totals(self, of_period: dict[str, Form], months: int) -> dict[str, dict[str, int]]:
        """Return the first row of every form, the whole territory together."""
        return {
            code: {
                column: int(figure)
                for column, figure in zip(form.column, self.laid[form.version][:, months - 1, 0].sum(0), strict=True)
                if not is_rate(form, column)
            }
            for code, form in of_period.items()
        }


def simulate(
    out: Path,
    provinces: int,
    first: str,
    last: str,
    seed: int,
    faults: Sequence[str] | None = None,
    offices_per_province: int | None = None,
    forms: Sequence[str] | None = None,
    progress: Progress | None = None,
    consolidated: bool = True,
    workbooks: int | None = None,
) -> Truth:
    """Write a country's workbooks to ``out/inbox`` and what is true of them to ``out/truth.json``.

    A fault is ``kind``, ``kind@file`` or ``kind@file:2023-09`` (file name without ``.xlsx``, by default in the last
    period), or a number: so many kinds at random. Raises ``FaultError`` when one cannot be planted, ``ValueError`` for
    months or provinces that there are not.
    """
    made_with = Simulation(
        provinces, first, last, seed, offices_per_province, tuple(forms or DEFAULT_FORMS), consolidated, workbooks
    )
    territories = made_with.territories()
    slots = made_with.slots(territories)
    planned = plan_faults(faults or (), slots, seed)
    truth = Truth(
        made_with=asdict(made_with) | {"forms": list(made_with.forms)},
        periods=[period.id for period in made_with.periods()],
        provinces={territory.province: list(territory.offices) for territory in territories},
    )
    inbox, done = out / "inbox", 0
    for territory in territories:
        for report in _reports(made_with, territory, truth):
            planted = _plant(report, planned.get(report.slot, ()), seed)
            report.write(inbox / report.slot.path)
            truth.faults += planted
            truth.reports.append(_sent(report, planted))
            done += 1
            if progress:
                progress(done, len(slots))
    truth.faults.sort(key=lambda fault: int(fault.id.removeprefix("F")))
    truth.reports.sort(key=lambda report: (report.period, report.received_at, report.path))
    for period in truth.periods:
        (inbox / period / RECEIVED).unlink(missing_ok=True)
    _write_received(inbox, truth.reports)
    _add_nation(truth)
    truth.write(out / "truth.json")
    return truth


def write_correction(truth: Truth, fault_id: str, out: Path) -> Path:
    """Write the corrected workbook of a faulty report, a second version with its reason, into the inbox ``out``.

    Returns the path of the workbook; what the registrar noted of its reception is added to ``received.csv``.
    """
    fault = truth.fault(fault_id)
    made_with = Simulation(**truth.made_with | {"forms": tuple(truth.made_with["forms"])})
    slot = Slot(Period.parse(fault.period), fault.province, fault.unit, Scope(fault.scope))
    territory = next(t for t in made_with.territories() if t.province == fault.province and slot.period in t.periods)
    (report,) = _reports(made_with, territory, None, {slot})
    report.header = replace(report.header, revision=2, reason=f"Báo cáo bổ sung, đính chính: {fault.vi}")
    report.received_at = datetime.combine(working_day_after(report.received_at.date(), 2), time(9, 30))
    path = out / slot.path.replace(".xlsx", ".bo-sung-2.xlsx")
    report.write(path)
    sent = replace(_sent(report, []), path=path.relative_to(out).as_posix())
    _write_received(out, [sent])
    return path


def plan_faults(wanted: Sequence[str], slots: Sequence[Slot], seed: int) -> dict[Slot, list[tuple[str, Fault]]]:
    """Choose the reports into which faults go, each random one into a report of its own."""
    rng = Random(f"{seed}/faults")
    kinds: list[str] = []
    for text in wanted:
        harmful = [name for name, fault in FAULTS.items() if not fault.is_harmless and _fitting(fault, slots)]
        if text.isdigit() and int(text) > len(harmful):
            raise FaultError(f"{text} faults were asked for; {len(harmful)} kinds fit these reports")
        kinds += rng.sample(harmful, int(text)) if text.isdigit() else [text]
    planned: dict[Slot, list[tuple[str, Fault]]] = defaultdict(list)
    # Those that name their report come first, so that no random one takes it.
    order = sorted(enumerate(kinds, start=1), key=lambda pair: "@" not in pair[1])
    for number, text in order:
        name, _, where = text.partition("@")
        fault = fault_named(name)
        fitting = _fitting(fault, slots)
        if where:
            chosen = _aimed(fault, where, fitting)
        else:
            free = [slot for slot in fitting if slot not in planned]
            if not free:
                raise FaultError(f"{name}: no report is left into which it fits")
            chosen = rng.choice([slot for slot in free if slot.period.months >= fault.from_months] or free)
        planned[chosen].append((f"F{number}", fault))
    return planned


def _fitting(fault: Fault, slots: Sequence[Slot]) -> list[Slot]:
    there = set(slots)

    def has_previous(slot: Slot) -> bool:
        return (
            slot.period.months > 1 and replace(slot, period=Period(slot.period.year, slot.period.months - 1)) in there
        )

    return [slot for slot in slots if slot.scope in fault.scopes and (not fault.needs_previous or has_previous(slot))]


def _aimed(fault: Fault, where: str, fitting: Sequence[Slot]) -> Slot:
    stem, _, period = where.partition(":")
    found = [slot for slot in fitting if stem in (slot.stem, slot.unit) and period in ("", slot.period.id)]
    if not found:
        raise FaultError(f"{fault.name}@{where}: no report of that name and period takes this fault")
    return found[-1]


def _reports(
    simulation: Simulation, territory: Territory, truth: Truth | None, wanted: Collection[Slot] | None = None
) -> Iterator[Report]:
    caseload = _Caseload.of(simulation, territory)
    for period in territory.periods:
        of_period, year = simulation.forms_in(period), caseload[period.year]
        if truth:
            by_province = truth.totals.setdefault(period.id, {})
            by_province[territory.province] = year.totals(of_period, period.months)
        for slot in simulation.slots_of(territory, period):
            if wanted is not None and slot not in wanted:
                continue
            at = territory.units.index(slot.unit)
            units = slice(None) if slot.scope == Scope.PROVINCE else slice(at, at + 1)
            yield Report(
                slot=slot,
                header=_header(slot, simulation.seed),
                forms=dict(of_period),
                figures=year.figures(of_period, units, period.months),
                previous=partial(year.figures, of_period, units, period.months - 1),
                received_at=_reception(slot, simulation.seed),
            )


def _header(slot: Slot, seed: int) -> Header:
    units, rng = unit_registry().units, Random(f"{seed}/{slot.unit}")
    unit, province = units[slot.unit], units[slot.province]
    agency = f"Cục THADS {province.name}"
    return Header(
        unit_name=unit.name if slot.scope == Scope.OFFICE else agency,
        unit_key=unit.key,
        parent_name=agency if slot.scope == Scope.OFFICE else "Tổng cục THADS",
        scope=slot.scope,
        period_start=slot.period.start,
        period_end=slot.period.end,
        signer=f"{rng.choice(FAMILIES)} {rng.choice(GIVEN)}",
    )


def _reception(slot: Slot, seed: int) -> datetime:
    """Return when the report came: on some working day before it was due, in office hours."""
    rng = Random(f"{seed}/{slot.path}")
    earliest = DUE[Scope.OFFICE] + 1 if slot.scope == Scope.PROVINCE else 1
    day = working_day_after(slot.period.end, rng.randint(earliest, DUE[slot.scope]))
    return datetime.combine(day, time(7, 30)) + timedelta(minutes=rng.randrange(9 * 60))


def _plant(report: Report, faults: Sequence[tuple[str, Fault]], seed: int) -> list[PlantedFault]:
    return [fault.plant(report, Random(f"{seed}/{id}/{report.slot.path}"), id) for id, fault in faults]


def _sent(report: Report, planted: Sequence[PlantedFault]) -> SentReport:
    slot = report.slot
    return SentReport(
        path=slot.path,
        period=slot.period.id,
        province=slot.province,
        unit=slot.unit,
        scope=slot.scope.value,
        received_at=report.received_at.isoformat(timespec="seconds"),
        faults=tuple(fault.id for fault in planted),
    )


def _write_received(inbox: Path, reports: Sequence[SentReport]) -> None:
    """Note in each period's folder when its files came and from whom; what is noted already stays."""
    by_period: dict[str, list[SentReport]] = defaultdict(list)
    for report in reports:
        by_period[report.period].append(report)
    for period, sent in by_period.items():
        path = inbox / period / RECEIVED
        is_new = not path.exists()
        with path.open("a", encoding="utf-8", newline="") as file:
            lines = csv.writer(file, lineterminator="\n")
            if is_new:
                lines.writerow(["path", "received_at", "sender"])
            for report in sent:
                relative = report.path.removeprefix(f"{period}/")
                lines.writerow([relative, report.received_at, f"{report.unit}@thads.example"])


def _add_nation(truth: Truth) -> None:
    for by_province in truth.totals.values():
        nation: dict[str, dict[str, int]] = {}
        for by_form in by_province.values():
            for form, figures in by_form.items():
                sums = nation.setdefault(form, dict.fromkeys(figures, 0))
                for column, figure in figures.items():
                    sums[column] += figure
        by_province["nation"] = nation


def _calendar_month(text: str) -> tuple[int, int]:
    year, _, month = text.partition("-")
    if not (year.isdigit() and month.isdigit() and len(year) == 4 and 1 <= int(month) <= 12):
        raise ValueError(f"{text!r} is no calendar month: write e.g. 2022-10")
    return int(year), int(month)
