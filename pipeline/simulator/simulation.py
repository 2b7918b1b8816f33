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
from pipeline.simulator.report import Figures, SimulatedReport, Slot
from pipeline.simulator.territory import DEFAULT_FORMS, Simulation, Territory, national_slot
from pipeline.simulator.transfers import name_agencies
from pipeline.simulator.truth import PlantedFault, SentReport, Truth
from pipeline.vocabulary import Scope

RECEIVED = "received.csv"
#: From this day provincial agencies and regional offices report, no longer departments and district offices.
REGIONAL = date(2025, 7, 1)
#: Working days in which a report is due: circulars 06/2019/TT-BTP and 05/2024/TT-BTP.
DUE = {Scope.OFFICE: 2, Scope.OWN: 2, Scope.PROVINCE: 4, Scope.NATION: 6}
FAMILY_NAMES = ("Nguyễn", "Trần", "Lê", "Phạm", "Huỳnh", "Võ", "Đặng", "Bùi", "Danh", "Lâm")
GIVEN_NAMES = ("Văn An", "Thị Bình", "Quốc Cường", "Thị Dung", "Minh Đức", "Thu Hà", "Thanh Hải", "Thị Lan", "Ngọc Yến")

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
    simulation = Simulation(
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
    territories = simulation.territories()
    slots = simulation.slots(territories)
    plan = plan_faults(faults or (), slots, simulation.forms, seed, faults_per_office)
    truth = Truth(
        made_with=asdict(simulation) | {"forms": list(simulation.forms)},
        periods=[period.id for period in simulation.periods()],
        provinces={territory.province: list(territory.offices) for territory in territories},
    )
    inbox, count = out / "inbox", 0
    sums = NationalSums()
    for reports in (
        *(_reports(simulation, territory, truth, sums=sums) for territory in territories),
        sums.reports(simulation),
    ):
        for report in reports:
            report, planted_faults = plant(report, plan.get(report.slot, ()), seed)
            report.write(inbox / report.slot.path)
            truth.faults += planted_faults
            sent_report = _sent_report(report, planted_faults)
            truth.reports.append(sent_report)
            truth.reports += [
                replace(sent_report, path=sent_report.path.removesuffix(".xlsx") + suffix)
                for suffix in report.companion_files
            ]
            count += 1
            if progress:
                progress(count, len(slots))
    truth.faults.sort(key=lambda fault: int(fault.id.removeprefix("F")))
    truth.reports.sort(key=lambda report: (report.period, report.received_at, report.path))
    for period in truth.periods:
        (inbox / period / RECEIVED).unlink(missing_ok=True)
    _write_sidecars(inbox, truth.reports)
    _add_nation(truth)
    truth.write(out / "truth.json")
    return truth


def write_correction(truth: Truth, fault_id: str, out: Path) -> Path:
    """Write the corrected workbook of a faulty report, a second version with its reason, into the inbox ``out``.

    Returns the path of the workbook; what the registrar noted of its reception is added to ``received.csv``.
    """
    fault = truth.fault(fault_id)
    simulation = Simulation(**truth.made_with | {"forms": tuple(truth.made_with["forms"])})
    slot = Slot(Period.parse(fault.period), fault.province, fault.unit, Scope(fault.scope))
    territories = [one for one in simulation.territories() if slot.period in one.periods]
    if slot.scope == Scope.NATION:
        sums = NationalSums()
        for territory in territories:
            list(_reports(simulation, territory, None, (), sums))
        report = next(one for one in sums.reports(simulation) if one.slot == slot)
    else:
        territory = next(one for one in territories if one.province == fault.province)
        (report,) = _reports(simulation, territory, None, {slot})
    report.header = replace(report.header, revision=2, reason=f"Báo cáo bổ sung, đính chính: {fault.vi}")
    report.received_at = datetime.combine(working_day_after(report.received_at.date(), 2), time(9, 30))
    path = out / slot.path.replace(".xlsx", ".bo-sung-2.xlsx")
    report.write(path)
    sent_report = replace(_sent_report(report, []), path=path.relative_to(out).as_posix())
    _write_sidecars(out, [sent_report])
    return path


def _reports(
    simulation: Simulation,
    territory: Territory,
    truth: Truth | None,
    wanted_slots: Collection[Slot] | None = None,
    sums: "NationalSums | None" = None,
) -> Iterator[SimulatedReport]:
    caseload = Caseload.by_year(simulation, territory)
    for period in territory.periods:
        period_forms, year = simulation.forms_in(period), caseload[period.year]
        if truth:
            totals_by_province = truth.totals.setdefault(period.id, {})
            totals_by_province[territory.province] = year.totals(period_forms, period.months)
        if sums is not None and simulation.national:
            sums.add(period, *year.sum_units(period_forms, period.months))
        for slot in simulation.slots_of(territory, period):
            if wanted_slots is not None and slot not in wanted_slots:
                continue
            print_figures = partial(_print_figures, year, period_forms, territory, slot)
            yield SimulatedReport(
                slot=slot,
                header=_header(slot, simulation.seed),
                forms=dict(period_forms),
                figures=print_figures(period.months),
                previous=partial(print_figures, period.months - 1),
                received_at=_reception(slot, simulation.seed),
            )


def _print_figures(
    year: Caseload, period_forms: dict[str, Form], territory: Territory, slot: Slot, months: int
) -> Figures:
    """Return what the unit of ``slot`` prints on its forms after so many months of the year."""
    index = territory.units.index(slot.unit)
    units = slice(None) if slot.scope == Scope.PROVINCE else slice(index, index + 1)
    figures = year.figures(period_forms, units, months)
    if "transfers" in period_forms and slot.scope != Scope.PROVINCE:
        name_agencies(period_forms["transfers"], figures["transfers"], index, _agencies(territory))
    return figures


@dataclass
class NationalSums:
    """What all territories report together, by period, for the report of the national department."""

    figures: dict[Period, dict[str, Counts]] = field(default_factory=dict)
    due: dict[Period, Counter[str]] = field(default_factory=dict)

    def add(self, period: Period, figures: dict[str, Counts], due: dict[str, int]) -> None:
        """Add a territory."""
        sums = self.figures.setdefault(period, {})
        for code, matrix in figures.items():
            sums[code] = sums[code] + matrix if code in sums else matrix
        self.due.setdefault(period, Counter()).update(due)

    def reports(self, simulation: Simulation) -> Iterator[SimulatedReport]:
        """Yield the national reports."""
        for period in sorted(self.figures, key=lambda key: key.id):
            period_forms, slot = simulation.forms_in(period), national_slot(period)
            yield SimulatedReport(
                slot=slot,
                header=_header(slot, simulation.seed),
                forms=dict(period_forms),
                figures=self._figures(period, period_forms),
                previous=partial(self._figures, Period(period.year, period.months - 1), period_forms),
                received_at=_reception(slot, simulation.seed),
            )

    def _figures(self, period: Period, period_forms: dict[str, Form]) -> Figures:
        return {
            code: print_matrix(form, self.figures[period][code], self.due[period], is_consolidated=True)
            for code, form in period_forms.items()
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
        signer=f"{rng.choice(FAMILY_NAMES)} {rng.choice(GIVEN_NAMES)}",
    )


def _reception(slot: Slot, seed: int) -> datetime:
    """Return when the report came: on some working day before it was due, in office hours."""
    rng = Random(f"{seed}/{slot.path}")
    earliest = {Scope.PROVINCE: DUE[Scope.OFFICE] + 1, Scope.NATION: DUE[Scope.PROVINCE] + 1}.get(slot.scope, 1)
    day = working_day_after(slot.period.end, rng.randint(earliest, DUE[slot.scope]))
    # Before 2020 days were counted, not working days.
    day = min(day, due_on(slot.period.end, str(Scope.OFFICE if slot.scope == Scope.OWN else slot.scope)))
    return datetime.combine(day, time(7, 30)) + timedelta(minutes=rng.randrange(9 * 60))


def _sent_report(report: SimulatedReport, planted_faults: Sequence[PlantedFault]) -> SentReport:
    slot = report.slot
    return SentReport(
        path=slot.path,
        period=slot.period.id,
        province=slot.province,
        unit=slot.unit,
        scope=slot.scope.value,
        received_at=report.received_at.isoformat(timespec="seconds"),
        faults=tuple(fault.id for fault in planted_faults),
    )


def _write_sidecars(inbox: Path, reports: Sequence[SentReport]) -> None:
    """Note in each period's folder when its files came and from whom; what is noted already stays."""
    by_period: dict[str, list[SentReport]] = defaultdict(list)
    for report in reports:
        by_period[report.period].append(report)
    for period, sent_reports in by_period.items():
        path = inbox / period / RECEIVED
        is_new = not path.exists()
        with path.open("a", encoding="utf-8", newline="") as file:
            lines = csv.writer(file, lineterminator="\n")
            if is_new:
                lines.writerow(["path", "received_at", "sender"])
            for report in sent_reports:
                relative = report.path.removeprefix(f"{period}/")
                lines.writerow([relative, report.received_at, f"{report.unit}@thads.example"])


def _add_nation(truth: Truth) -> None:
    for totals_by_province in truth.totals.values():
        nation: dict[str, dict[str, int]] = {}
        for totals_by_form in totals_by_province.values():
            for form, figures in totals_by_form.items():
                sums = nation.setdefault(form, dict.fromkeys(figures, 0))
                for column, figure in figures.items():
                    sums[column] += figure
        totals_by_province["nation"] = nation
