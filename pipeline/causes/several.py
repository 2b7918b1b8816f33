"""Edits of several cells that one slip of the hand explains: swapped, shifted, carried into totals."""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal

from expectations.constraints import Place
from pipeline.causes.digits import slip
from pipeline.causes.returns import Edit, Return
from pipeline.forms import Form
from pipeline.forms.formulas import percent


def several(of: Return, singles: Iterable[Edit]) -> Iterator[Edit]:
    """Yield the edits of several cells that the edits of one cell point to."""
    singles = list(singles)
    yield from _swaps(of, singles)
    yield from _shifted(of, singles)
    yield from _carried_through(of, singles)


def _swaps(of: Return, singles: Iterable[Edit]) -> Iterator[Edit]:
    """Two cells changed places, in a row or in a column; then perhaps in every row or column."""
    by_value: dict[tuple[str, str, Decimal], list[Place]] = {}
    for place, value in of.values.items():
        if of.is_own(place):
            for axis, along in (("column", place.row), ("row", place.column)):
                by_value.setdefault((f"{place.form}.{axis}", along, value), []).append(place)
    pairs: set[tuple[str, str, tuple[str, ...]]] = set()
    for edit in singles:
        (place, value) = next(iter(edit.changes.items()))
        found = of.values[place]
        for axis, along in (("column", place.row), ("row", place.column)):
            for other in by_value.get((f"{place.form}.{axis}", along, value), ()):
                if other != place and found != value:
                    yield Edit(f"{axis}s_swapped", place, {place: value, other: found})
                    pairs.add((place.form, axis, tuple(sorted((getattr(place, axis), getattr(other, axis))))))
    for form, axis, (one, two) in sorted(pairs):
        yield from _swapped_throughout(of, form, axis, {one: two, two: one})


def _swapped_throughout(of: Return, form: str, axis: str, partners: Mapping[str, str]) -> Iterator[Edit]:
    """Two whole columns or rows changed places."""
    changes: dict[Place, Decimal] = {}
    for place, value in of.values.items():
        if of.is_own(place) and place.form == form and getattr(place, axis) in partners:
            partner = place._replace(**{axis: partners[getattr(place, axis)]})
            if of.values.get(partner, value) != value:
                changes[place] = of.values[partner]
    if len(changes) > 2:
        yield Edit(f"{axis}s_swapped", min(changes, key=of.position), changes, {"whole": axis})


def _carried_through(of: Return, singles: Iterable[Edit]) -> Iterator[Edit]:
    """An input cell is wrong and the formulas of the workbook carried it into their totals."""
    for edit in singles:
        (place, value) = next(iter(edit.changes.items()))
        for leaf in _leaves(of, place):
            changes = dict(_dependents(of, leaf, value - of.values[place]))
            if len(changes) > 1:
                kind = slip(of.to_printed_unit(leaf, of.values[leaf]), of.to_printed_unit(leaf, changes[leaf]))
                said: dict[str, Decimal | str] = {"carried": "yes"}
                if kind is None:
                    said["slip"] = "none"
                yield Edit(kind or "digit_wrong", leaf, changes, said)


def _leaves(of: Return, place: Place) -> Iterator[Place]:
    """Return the input cells of the same column that a total sums, or the cell itself."""
    form = of.forms.get(place.form)
    if form is None:
        return
    if not of.is_computed(place):
        yield place
        return
    column = form.column.get(place.column)
    if column and not column.equals and not column.ratio:
        for row in _parts(form, place.row):
            if (leaf := place._replace(row=row)) in of.values:
                yield leaf


def _parts(form: Form, row: str) -> set[str]:
    below = {part for rollup in form.rollups if rollup.total == row for part in rollup.parts}
    return {row} if not below else {leaf for part in below for leaf in _parts(form, part)}


def _dependents(of: Return, leaf: Place, more: Decimal) -> Iterator[tuple[Place, Decimal]]:
    """Yield the cells that follow a change of an input cell, with what they would show."""
    form, after = of.forms[leaf.form], {}
    for row, column, sign in _followers(form, leaf.row, leaf.column):
        place = leaf._replace(row=row, column=column)
        if place in of.values:
            after[place] = of.values[place] + sign * more
    yield from after.items()
    for rate in form.columns:
        for row in {place.row for place in after} if rate.ratio else ():
            # A rate that came from its parts goes on to do so.
            place = leaf._replace(row=row, column=rate.code)
            parts = [leaf._replace(row=row, column=name) for name in rate.ratio or ()]
            if place in of.values and all(part in of.values for part in parts) and not after.keys().isdisjoint(parts):
                then = percent(*(of.values[part] for part in parts))
                now = percent(*(after.get(part, of.values[part]) for part in parts))
                if then == of.values[place] and now is not None and now != then:
                    yield place, now


_following: dict[tuple[str, str, str], tuple[tuple[str, str, int], ...]] = {}


def _followers(form: Form, row: str, column: str) -> tuple[tuple[str, str, int], ...]:
    """Return row, column and sign of the sums that follow an input cell, the cell itself among them."""
    key = (form.version, row, column)
    if key not in _following:
        rows, columns = {row}, {column: 1}
        while above := {r.total for r in form.rollups if rows & set(r.parts)} - rows:
            rows |= above
        for _ in form.columns:
            for sums in form.columns:
                moved = sum(term.sign * columns.get(term.column, 0) for term in sums.equals)
                if sums.equals and moved:
                    columns[sums.code] = moved
        _following[key] = tuple((one, name, sign) for one in sorted(rows) for name, sign in columns.items())
    return _following[key]


def _shifted(of: Return, singles: Iterable[Edit]) -> Iterator[Edit]:
    """The figures of a column stand a row too low or too high, from some row on."""
    wanted: dict[tuple[str, str], dict[str, Decimal]] = {}
    for edit in singles:
        if len(edit.changes) == 1 and not of.is_computed(edit.root):
            wanted.setdefault((edit.root.form, edit.root.column), {}).setdefault(edit.root.row, edit.changes[edit.root])
    for (form, column), by_row in wanted.items():
        rows = of.rows_of(form)
        places = [Place(of.submission_id, form, row, column) for row in rows]
        for step in (1, -1):
            follows = [
                row in by_row and 0 <= n + step < len(rows) and by_row[row] == of.values.get(places[n + step])
                for n, row in enumerate(rows)
            ]
            for first, last in _runs(follows):
                # The row at the end of the run has lost its figure, which only its sum still tells.
                inside = range(first, last + 1 + (step > 0)) if step > 0 else range(first - 1, last + 1)
                changes = {places[n]: by_row[rows[n]] for n in inside if 0 <= n < len(rows) and rows[n] in by_row}
                if len(changes) > 2:
                    yield Edit("row_shifted", min(changes, key=of.position), changes, {"whole": "rows"})


def _runs(flags: list[bool]) -> Iterator[tuple[int, int]]:
    """Yield first and last of every run of two or more."""
    first = None
    for n, flag in enumerate([*flags, False]):
        if flag and first is None:
            first = n
        elif not flag and first is not None:
            if n - first > 1:
                yield first, n - 1
            first = None
