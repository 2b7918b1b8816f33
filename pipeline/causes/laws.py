"""What no hypothesis may propose: figures that a measure cannot have, and figures that contradict the printed form.

A hint that makes a correct number wrong is worse than none. So a rate changes only to what its printed parts give, a part
never exceeds its whole, a count is whole and never negative, and a sum that is printed correctly stays correct.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from expectations.constraints import HUNDRED, Place, Ratio, SignedCells, Sum, Values, has_value, total
from pipeline.causes.returns import Edit, Return
from pipeline.cells.figure import LARGEST
from pipeline.forms import Form
from pipeline.forms.formulas import percent

RATES = frozenset({"percent", "point"})
#: Kinds of measures that may be negative: changes, and rates of growth.
SIGNED = "change"
GROWTH = "_growth"


@dataclass(frozen=True)
class PrintedSum:
    """A cell that the form prints as the signed sum of others."""

    total: Place
    terms: Mapping[Place, int]

    @property
    def has_only_parts(self) -> bool:
        """Tell whether nothing is subtracted, so that every term is a part of the total."""
        return all(sign > 0 for sign in self.terms.values())

    def holds(self, values: Values) -> bool | None:
        """Tell whether it holds; None where one of its cells shows no figure."""
        try:
            return values[self.total] == sum(sign * values[place] for place, sign in self.terms.items())
        except KeyError:
            return None


def is_lawful(office_return: Return, edit: Edit, edited_values: Values) -> bool:
    """Tell whether an edit proposes only what is possible; ``edited_values`` are the figures after it."""
    return all(
        _is_possible(office_return, place, value, edited_values) for place, value in edit.changes.items()
    ) and not breaks_printed_sum(office_return, edit, edited_values)


def breaks_printed_sum(office_return: Return, edit: Edit, edited_values: Values) -> bool:
    """Tell whether a sum that is printed correctly would be wrong, or a part exceed its whole."""
    for place in edit.changes:
        if office_return.cells[place].unit in RATES:
            continue
        for printed_sum in printed_sums(office_return, place):
            holds_after = printed_sum.holds(edited_values)
            if holds_after is False and printed_sum.holds(office_return.values):
                return True
            # Even where the sum does not hold, a part stays a part.
            if holds_after is False and printed_sum.has_only_parts and _exceeds(printed_sum, place, edited_values):
                return True
        if any(
            total(lesser, edited_values) > total(greater, edited_values)
            for lesser, greater in parts_and_wholes(office_return, place, edited_values)
        ):
            return True
    return False


def _exceeds(printed_sum: PrintedSum, changed: Place, edited_values: Values) -> bool:
    parts = printed_sum.terms if changed == printed_sum.total else [changed]
    return any(edited_values[part] > edited_values[printed_sum.total] for part in parts)


def _is_possible(office_return: Return, place: Place, value: Decimal, edited_values: Values) -> bool:
    cell, measure = office_return.cells[place], office_return.declarations.measures.get(place.column)
    unit = office_return.declarations.units.get(cell.unit or "")
    if abs(value) >= LARGEST:
        return False
    is_signed = measure is not None and (measure.kind == SIGNED or measure.code.endswith(GROWTH))
    if value < 0 and not is_signed:
        return False
    if unit is None:
        return True
    if unit.base in RATES:
        return value == computed_rate(office_return, place, edited_values)
    # Whole cases; of amounts nothing below a đồng, the smallest unit that any form prints.
    return value == value.to_integral_value()


def computed_rate(office_return: Return, place: Place, values: Values) -> Decimal | None:
    """Return what the printed parts of a rate, or of a difference of rates, give; None where they are not printed."""
    if parts := rate_parts(office_return, place):
        numerator, base = parts
        if has_value(numerator, values) and has_value(base, values):
            return percent(values[numerator], values[base])
    for constraint in office_return.constraints_by_place.get(place, ()):
        if isinstance(constraint, Ratio) and constraint.printed_place == place:
            rate = constraint.compute_rate(values)
            return None if rate is None else percent(rate, HUNDRED)
        if isinstance(constraint, Sum) and constraint.signed_cells.get(place) and place.column == constraint.column:
            # Points above the target: rate less target.
            other_cells = {other: sign for other, sign in constraint.signed_cells.items() if other != place}
            if other_cells and all(office_return.cells[other].unit in RATES for other in other_cells):
                return -total(other_cells, values) / constraint.signed_cells[place]
    return None


def rate_parts(office_return: Return, place: Place) -> tuple[Place, Place] | None:
    """Return numerator and base of a rate that the form computes."""
    form = office_return.forms.get(place.form)
    column = form.column.get(place.column) if form else None
    if column is None or column.ratio is None:
        return None
    numerator, base = column.ratio
    return place._replace(column=numerator), place._replace(column=base)


def printed_sums(office_return: Return, place: Place) -> list[PrintedSum]:
    """Return the sums of the form in which a cell is the total or a part; a rate is in none of them."""
    form = office_return.forms.get(place.form)
    if form is None or place.row not in form.row or place.column not in form.column:
        return []
    sums = []
    for column in form.columns:
        if column.equals and (column.code == place.column or place.column in {t.column for t in column.equals}):
            terms = {place._replace(column=term.column): term.sign for term in column.equals}
            sums.append(PrintedSum(place._replace(column=column.code), terms))
    if not is_rate(form, place.column):
        sums += [
            PrintedSum(place._replace(row=rollup.total), {place._replace(row=part): 1 for part in rollup.parts})
            for rollup in form.rollups
            if place.row == rollup.total or place.row in rollup.parts
        ]
    return sums


def is_rate(form: Form, column: str) -> bool:
    """Tell whether a column of a form is a rate."""
    declaration = form.column[column]
    return bool(declaration.ratio) or declaration.unit in RATES


def parts_and_wholes(office_return: Return, place: Place, values: Values) -> Iterator[tuple[SignedCells, SignedCells]]:
    """Yield the parts and wholes around a cell, by the rules that a part must not exceed its whole."""
    for rule in office_return.orders.get(place.form, ()):
        part_and_whole = rule.part_and_whole(place, values)
        if part_and_whole and all(has_value(other, values) for side in part_and_whole for other in side):
            yield part_and_whole
