"""Edits that one slip of a whole form, or of the whole workbook, explains: not recalculated, another scale, another format."""

from collections.abc import Iterable, Iterator
from decimal import Decimal

from expectations.constraints import BlankCell, Constraint, Place, Ratio, Scale, UncalculatedFormula, Worth
from pipeline.causes.laws import RATES, rate_parts, worked_out_rate
from pipeline.causes.returns import Edit, Return
from pipeline.forms import Form
from pipeline.forms.formulas import recalculate

#: Powers of ten by which a form may be off, the likeliest first: đồng, 1 000 đồng and million đồng are what is written.
EXPONENTS = (3, -3, 6, -6, 1, -1, 2, -2, 4, -4, 5, -5)
THOUSAND = 3
#: Of the rates of a form: as many must be fractions of what their parts give before it is called a format.
MOST = Decimal("0.8")


def whole_forms(of: Return, failing: Iterable[Constraint]) -> Iterator[Edit]:
    """Yield the edits of whole forms."""
    failing = list(failing)
    yield from _not_recalculated(of, failing)
    yield from _blank_rates(of, failing)
    yield from _rates_as_fractions(of, failing)
    yield from _power_of_ten(of, failing)
    yield from _of_the_month(of, failing)


def _not_recalculated(of: Return, failing: list[Constraint]) -> Iterator[Edit]:
    """Formulas of the workbook show no value, or an old one: what all of them give for the inputs that stand there."""
    formulas = {c.places[0]: c.calculated_value for c in failing if isinstance(c, UncalculatedFormula)}
    if not formulas:
        return
    # Where the reader could not work a formula out, the template may: the cell stands where it computes.
    forms = [form for code in sorted({place.form for place in formulas}) if (form := of.forms.get(code))]
    by_template = {place: figure for form in forms for place, figure in _recalculated(of, form).items()}
    changes = {
        place: figure
        for place, worked_out in formulas.items()
        if (figure := by_template.get(place) if worked_out is None else worked_out) is not None
        and figure >= 0
        and figure != of.values.get(place)
    }
    first = min(formulas, key=lambda place: (place.form, of.position(place)))
    yield Edit("not_recalculated", first, changes, {"formulas": str(len(formulas))})


def _recalculated(of: Return, form: Form) -> dict[Place, Decimal]:
    """Return every computed cell of a form that shows a figure, as its formulas work it out."""
    at = [[Place(of.submission_id, form.code, row, column) for column in form.column] for row in form.row]
    figures = recalculate(form, [[of.values.get(place) for place in line] for line in at])
    return {
        place: Decimal(str(figure))
        for places, line in zip(at, figures, strict=True)
        for place, figure in zip(places, line, strict=True)
        if figure is not None and place in of.cells and of.is_computed(place)
    }


def _blank_rates(of: Return, failing: list[Constraint]) -> Iterator[Edit]:
    """Rates show none, or an error of Excel: each is worked out from its printed parts."""
    blank = [
        constraint.places[0]
        for constraint in failing
        if isinstance(constraint, BlankCell)
        and constraint.places[0] not in of.values
        and rate_parts(of, constraint.places[0])
    ]
    changes = {place: rate for place in blank if (rate := worked_out_rate(of, place, of.values)) is not None}
    if changes:
        yield Edit("cell_blank", min(changes, key=of.position), changes, {"whole": "rates"})


def _rates_as_fractions(of: Return, failing: list[Constraint]) -> Iterator[Edit]:
    """The rates of a workbook are fractions of one, as cells in per-cent format hold them: 0.7382 for 73.82 %."""
    forms = {c.form for c in failing if isinstance(c, Ratio)}
    compared, changes = 0, {}
    for place, value in of.values.items():
        if not value or not of.is_own(place) or place.form not in forms or of.cells[place].unit != "percent":
            continue
        if rate := worked_out_rate(of, place, of.values):
            compared += 1
            if abs(100 * value - rate) <= 100 * _half_unit(value):
                changes[place] = rate
    if len(changes) > 1 and len(changes) >= MOST * compared:
        yield Edit("rates_as_fractions", min(changes, key=of.position), changes, {"whole": "rates"})


def _half_unit(value: Decimal) -> Decimal:
    """Return half a unit of the last place of a figure, not finer than a rate of two places."""
    exponent = value.normalize().as_tuple().exponent
    return Decimal(5).scaleb(max(min(int(exponent), 0), -4) - 1)


def _power_of_ten(of: Return, failing: list[Constraint]) -> Iterator[Edit]:
    """All amounts of a form were written in another unit."""
    tests: dict[str, list[Constraint]] = {}
    for constraint in failing:
        is_of_money = constraint.rule.compares_forms and any(of.is_money(p) for p in constraint.places)
        if isinstance(constraint, Worth | Scale) or is_of_money:
            tests.setdefault(constraint.form, []).append(constraint)
    for form, constraints in tests.items():
        amounts = [p for p in of.values if of.is_own(p) and p.form == form and of.is_money(p)]
        mine = [p for c in constraints for p in c.places if p in amounts]
        if len(amounts) < 2 or not mine:
            continue
        root = min(mine, key=of.position)
        for exponent in EXPONENTS:
            changes = {place: of.values[place].scaleb(exponent) for place in amounts}
            if all(constraint.holds(of.values | changes) for constraint in constraints):
                kind = "unit_thousand" if abs(exponent) == THOUSAND else "power_of_ten"
                yield Edit(kind, root, changes, {"whole": "form", "exponent": str(-exponent)})
                break


def _of_the_month(of: Return, failing: Iterable[Constraint]) -> Iterator[Edit]:
    """The cumulative columns of a form show what the month added; its formulas follow."""
    for code in sorted({c.form for c in failing if c.rule.never_falls}):
        form = of.forms.get(code)
        before = {place: then for place, then in of.before.items() if place.form == code and not of.is_computed(place)}
        if form is None or len(before) < 2:
            continue
        matrix = [
            [of.values.get(Place(of.submission_id, code, row, column)) for column in form.column] for row in form.row
        ]
        for place, then in before.items():
            r, c = of.position(place)
            matrix[r][c] = of.values[place] + then
        changes: dict[Place, Decimal] = {}
        for row, line in zip(form.row, recalculate(form, matrix), strict=True):
            for column, figure in zip(form.column, line, strict=True):
                place = Place(of.submission_id, code, row, column)
                if place in of.values and figure is not None and figure != of.values[place]:
                    changes[place] = Decimal(str(figure))
        if changes:
            roots = [place for place in changes if of.cells[place].unit not in RATES]
            yield Edit("month_not_cumulative", min(roots or changes, key=of.position), changes, {"whole": "form"})
