"""One report on its way to the inbox: header, forms and figures, and what is done to the file afterwards."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from pipeline.calendar.periods import Period
from pipeline.forms.declaration import Form
from pipeline.forms.formulas import Figure
from pipeline.forms.template import ReportHeader, address, write_workbook
from pipeline.vocabulary import Scope

Figures = dict[str, list[list[Figure]]]


@dataclass(frozen=True)
class Slot:
    """Whose report on which period: what a report is before it has figures."""

    period: Period
    province: str
    unit: str
    scope: Scope

    @property
    def stem(self) -> str:
        """Name of the file without ``.xlsx``; a provincial agency sends its own report and the whole province's."""
        return self.unit if self.scope == Scope.OFFICE else f"{self.unit}.{self.scope.value}"

    @property
    def path(self) -> str:
        """Where the file stands in the inbox."""
        return f"{self.period.id}/{self.province}/{self.stem}.xlsx"


@dataclass
class SimulatedReport:
    """A report that faults may still change; ``figures`` by form code, rows x columns in the order of ``forms``."""

    slot: Slot
    header: ReportHeader
    forms: dict[str, Form]
    figures: Figures
    previous: Callable[[], Figures]  # of the month before
    received_at: datetime
    origin: tuple[int, int] = (0, 0)
    extra_sheets: Mapping[str, tuple[Form, list[list[Figure]]]] = field(default_factory=dict)
    #: files next to the workbook: texts by the suffix of the file
    companion_files: Mapping[str, str] = field(default_factory=dict)
    #: done to the finished file, in order
    damage: list[Callable[[Path], None]] = field(default_factory=list)

    def figure(self, form: str, row: str, column: str) -> Figure:
        """Return a figure by its codes."""
        r, c = self._place(form, row, column)
        return self.figures[form][r][c]

    def put(self, form: str, row: str, column: str, figure: Figure) -> None:
        """Type a figure over another."""
        r, c = self._place(form, row, column)
        self.figures[form][r][c] = figure

    def address(self, form: str, row: str, column: str) -> str | None:
        """Return where a cell stands in the finished sheet; nothing when the sheet has no such cell."""
        declaration = self.forms[form]
        if row not in declaration.row or column not in declaration.column:
            return None
        return address(declaration, row, column, self.origin)

    def copy(self) -> "SimulatedReport":
        """Return a report of its own with the same figures."""
        figures = {form: [list(line) for line in matrix] for form, matrix in self.figures.items()}
        return replace(self, forms=dict(self.forms), figures=figures, damage=list(self.damage))

    def write(self, path: Path) -> None:
        """Write the workbook, its companion files, and the damage."""
        extra_figures = {name: matrix for name, (_, matrix) in self.extra_sheets.items()}
        write_workbook(
            path,
            self.header,
            [*self.forms.values(), *(form for form, _ in self.extra_sheets.values())],
            self.figures | extra_figures,
            is_simulated=True,
            origin=self.origin,
        )
        for damage in self.damage:
            damage(path)
        for suffix, text in self.companion_files.items():
            path.with_suffix(suffix).write_text(text, encoding="utf-8")

    def _place(self, form: str, row: str, column: str) -> tuple[int, int]:
        declaration = self.forms[form]
        return list(declaration.row).index(row), list(declaration.column).index(column)
