"""A territory's figures, year by year, as its forms print them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from zlib import crc32

import numpy as np

from pipeline.forms.declaration import Form
from pipeline.simulator.country import Books, merge_books, open_books, run_year
from pipeline.simulator.cube import Counts, Year, join_territories
from pipeline.simulator.figures import is_rate, lay_out, print_matrix
from pipeline.simulator.report import Figures
from pipeline.simulator.territory import Simulation, Territory, find_predecessors

#: The books of every office open here, so that a longer simulation begins with the same figures as a shorter one.
FIRST_YEAR = 2018


@dataclass
class Caseload:
    """The figures of a territory in one statistical year, by version of the form: unit x month x row x column.

    A circular may change within the year, and with it the columns of a form.
    """

    year: Year
    matrices: dict[str, Counts]

    @classmethod
    def by_year(cls, simulation: Simulation, territory: Territory) -> dict[int, "Caseload"]:
        """Return the caseload by statistical year."""
        years = {period.year for period in territory.periods}
        caseload = {}
        for number, year in _years(simulation, territory.province, territory.offices, min(years), max(years)):
            forms_by_version = {
                form.version: form
                for period in territory.periods
                if period.year == number
                for form in simulation.forms_in(period).values()
            }
            caseload[number] = cls(year, {version: lay_out(form, year) for version, form in forms_by_version.items()})
        return caseload

    def sum_units(self, period_forms: dict[str, Form], months: int) -> tuple[dict[str, Counts], dict[str, int]]:
        """Return the figures of the whole territory by form, rows x columns, and all that is due, to be added up."""
        due = {basis: int(self.year[basis].values["due"][:, months - 1].sum()) for basis in ("cases", "money")}
        return {code: self.matrices[form.version][:, months - 1].sum(0) for code, form in period_forms.items()}, due

    def figures(self, period_forms: dict[str, Form], units: slice, months: int) -> Figures:
        """Return the printed figures of some units together after so many months."""
        due = {basis: int(self.year[basis].values["due"][units, months - 1].sum()) for basis in ("cases", "money")}
        return {
            code: print_matrix(
                form, self.matrices[form.version][units, months - 1].sum(0), due, is_consolidated=units == slice(None)
            )
            for code, form in period_forms.items()
        }

    def totals(self, period_forms: dict[str, Form], months: int) -> dict[str, dict[str, int]]:
        """Return the first row of every form, the whole territory together."""
        return {
            code: {
                column: int(figure)
                for column, figure in zip(
                    form.column, self.matrices[form.version][:, months - 1, 0].sum(0), strict=True
                )
                if not is_rate(form, column) and not form.column[column].is_name
            }
            for code, form in period_forms.items()
        }


def _years(
    simulation: Simulation, province: str, offices: Sequence[str], first: int, last: int
) -> Iterator[tuple[int, Year]]:
    """Yield the years of a territory from ``first`` to ``last``.

    In the year in which it came about its figures are those of the offices that it took over, put together, from
    1 October on: so its first report opens with the sum of their books.
    """
    books, number = None, min(FIRST_YEAR, first)
    if (origin := find_predecessors(province, offices, simulation.offices_per_province)) is not None:
        number, predecessors = origin
        runs = [
            _run(simulation, old_province, 1 + len(old_offices), FIRST_YEAR, number)
            for old_province, old_offices in predecessors.items()
        ]
        years, last_books = zip(*(list(run)[-1][1:] for run in runs), strict=True)
        groups = take_over([len(old_offices) for old_offices in predecessors.values()], len(offices))
        if first <= number:
            yield number, {subject: cube.sum_units(groups) for subject, cube in join_territories(years).items()}
        books, number = merge_books(last_books, groups), number + 1
    for year_number, year, _ in _run(simulation, province, 1 + len(offices), number, last, books):
        if year_number >= first:
            yield year_number, year


def _run(
    simulation: Simulation, province: str, units: int, first: int, last: int, books: Books | None = None
) -> Iterator[tuple[int, Year, Books]]:
    """Yield every year with the books that follow it."""
    key = crc32(province.encode())
    books = books or open_books(np.random.default_rng([simulation.seed, key]), units)
    for number in range(first, last + 1):
        year, books = run_year(np.random.default_rng([simulation.seed, key, number]), books)
        yield number, year, books


def take_over(office_counts: Sequence[int], heirs: int) -> list[list[int]]:
    """Return which units the new agency and each of its offices take over; of each old province the agency comes first.

    Offices that are neighbours in the old order stay together; the new agency has the caseload of the old agencies.
    """
    starts = np.cumsum([0, *(1 + count for count in office_counts[:-1])])
    office_numbers = [
        start + n for start, count in zip(starts, office_counts, strict=True) for n in range(1, count + 1)
    ]
    return [
        [int(start) for start in starts],
        *([int(n) for n in part] for part in np.array_split(office_numbers, heirs) if heirs),
    ]
