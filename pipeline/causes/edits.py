"""Edits: what may have been meant. Each changes some cells of a return and says of what kind the mistake would be."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from itertools import combinations

from expectations.rules import Balance
from pipeline.causes.constraints import Cell, Constraint, Place, Sum, Worth
from pipeline.causes.digits import slip
from pipeline.forms import Form, Forms

#: How far-fetched each kind is: among edits that close equally much the least goes first.
COST = {
    "last_month_copied": 0.5,
    "month_not_cumulative": 0.5,
    "unit_thousand": 1.0,
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
    """A hypothesis: cells with what they would show. ``root`` is the cell to look at first."""

    kind: str
    root: Place
    changes: Mapping[Place, Decimal]
    said: Mapping[str, Decimal | str] = field(default_factory=dict)

    @property
    def cost(self) -> float:
        """How far-fetched it is; a figure that no slip of the hand explains is more so."""
        return COST[self.kind] + (2.0 if self.said.get("slip") == "none" else 0.0)


@dataclass
class Return:
    """One return under suspicion: its cells, what must hold between them, and what stood there last month."""

    submission_id: str
    cells: dict[Place, Cell]
    constraints: list[Constraint]
    forms: Mapping[str, Form]
    declared: Forms
    values: dict[Place, Decimal] = field(default_factory=dict)
    of_place: dict[Place, list[Constraint]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.values = {place: cell.value for place, cell in self.cells.items()}
        for constraint in self.constraints:
            for place in dict.fromkeys(constraint.places):
                self.of_place.setdefault(place, []).append(constraint)

    def is_own(self, place: Place) -> bool:
        """Tell whether a cell stands in this return."""
        return place.submission_id == self.submission_id

    def printed(self, place: Place, value: Decimal) -> Decimal:
        """Return a figure in the unit that its cell prints."""
        unit = self.declared.units.get(self.cells[place].unit or "")
        return value / unit.factor if unit else value

    def is_computed(self, place: Place) -> bool:
        """Tell whether the template works the cell out: by a formula, or as the total of rows that stand there too."""
        form = self.forms.get(place.form)
        if form is None or place.row not in form.row:
            return False
        column = form.column.get(place.column)
        parts = (part for rollup in form.rollups if rollup.total == place.row for part in rollup.parts)
        is_total = any(place._replace(row=part) in self.values for part in parts)
        return is_total or bool(column and (column.equals or column.ratio))


def edits(of: Return, failing: Iterable[Constraint]) -> Iterator[Edit]:
    """Yield every edit that closes at least one of the failing constraints."""
    failing = list(failing)
    singles = list(_single(of, failing))
    yield from singles
    yield from _swaps(of, singles)
    yield from _carried_through(of, singles)
    yield from _thousandfold(of, failing)


def _single(of: Return, failing: Iterable[Constraint]) -> Iterator[Edit]:
    """One cell shows another figure."""
    seen: set[tuple[Place, Decimal]] = set()
    for constraint in failing:
        for place in constraint.places:
            if not of.is_own(place):
                continue
            for value in constraint.closing(place, of.values):
                if (place, value) not in seen and value != of.values[place]:
                    seen.add((place, value))
                    yield _typed(of, constraint, place, value)


def _typed(of: Return, constraint: Constraint, place: Place, value: Decimal) -> Edit:
    found = of.values[place]
    changes = {place: value}
    if said := _left_out(of, constraint, place, value):
        return Edit("term_left_out", place, changes, said)
    kind = slip(of.printed(place, found), of.printed(place, value))
    if kind in (None, "digit_wrong") and of.is_computed(place):
        kind = "total_typed_over"
    return Edit(kind or "digit_wrong", place, changes, {} if kind else {"slip": "none"})


def _left_out(of: Return, constraint: Constraint, place: Place, value: Decimal) -> dict[str, Decimal | str]:
    """Return what a sum would have left out: one term of it or two that make up the difference."""
    if not isinstance(constraint, Sum) or not isinstance(constraint.rule, Balance) or len(constraint.signed) < 3:
        return {}
    sign, gap = constraint.signed[place], value - of.values[place]
    terms = {term: -weight / sign for term, weight in constraint.signed.items() if term != place}
    total = constraint.rule.total
    if place.column != total:
        # The total of another sum was printed here: 174 delegated or revoked, and the accepted total stands as due.
        accepted = of.values.get(place._replace(column="accepted_total"))
        if place.column == "due" and gap < 0 and accepted in (None, of.values[place]) and value >= 0:
            return {"gap": -gap, "implied": value, "terms": "delegated revoked"}
        return {}
    for count in (1, 2):
        for left in combinations(terms, count):
            is_gap = sum(terms[term] * of.values[term] for term in left) == gap
            if is_gap and len(left) < len(terms) and all(of.values[term] for term in left):
                return {"gap": abs(gap), "implied": value, "terms": " ".join(term.column for term in left)}
    return {}


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
        yield Edit(f"{axis}s_swapped", min(changes, key=partial(_position, of)), changes, {"whole": axis})


def _carried_through(of: Return, singles: Iterable[Edit]) -> Iterator[Edit]:
    """An input cell is wrong and the formulas of the workbook carried it into their totals."""
    for edit in singles:
        (place, value) = next(iter(edit.changes.items()))
        for leaf in _leaves(of, place):
            changes = dict(_dependents(of, leaf, value - of.values[place]))
            if len(changes) > 1:
                kind = slip(of.printed(leaf, of.values[leaf]), of.printed(leaf, changes[leaf]))
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
    form = of.forms[leaf.form]
    rows, columns = {leaf.row}, {leaf.column: 1}
    while above := {r.total for r in form.rollups if rows & set(r.parts)} - rows:
        rows |= above
    for _ in form.columns:
        for column in form.columns:
            moved = sum(term.sign * columns.get(term.column, 0) for term in column.equals)
            if column.equals and moved:
                columns[column.code] = moved
    for row in rows:
        for name, sign in columns.items():
            place = leaf._replace(row=row, column=name)
            if place in of.values:
                yield place, of.values[place] + sign * more


def _thousandfold(of: Return, failing: Iterable[Constraint]) -> Iterator[Edit]:
    """A form, a column or a row was entered in another unit, a thousand times too much or too little."""
    money = {c.money for c in failing if isinstance(c, Worth) and c.money}
    for form in {place.form for place in money}:
        amounts = [
            p for p in of.values if of.is_own(p) and p.form == form and of.cells[p].unit not in ("percent", "point")
        ]
        root = min((place for place in money if place.form == form), key=lambda place: _position(of, place))
        for factor in (Decimal(1000), 1 / Decimal(1000)):
            yield Edit("unit_thousand", root, {p: of.values[p] * factor for p in amounts}, {"whole": "form"})


def _position(of: Return, place: Place) -> tuple[int, int]:
    form = of.forms.get(place.form)
    if form is None or place.row not in form.row or place.column not in form.column:
        return (0, 0)
    return list(form.row).index(place.row), list(form.column).index(place.column)
