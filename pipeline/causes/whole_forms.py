"""Edits that one slip of a whole form, or of the whole workbook, explains: not recalculated, another scale, another format."""

from collections.abc import Iterable, Iterator
from decimal import Decimal

from expectations.constraints import BlankCell, Constraint, Place, Ratio, Scale, UncalculatedFormula, Worth
from pipeline.causes.laws import RATES, computed_rate, rate_parts
from pipeline.causes.returns import Edit, Return
from pipeline.forms import Form
from pipeline.forms.formulas import recalculate

#: Powers of ten by which a form may be off, the likeliest first: đồng, 1 000 đồng and million đồng are what is written.
EXPONENTS = (3, -3, 6, -6, 1, -1, 2, -2, 4, -4, 5, -5)
THOUSAND = 3
#: The share of a form's rates that must be fractions of what their parts give before this counts as a matter of format.
MIN_SHARE = Decimal("0.8")


def whole_form_edits(office_return: Return, failures: Iterable[Constraint]) -> Iterator[Edit]:
    """Yield the edits of whole forms."""
    failures = list(failures)
    yield from _recalculation_edits(office_return, failures)
    yield from _blank_rate_edits(office_return, failures)
    yield from _fraction_rate_edits(office_return, failures)
    yield from _scale_edits(office_return, failures)
    yield from _monthly_figure_edits(office_return, failures)


def _recalculation_edits(office_return: Return, failures: list[Constraint]) -> Iterator[Edit]:
    """Formulas of the workbook show no value, or an outdated one: all of them show what their inputs give."""
    value_by_formula = {
        constraint.places[0]: constraint.calculated_value
        for constraint in failures
        if isinstance(constraint, UncalculatedFormula)
    }
    if not value_by_formula:
        return
    # Where the reader could not calculate a formula, the template may: it has the same cell as a formula.
    forms = [
        form for code in sorted({place.form for place in value_by_formula}) if (form := office_return.forms.get(code))
    ]
    template_values = {
        place: figure for form in forms for place, figure in _recalculate_form(office_return, form).items()
    }
    changes = {
        place: figure
        for place, calculated_value in value_by_formula.items()
        if (figure := template_values.get(place) if calculated_value is None else calculated_value) is not None
        and figure >= 0
        and figure != office_return.values.get(place)
    }
    first = min(value_by_formula, key=lambda place: (place.form, office_return.position(place)))
    yield Edit("not_recalculated", first, changes, {"formulas": str(len(value_by_formula))})


def _recalculate_form(office_return: Return, form: Form) -> dict[Place, Decimal]:
    """Return every computed cell of a form that shows a figure, with what its formula gives."""
    place_rows = [
        [Place(office_return.submission_id, form.code, row, column) for column in form.column] for row in form.row
    ]
    figures = recalculate(form, [[office_return.values.get(place) for place in line] for line in place_rows])
    return {
        place: Decimal(str(figure))
        for places, line in zip(place_rows, figures, strict=True)
        for place, figure in zip(places, line, strict=True)
        if figure is not None and place in office_return.cells and office_return.is_computed(place)
    }


def _blank_rate_edits(office_return: Return, failures: list[Constraint]) -> Iterator[Edit]:
    """Rates show no figure, or an Excel error: each is computed from its printed parts."""
    blank_places = [
        constraint.places[0]
        for constraint in failures
        if isinstance(constraint, BlankCell)
        and constraint.places[0] not in office_return.values
        and rate_parts(office_return, constraint.places[0])
    ]
    changes = {
        place: rate
        for place in blank_places
        if (rate := computed_rate(office_return, place, office_return.values)) is not None
    }
    if changes:
        yield Edit("cell_blank", min(changes, key=office_return.position), changes, {"whole": "rates"})


def _fraction_rate_edits(office_return: Return, failures: list[Constraint]) -> Iterator[Edit]:
    """The rates of a workbook are fractions of one, as cells in per-cent format hold them: 0.7382 for 73.82 %."""
    forms = {constraint.form for constraint in failures if isinstance(constraint, Ratio)}
    rate_count, changes = 0, {}
    for place, value in office_return.values.items():
        if (
            not value
            or not office_return.is_own(place)
            or place.form not in forms
            or office_return.cells[place].unit != "percent"
        ):
            continue
        if rate := computed_rate(office_return, place, office_return.values):
            rate_count += 1
            if abs(100 * value - rate) <= 100 * _half_unit(value):
                changes[place] = rate
    if len(changes) > 1 and len(changes) >= MIN_SHARE * rate_count:
        yield Edit("rates_as_fractions", min(changes, key=office_return.position), changes, {"whole": "rates"})


def _half_unit(value: Decimal) -> Decimal:
    """Return half a unit of the last place of a figure, not finer than a rate of two places."""
    exponent = value.normalize().as_tuple().exponent
    return Decimal(5).scaleb(max(min(int(exponent), 0), -4) - 1)


def _scale_edits(office_return: Return, failures: list[Constraint]) -> Iterator[Edit]:
    """All amounts of a form were written in another unit."""
    tests: dict[str, list[Constraint]] = {}
    for constraint in failures:
        compares_money = constraint.rule.compares_forms and any(
            office_return.is_money(place) for place in constraint.places
        )
        if isinstance(constraint, Worth | Scale) or compares_money:
            tests.setdefault(constraint.form, []).append(constraint)
    for form, constraints in tests.items():
        amounts = [
            p for p in office_return.values if office_return.is_own(p) and p.form == form and office_return.is_money(p)
        ]
        own_amounts = [place for constraint in constraints for place in constraint.places if place in amounts]
        if len(amounts) < 2 or not own_amounts:
            continue
        root = min(own_amounts, key=office_return.position)
        for exponent in EXPONENTS:
            changes = {place: office_return.values[place].scaleb(exponent) for place in amounts}
            if all(constraint.holds(office_return.values | changes) for constraint in constraints):
                kind = "unit_thousand" if abs(exponent) == THOUSAND else "power_of_ten"
                yield Edit(kind, root, changes, {"whole": "form", "exponent": str(-exponent)})
                break


def _monthly_figure_edits(office_return: Return, failures: Iterable[Constraint]) -> Iterator[Edit]:
    """The cumulative columns of a form show what the month added; its formulas follow."""
    for code in sorted({constraint.form for constraint in failures if constraint.rule.never_falls}):
        form = office_return.forms.get(code)
        previous_values = {
            place: previous
            for place, previous in office_return.previous_values.items()
            if place.form == code and not office_return.is_computed(place)
        }
        if form is None or len(previous_values) < 2:
            continue
        matrix = [
            [office_return.values.get(Place(office_return.submission_id, code, row, column)) for column in form.column]
            for row in form.row
        ]
        for place, previous in previous_values.items():
            row_index, column_index = office_return.position(place)
            matrix[row_index][column_index] = office_return.values[place] + previous
        changes: dict[Place, Decimal] = {}
        for row, line in zip(form.row, recalculate(form, matrix), strict=True):
            for column, figure in zip(form.column, line, strict=True):
                place = Place(office_return.submission_id, code, row, column)
                if place in office_return.values and figure is not None and figure != office_return.values[place]:
                    changes[place] = Decimal(str(figure))
        if changes:
            roots = [place for place in changes if office_return.cells[place].unit not in RATES]
            yield Edit(
                "month_not_cumulative", min(roots or changes, key=office_return.position), changes, {"whole": "form"}
            )
