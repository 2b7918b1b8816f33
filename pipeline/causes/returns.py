"""A return under suspicion, and an edit of it: what the office may have meant."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from expectations.constraints import Cell, Constraint, Place
from expectations.rule import Rule
from pipeline.forms import Form, Forms

#: How far-fetched each kind is: among edits that close equally many findings the least far-fetched comes first.
COST = {
    "not_recalculated": 0.0,
    "last_month_copied": 0.5,
    "month_not_cumulative": 0.5,
    "unit_thousand": 1.0,
    "power_of_ten": 1.2,
    "rates_as_fractions": 1.0,
    "columns_swapped": 1.0,
    "rows_swapped": 1.0,
    "row_shifted": 1.0,
    "term_left_out": 1.2,
    "digits_swapped": 1.4,
    "sign": 1.4,
    "cell_blank": 1.6,
    "total_typed_over": 2.0,
    "digit_wrong": 2.2,
    "unknown": 4.0,
}


@dataclass(frozen=True)
class Edit:
    """A hypothesis: cells with the figures they would show. ``root`` is the cell to look at first."""

    kind: str
    root: Place
    changes: Mapping[Place, Decimal]
    details: Mapping[str, Decimal | str] = field(default_factory=dict)

    @property
    def cost(self) -> float:
        """How far-fetched it is; a figure that no slip of the hand explains is more so."""
        return COST[self.kind] + (2.0 if self.details.get("slip") == "none" else 0.0)


@dataclass
class Return:
    """One return under suspicion: its cells, what must hold between them, and last month's figures.

    A cell that shows no figure is among ``cells`` and not among ``values``.
    """

    submission_id: str
    cells: dict[Place, Cell]
    constraints: list[Constraint]
    forms: Mapping[str, Form]
    declarations: Forms
    #: by form, the rules that compare a part with its whole
    orders: Mapping[str, tuple[Rule, ...]] = field(default_factory=dict)
    values: dict[Place, Decimal] = field(default_factory=dict)
    constraints_by_place: dict[Place, list[Constraint]] = field(default_factory=dict)
    #: forms whose sheet names another period or unit than the others do
    foreign_forms: frozenset[str] = frozenset()
    #: last month's figures of the cumulative cells of this return
    previous_values: dict[Place, Decimal] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.values = {place: cell.value for place, cell in self.cells.items() if cell.value is not None}
        for constraint in self.constraints:
            if constraint.rule.never_falls:
                previous = [self.values[place] for place in constraint.places if not self.is_own(place)]
                own_places = [place for place in constraint.places if self.is_own(place)]
                self.previous_values |= dict(zip(own_places, previous, strict=False))
        for constraint in self.constraints:
            for place in dict.fromkeys(constraint.places):
                self.constraints_by_place.setdefault(place, []).append(constraint)

    def is_own(self, place: Place) -> bool:
        """Tell whether a cell stands in this return."""
        return place.submission_id == self.submission_id

    def to_printed_unit(self, place: Place, value: Decimal) -> Decimal:
        """Return a figure in the unit that its cell prints."""
        unit = self.declarations.units.get(self.cells[place].unit or "")
        return value / unit.factor if unit else value

    def step(self, place: Place) -> Decimal:
        """Return the smallest step between two figures of a cell, in base units."""
        unit = self.declarations.units.get(self.cells[place].unit or "")
        return Decimal(unit.factor) if unit else Decimal(1)

    def is_computed(self, place: Place) -> bool:
        """Tell whether the template computes the cell: by a formula, or as the total of rows that have figures."""
        form = self.forms.get(place.form)
        if form is None or place.row not in form.row:
            return False
        column = form.column.get(place.column)
        parts = (part for rollup in form.rollups if rollup.total == place.row for part in rollup.parts)
        is_total = any(place._replace(row=part) in self.values for part in parts)
        return is_total or bool(column and (column.equals or column.ratio))

    def is_money(self, place: Place) -> bool:
        """Tell whether a cell holds an amount of money."""
        unit = self.declarations.units.get(self.cells[place].unit or "")
        return unit is not None and unit.base == "vnd"

    def input_rows(self, form: str) -> list[str]:
        """Return the input rows of a form in the order in which they are printed."""
        return [row.code for row in self.forms[form].rows if not row.is_total] if form in self.forms else []

    def position(self, place: Place) -> tuple[int, int]:
        """Return where a cell stands on its form: row and column."""
        form = self.forms.get(place.form)
        if form is None or place.row not in form.row or place.column not in form.column:
            return (0, 0)
        return list(form.row).index(place.row), list(form.column).index(place.column)
