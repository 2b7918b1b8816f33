"""A territory's figures, year by year, as its forms print them."""

from dataclasses import dataclass
from zlib import crc32

import numpy as np

from pipeline.forms.declaration import Form
from pipeline.simulator.country import Counts, Year, open_books, run_year
from pipeline.simulator.figures import is_rate, lay_out, print_matrix
from pipeline.simulator.report import Figures
from pipeline.simulator.territory import Simulation, Territory

#: The books of every office open here, so that a longer simulation begins with the same figures as a shorter one.
FIRST_YEAR = 2020


@dataclass
class Caseload:
    """The figures of a territory in one statistical year, by version of the form: unit x month x row x column.

    A circular may change within the year, and with it the columns of a form.
    """

    year: Year
    laid: dict[str, Counts]

    @classmethod
    def of(cls, simulation: Simulation, territory: Territory) -> dict[int, "Caseload"]:
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
