"""Edits of several cells that one slip of the hand explains: swapped, shifted, carried into totals."""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal

from expectations.constraints import Place
from pipeline.causes.digits import slip_kind
from pipeline.causes.returns import Edit, Return
from pipeline.forms import Form
from pipeline.forms.formulas import percent


def multi_cell_edits(office_return: Return, singles: Iterable[Edit]) -> Iterator[Edit]:
    """Yield the edits of several cells that the edits of one cell point to."""
    singles = list(singles)
    yield from _swap_edits(office_return, singles)
    yield from _shift_edits(office_return, singles)
    yield from _carried_edits(office_return, singles)


def _swap_edits(office_return: Return, singles: Iterable[Edit]) -> Iterator[Edit]:
    """Two cells changed places, in a row or in a column; then perhaps in every row or column."""
    by_value: dict[tuple[str, str, Decimal], list[Place]] = {}
    for place, value in office_return.values.items():
        if office_return.is_own(place):
            for axis, line in (("column", place.row), ("row", place.column)):
                by_value.setdefault((f"{place.form}.{axis}", line, value), []).append(place)
    pairs: set[tuple[str, str, tuple[str, ...]]] = set()
    for edit in singles:
        (place, value) = next(iter(edit.changes.items()))
        current = office_return.values[place]
        for axis, line in (("column", place.row), ("row", place.column)):
            for other in by_value.get((f"{place.form}.{axis}", line, value), ()):
                if other != place and current != value:
                    yield Edit(f"{axis}s_swapped", place, {place: value, other: current})
                    pairs.add((place.form, axis, tuple(sorted((getattr(place, axis), getattr(other, axis))))))
    for form, axis, (one, two) in sorted(pairs):
        yield from _whole_swap_edits(office_return, form, axis, {one: two, two: one})


def _whole_swap_edits(office_return: Return, form: str, axis: str, partners: Mapping[str, str]) -> Iterator[Edit]:
    """Two whole columns or rows changed places."""
    changes: dict[Place, Decimal] = {}
    for place, value in office_return.values.items():
        if office_return.is_own(place) and place.form == form and getattr(place, axis) in partners:
            partner = place._replace(**{axis: partners[getattr(place, axis)]})
            if office_return.values.get(partner, value) != value:
                changes[place] = office_return.values[partner]
    if len(changes) > 2:
        yield Edit(f"{axis}s_swapped", min(changes, key=office_return.position), changes, {"whole": axis})


def _carried_edits(office_return: Return, singles: Iterable[Edit]) -> Iterator[Edit]:
    """An input cell is wrong and the formulas of the workbook carried it into their totals."""
    for edit in singles:
        (place, value) = next(iter(edit.changes.items()))
        for input_cell in _input_cells(office_return, place):
            changes = dict(_dependents(office_return, input_cell, value - office_return.values[place]))
            if len(changes) > 1:
                kind = slip_kind(
                    office_return.to_printed_unit(input_cell, office_return.values[input_cell]),
                    office_return.to_printed_unit(input_cell, changes[input_cell]),
                )
                details: dict[str, Decimal | str] = {"carried": "yes"}
                if kind is None:
                    details["slip"] = "none"
                yield Edit(kind or "digit_wrong", input_cell, changes, details)


def _input_cells(office_return: Return, place: Place) -> Iterator[Place]:
    """Return the input cells of the same column that a total sums, or the cell itself."""
    form = office_return.forms.get(place.form)
    if form is None:
        return
    if not office_return.is_computed(place):
        yield place
        return
    column = form.column.get(place.column)
    if column and not column.equals and not column.ratio:
        for row in _input_rows(form, place.row):
            if (input_cell := place._replace(row=row)) in office_return.values:
                yield input_cell


def _input_rows(form: Form, row: str) -> set[str]:
    part_rows = {part for rollup in form.rollups if rollup.total == row for part in rollup.parts}
    return {row} if not part_rows else {input_row for part in part_rows for input_row in _input_rows(form, part)}


def _dependents(office_return: Return, input_cell: Place, delta: Decimal) -> Iterator[tuple[Place, Decimal]]:
    """Yield the cells that follow a change of an input cell, with what they would show."""
    form, changes = office_return.forms[input_cell.form], {}
    for row, column, sign in _followers(form, input_cell.row, input_cell.column):
        place = input_cell._replace(row=row, column=column)
        if place in office_return.values:
            changes[place] = office_return.values[place] + sign * delta
    yield from changes.items()
    for rate in form.columns:
        for row in {place.row for place in changes} if rate.ratio else ():
            # A rate that agreed with its parts still does.
            place = input_cell._replace(row=row, column=rate.code)
            parts = [input_cell._replace(row=row, column=name) for name in rate.ratio or ()]
            if (
                place in office_return.values
                and all(part in office_return.values for part in parts)
                and not changes.keys().isdisjoint(parts)
            ):
                previous_rate = percent(*(office_return.values[part] for part in parts))
                new_rate = percent(*(changes.get(part, office_return.values[part]) for part in parts))
                if previous_rate == office_return.values[place] and new_rate is not None and new_rate != previous_rate:
                    yield place, new_rate


_followers_by_cell: dict[tuple[str, str, str], tuple[tuple[str, str, int], ...]] = {}


def _followers(form: Form, row: str, column: str) -> tuple[tuple[str, str, int], ...]:
    """Return row, column and sign of the sums that follow an input cell, the cell itself among them."""
    key = (form.version, row, column)
    if key not in _followers_by_cell:
        rows, columns = {row}, {column: 1}
        while total_rows := {r.total for r in form.rollups if rows & set(r.parts)} - rows:
            rows |= total_rows
        for _ in form.columns:
            for total_column in form.columns:
                weight = sum(term.sign * columns.get(term.column, 0) for term in total_column.equals)
                if total_column.equals and weight:
                    columns[total_column.code] = weight
        _followers_by_cell[key] = tuple(
            (row_code, column_code, sign) for row_code in sorted(rows) for column_code, sign in columns.items()
        )
    return _followers_by_cell[key]


def _shift_edits(office_return: Return, singles: Iterable[Edit]) -> Iterator[Edit]:
    """The figures of a column stand a row too low or too high, from some row on."""
    proposed_values: dict[tuple[str, str], dict[str, Decimal]] = {}
    for edit in singles:
        if len(edit.changes) == 1 and not office_return.is_computed(edit.root):
            proposed_values.setdefault((edit.root.form, edit.root.column), {}).setdefault(
                edit.root.row, edit.changes[edit.root]
            )
    for (form, column), value_by_row in proposed_values.items():
        rows = office_return.input_rows(form)
        places = [Place(office_return.submission_id, form, row, column) for row in rows]
        for step in (1, -1):
            flags = [
                row in value_by_row
                and 0 <= index + step < len(rows)
                and value_by_row[row] == office_return.values.get(places[index + step])
                for index, row in enumerate(rows)
            ]
            for first, last in _runs(flags):
                # The row at the end of the run has lost its figure, which only the sum still gives.
                indexes = range(first, last + 1 + (step > 0)) if step > 0 else range(first - 1, last + 1)
                changes = {
                    places[index]: value_by_row[rows[index]]
                    for index in indexes
                    if 0 <= index < len(rows) and rows[index] in value_by_row
                }
                if len(changes) > 2:
                    yield Edit("row_shifted", min(changes, key=office_return.position), changes, {"whole": "rows"})


def _runs(flags: list[bool]) -> Iterator[tuple[int, int]]:
    """Yield first and last of every run of two or more."""
    first = None
    for index, flag in enumerate([*flags, False]):
        if flag and first is None:
            first = index
        elif not flag and first is not None:
            if index - first > 1:
                yield first, index - 1
            first = None
