"""A country's inbox: which offices report when, what they report, and the faults planted on the way."""

import csv
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime, time, timedelta
from functools import partial
from pathlib import Path
from random import Random

from pipeline.calendar.deadlines import due_on, working_day_after
from pipeline.calendar.periods import Period
from pipeline.forms import Form
from pipeline.forms.template import ReportHeader
from pipeline.registry.units import unit_registry
from pipeline.simulator.caseload import Caseload
from pipeline.simulator.cube import Counts
from pipeline.simulator.figures import print_matrix
from pipeline.simulator.planting import plan_faults, plant
from pipeline.simulator.report import Figures, Report, Slot
from pipeline.simulator.territory import DEFAULT_FORMS, Simulation, Territory, national_slot
from pipeline.simulator.transfers import name_agencies
from pipeline.simulator.truth import PlantedFault, SentReport, Truth
from pipeline.vocabulary import Scope

RECEIVED = "received.csv"
#: From this day provincial agencies and regional offices report, no longer departments and district offices.
REGIONAL = date(2025, 7, 1)
#: Working days in which a report is due: circulars 06/2019/TT-BTP and 05/2024/TT-BTP.
DUE = {Scope.OFFICE: 2, Scope.OWN: 2, Scope.PROVINCE: 4, Scope.NATION: 6}
FAMILIES = ("Nguyễn", "Trần", "Lê", "Phạm", "Huỳnh", "Võ", "Đặng", "Bùi", "Danh", "Lâm")
GIVEN = ("Văn An", "Thị Bình", "Quốc Cường", "Thị Dung", "Minh Đức", "Thu Hà", "Thanh Hải", "Thị Lan", "Ngọc Yến")

Progress = Callable[[int, int], None]


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
    faults_per_office: int = 1,
    national: bool = False,
) -> Truth:
    """Write a country's workbooks to ``out/inbox`` and what is true of them to ``out/truth.json``.

    A fault is ``kind``, ``kind@file`` or ``kind@file:2023-09`` (file name without ``.xlsx``, by default in the last
    period), or a number: so many kinds at random; ``faults_per_office`` of those that name no report go into one, no two
    into the same line of a form. Raises ``FaultError`` when one cannot be planted, ``ValueError`` for
    months or provinces that there are not.
    """
    made_with = Simulation(
        provinces,
        first,
        last,
        seed,
        offices_per_province,
        tuple(forms or DEFAULT_FORMS),
        consolidated,
        workbooks,
        national,
    )
    territories = made_with.territories()
    slots = made_with.slots(territories)
    planned = plan_faults(faults or (), slots, made_with.forms, seed, faults_per_office)
    truth = Truth(
        made_with=asdict(made_with) | {"forms": list(made_with.forms)},
        periods=[period.id for period in made_with.periods()],
        provinces={territory.province: list(territory.offices) for territory in territories},
    )
    inbox, done = out / "inbox", 0
    sums = Sums()
    for reports in (*(_reports(made_with, one, truth, sums=sums) for one in territories), sums.reports(made_with)):
        for report in reports:
            report, planted = plant(report, planned.get(report.slot, ()), seed)
            report.write(inbox / report.slot.path)
            truth.faults += planted
            sent = _sent(report, planted)
            truth.reports.append(sent)
            truth.reports += [replace(sent, path=sent.path.removesuffix(".xlsx") + suffix) for suffix in report.beside]
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
    territories = [one for one in made_with.territories() if slot.period in one.periods]
    if slot.scope == Scope.NATION:
        sums = Sums()
        for territory in territories:
            list(_reports(made_with, territory, None, (), sums))
        report = next(one for one in sums.reports(made_with) if one.slot == slot)
    else:
        territory = next(one for one in territories if one.province == fault.province)
        (report,) = _reports(made_with, territory, None, {slot})
    report.header = replace(report.header, revision=2, reason=f"Báo cáo bổ sung, đính chính: {fault.vi}")
    report.received_at = datetime.combine(working_day_after(report.received_at.date(), 2), time(9, 30))
    path = out / slot.path.replace(".xlsx", ".bo-sung-2.xlsx")
    report.write(path)
    sent = replace(_sent(report, []), path=path.relative_to(out).as_posix())
    _write_received(out, [sent])
    return path


def _reports(
    simulation: Simulation,
    territory: Territory,
    truth: Truth | None,
    wanted: Collection[Slot] | None = None,
    sums: "Sums | None" = None,
) -> Iterator[Report]:
    caseload = Caseload.of(simulation, territory)
    for period in territory.periods:
        of_period, year = simulation.forms_in(period), caseload[period.year]
        if truth:
            by_province = truth.totals.setdefault(period.id, {})
            by_province[territory.province] = year.totals(of_period, period.months)
        if sums is not None and simulation.national:
            sums.add(period, *year.together(of_period, period.months))
        for slot in simulation.slots_of(territory, period):
            if wanted is not None and slot not in wanted:
                continue
            printed = partial(_printed, year, of_period, territory, slot)
            yield Report(
                slot=slot,
                header=_header(slot, simulation.seed),
                forms=dict(of_period),
                figures=printed(period.months),
                previous=partial(printed, period.months - 1),
                received_at=_reception(slot, simulation.seed),
            )


def _printed(year: Caseload, of_period: dict[str, Form], territory: Territory, slot: Slot, months: int) -> Figures:
    """Return what the unit of ``slot`` prints on its forms after so many months of the year."""
    at = territory.units.index(slot.unit)
    units = slice(None) if slot.scope == Scope.PROVINCE else slice(at, at + 1)
    figures = year.figures(of_period, units, months)
    if "transfers" in of_period and slot.scope != Scope.PROVINCE:
        name_agencies(of_period["transfers"], figures["transfers"], at, _agencies(territory))
    return figures


@dataclass
class Sums:
    """What all territories report together, by period, for the report of the national department."""

    figures: dict[Period, dict[str, Counts]] = field(default_factory=dict)
    due: dict[Period, Counter[str]] = field(default_factory=dict)

    def add(self, period: Period, figures: dict[str, Counts], due: dict[str, int]) -> None:
        """Add a territory."""
        known = self.figures.setdefault(period, {})
        for code, matrix in figures.items():
            known[code] = known[code] + matrix if code in known else matrix
        self.due.setdefault(period, Counter()).update(due)

    def reports(self, simulation: Simulation) -> Iterator[Report]:
        """Yield the national reports."""
        for period in sorted(self.figures, key=lambda one: one.id):
            of_period, slot = simulation.forms_in(period), national_slot(period)
            yield Report(
                slot=slot,
                header=_header(slot, simulation.seed),
                forms=dict(of_period),
                figures=self._of(period, of_period),
                previous=partial(self._of, Period(period.year, period.months - 1), of_period),
                received_at=_reception(slot, simulation.seed),
            )

    def _of(self, period: Period, of_period: dict[str, Form]) -> Figures:
        return {
            code: print_matrix(form, self.figures[period][code], self.due[period], is_together=True)
            for code, form in of_period.items()
        }


def _agencies(territory: Territory) -> list[str]:
    """Return what the units of a territory are called by each other."""
    units = unit_registry().units
    return [f"Cục THADS {units[key].name}" if key == territory.province else units[key].name for key in territory.units]


def _header(slot: Slot, seed: int) -> ReportHeader:
    units, rng = unit_registry().units, Random(f"{seed}/{slot.unit}")
    unit, province = units[slot.unit], units[slot.province]
    is_regional = slot.period.end >= REGIONAL
    agency = f"THADS {province.name}" if is_regional else f"Cục THADS {province.name}"
    department = "Cục Quản lý THADS" if is_regional else "Tổng cục THADS"
    names = {
        Scope.OFFICE: (unit.name, agency),
        Scope.NATION: (department, "Bộ Tư pháp"),
    }
    unit_name, parent_name = names.get(slot.scope, (agency, department))
    return ReportHeader(
        unit_name=unit_name,
        unit_key=unit.key,
        parent_name=parent_name,
        scope=slot.scope,
        period_start=slot.period.start,
        period_end=slot.period.end,
        signer=f"{rng.choice(FAMILIES)} {rng.choice(GIVEN)}",
    )


def _reception(slot: Slot, seed: int) -> datetime:
    """Return when the report came: on some working day before it was due, in office hours."""
    rng = Random(f"{seed}/{slot.path}")
    earliest = {Scope.PROVINCE: DUE[Scope.OFFICE] + 1, Scope.NATION: DUE[Scope.PROVINCE] + 1}.get(slot.scope, 1)
    day = working_day_after(slot.period.end, rng.randint(earliest, DUE[slot.scope]))
    # Before 2020 days were counted, not working days.
    day = min(day, due_on(slot.period.end, str(Scope.OFFICE if slot.scope == Scope.OWN else slot.scope)))
    return datetime.combine(day, time(7, 30)) + timedelta(minutes=rng.randrange(9 * 60))


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
