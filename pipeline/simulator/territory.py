"""Who reports when: provinces, their offices, and the periods of a simulation."""

import csv
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from pipeline.calendar.periods import Period, statistical_year
from pipeline.forms.declaration import Form, forms
from pipeline.home import SEEDS
from pipeline.registry.units import UnitRegistry, unit_registry
from pipeline.simulator.report import Slot
from pipeline.vocabulary import Scope

SUCCESSION = SEEDS / "unit_succession.csv"
BEGINNING = date(2004, 1, 1)  # of the registry
DEFAULT_FORMS = ("01", "02", "08", "09", "12", "discipline")


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
    national: bool = False  # the national department reports too, on the provinces together

    def periods(self) -> list[Period]:
        """Return the periods from ``first`` to ``last``, one a calendar month."""
        first, last = (_calendar_month(text) for text in (self.first, self.last))
        if last < first:
            raise ValueError(f"the last month {self.last} is before the first, {self.first}")
        months = range(12 * first[0] + first[1] - 1, 12 * last[0] + last[1])
        return [Period.ending_in(month // 12, month % 12 + 1) for month in months]

    def territories(self, registry: UnitRegistry | None = None) -> list[Territory]:
        """Return the provinces: Kiên Giang first, the others by code, those that were to be merged next to each other.

        Each reports only while it exists; those that there are at the beginning report on, merged or not, to the end.
        """
        registry = registry or unit_registry()
        periods_by_territory: dict[tuple[str, tuple[str, ...]], list[Period]] = defaultdict(list)
        for period in self.periods():
            for province, offices in self._offices_by_province(period, registry).items():
                periods_by_territory[province, tuple(offices)].append(period)
        return [Territory(*key, tuple(periods)) for key, periods in periods_by_territory.items()]

    def slots(self, territories: Sequence[Territory]) -> list[Slot]:
        """Return every report that is sent, by period."""
        return [
            slot
            for period in self.periods()
            for slot in (
                *(
                    slot
                    for territory in territories
                    if period in territory.periods
                    for slot in self.slots_of(territory, period)
                ),
                *([national_slot(period)] if self.national else []),
            )
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
        forms_in_force = forms().in_force(period.end)
        return {code: forms_in_force[code] for code in self.forms if code in forms_in_force}

    def _offices_by_province(self, period: Period, registry: UnitRegistry) -> dict[str, list[str]]:
        first_provinces = _provinces(self.periods()[0].end, registry)
        if len(first_provinces) < self.provinces:
            end = self.periods()[0].end
            raise ValueError(f"on {end:%d/%m/%Y} there are {len(first_provinces)} provinces, not {self.provinces}")
        lineages = {_lineage(province) for province in first_provinces[: self.provinces]}
        current_provinces = _provinces(period.end, registry)
        provinces = (
            first_provinces[: self.provinces]
            if current_provinces == first_provinces
            else [key for key in current_provinces if _lineage(key) in lineages]
        )
        offices = {
            province: registry.parts_of(province, period.end, is_simulated=True)[: self.offices_per_province]
            for province in provinces
        }
        if self.workbooks is not None:
            surplus = sum(map(len, offices.values())) + len(offices) * (1 + self.consolidated) - self.workbooks
            while surplus > 0 and any(len(province_offices) > 1 for province_offices in offices.values()):
                for province in reversed(offices):
                    if surplus > 0 and len(offices[province]) > 1:
                        offices[province].pop()
                        surplus -= 1
        return offices


def national_slot(period: Period) -> Slot:
    """Return the report of the national department on a period."""
    nation = unit_registry().nation
    return Slot(period, nation, nation, Scope.NATION)


def _calendar_month(text: str) -> tuple[int, int]:
    year, _, month = text.partition("-")
    if not (year.isdigit() and month.isdigit() and len(year) == 4 and 1 <= int(month) <= 12):
        raise ValueError(f"{text!r} is no calendar month: write e.g. 2022-10")
    return int(year), int(month)


def find_predecessors(
    province: str, offices: Sequence[str], limit: int | None = None
) -> tuple[int, dict[str, list[str]]] | None:
    """Return the statistical year in which a territory's offices came about, and whose they were: province and offices.

    None for offices that have been there from the beginning.
    """
    registry = unit_registry()
    start = max(registry.units[key].valid_from for key in (province, *offices))
    if start <= BEGINNING:
        return None
    eve = start - timedelta(days=1)
    predecessors = [province_key for province_key in _provinces(eve, registry) if _lineage(province_key) == province]
    return statistical_year(start), {
        province_key: registry.parts_of(province_key, eve, is_simulated=True)[:limit] for province_key in predecessors
    }


def _provinces(day: date, registry: UnitRegistry) -> list[str]:
    """Return the provinces of a day, Kiên Giang's first, then by code, with their later partners next to them."""
    provinces = [unit for unit in registry.units.values() if unit.level == "province"]
    first_code: dict[str, tuple[bool, str]] = {}
    for unit in provinces:
        rank = (unit.key != "kien-giang", unit.code or "")
        lineage = _lineage(unit.key)
        first_code[lineage] = min(rank, first_code.get(lineage, rank))
    current_provinces = [unit for unit in provinces if unit.is_valid_on(day)]
    current_provinces.sort(key=lambda unit: (first_code[_lineage(unit.key)], unit.key != "kien-giang", unit.code or ""))
    return [unit.key for unit in current_provinces]


def _lineage(province: str) -> str:
    """Return the province that a province became part of, or itself."""
    return _successors().get(province, province)


@cache
def _successors() -> dict[str, str]:
    with SUCCESSION.open(encoding="utf-8") as file:
        return {line["predecessor_key"]: line["successor_key"] for line in csv.DictReader(file)}
