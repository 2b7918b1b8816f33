"""What no hypothesis may propose: figures that a measure cannot have, and figures against what the form prints.

A hint that makes a right number wrong is worse than none. So a rate changes only to what its printed parts give, a part
never exceeds its whole, a count is whole and never negative, and a sum that the form prints right stays right.
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
#: Kinds of measures that may be less than nothing: changes, and rates of growth.
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
        """Tell whether it holds; nothing where one of its cells shows no figure."""
        try:
            return values[self.total] == sum(sign * values[place] for place, sign in self.terms.items())
        except KeyError:
            return None


def is_lawful(of: Return, edit: Edit, after: Values) -> bool:
    """Tell whether an edit proposes nothing that cannot be; ``after`` are the figures as it leaves them."""
    return all(_can_be(of, place, value, after) for place, value in edit.changes.items()) and not breaks_print(
        of, edit, after
    )


def breaks_print(of: Return, edit: Edit, after: Values) -> bool:
    """Tell whether a sum that the form prints right would be wrong, or a part exceed its whole."""
    for place in edit.changes:
        if of.cells[place].unit in RATES:
            continue
        for printed in printed_sums(of, place):
            now = printed.holds(after)
            if now is False and printed.holds(of.values):
                return True
            # Where the sum does not hold, the part is all the same a part.
            if now is False and printed.has_only_parts and _exceeds(printed, place, after):
                return True
        if any(total(lesser, after) > total(greater, after) for lesser, greater in part_of(of, place, after)):
            return True
    return False


def _exceeds(printed: PrintedSum, changed: Place, after: Values) -> bool:
    parts = printed.terms if changed == printed.total else [changed]
    return any(after[part] > after[printed.total] for part in parts)


def _can_be(of: Return, place: Place, value: Decimal, after: Values) -> bool:
    cell, measure = of.cells[place], of.declared.measures.get(place.column)
    unit = of.declared.units.get(cell.unit or "")
    if abs(value) >= LARGEST:
        return False
    is_signed = measure is not None and (measure.kind == SIGNED or measure.code.endswith(GROWTH))
    if value < 0 and not is_signed:
        return False
    if unit is None:
        return True
    if unit.base in RATES:
        return value == worked_out_rate(of, place, after)
    # Whole cases; of amounts nothing below a đồng, the smallest unit that any form prints.
    return value == value.to_integral_value()


def worked_out_rate(of: Return, place: Place, values: Values) -> Decimal | None:
    """Return what the printed parts of a rate, or of a difference of rates, give; nothing where they are not printed."""
    if parts := rate_parts(of, place):
        top, base = parts
        if has_value(top, values) and has_value(base, values):
            return percent(values[top], values[base])
    for constraint in of.of_place.get(place, ()):
        if isinstance(constraint, Ratio) and constraint.printed_place == place:
            computed = constraint.compute_rate(values)
            return None if computed is None else percent(computed, HUNDRED)
        if isinstance(constraint, Sum) and constraint.signed_cells.get(place) and place.column == constraint.column:
            # Points above the target: rate less target.
            others = {other: sign for other, sign in constraint.signed_cells.items() if other != place}
            if others and all(of.cells[other].unit in RATES for other in others):
                return -total(others, values) / constraint.signed_cells[place]
    return None


def rate_parts(of: Return, place: Place) -> tuple[Place, Place] | None:
    """Return numerator and base of a rate that the form works out."""
    form = of.forms.get(place.form)
    column = form.column.get(place.column) if form else None
    if column is None or column.ratio is None:
        return None
    top, base = column.ratio
    return place._replace(column=top), place._replace(column=base)


def printed_sums(of: Return, place: Place) -> list[PrintedSum]:
    """Return the sums of the form in which a cell is the total or a part; rates take no part in any."""
    form = of.forms.get(place.form)
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
    declared = form.column[column]
    return bool(declared.ratio) or declared.unit in RATES


def part_of(of: Return, place: Place, values: Values) -> Iterator[tuple[SignedCells, SignedCells]]:
    """Yield what may not exceed what, where a cell takes part: by the rules that hold a part against its whole."""
    for rule in of.orders.get(place.form, ()):
        sides = rule.part_and_whole(place, values)
        if sides and all(has_value(other, values) for side in sides for other in side):
            yield sides
