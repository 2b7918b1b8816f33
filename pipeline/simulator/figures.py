"""From the country's arrays to the printed matrix of a form."""

import numpy as np

from pipeline.forms.declaration import DeclarationError, Form, FormRow
from pipeline.forms.formulas import Figure, percent
from pipeline.simulator.cube import Counts, Cube, Year
from pipeline.simulator.transfers import transfers_cube

#: Which subject a form shows.
SUBJECTS = {
    "01": "cases",
    "02": "money",
    "03": "budget",
    "04": "officer_cases",
    "05": "officer_money",
    "06": "exemptions",
    "07": "coercion",
    "08": "letters",
    "09": "reception",
    "10": "supervision",
    "11": "compensation",
    "12": "judgments",
    "credit": "credit",
    "corruption": "corruption",
    "discipline": "discipline",
    "transfers": "transfers",
}


def is_rate(form: Form, column: str) -> bool:
    """Tell whether a column holds per cent, which are computed anew for every total."""
    return form.column[column].unit == "percent"


def lay_out(form: Form, year: Year) -> Counts:
    """Return the figures of a form as unit x month x row x column, additive over units; rates stay zero."""
    if form.code not in SUBJECTS:
        raise DeclarationError(f"form {form.code}: the simulator knows no figures for it; add them to SUBJECTS")
    cube = transfers_cube(year) if form.code == "transfers" else year[SUBJECTS[form.code]]
    if "pulled_up" in form.column:
        cube = _before_2020(cube)
    first_values = next(iter(cube.values.values()))
    figures = np.zeros((*first_values.shape[:2], len(form.rows), len(form.columns)), np.int64)
    for c, column in enumerate(form.column):
        if is_rate(form, column) or form.column[column].is_name:
            continue
        if column not in cube.values:
            raise DeclarationError(f"form {form.code}: the simulator knows no figures for column {column!r}")
        for r, row in enumerate(form.rows):
            if not row.is_open or _is_used(row, cube):
                figures[:, :, r, c] = cube.line(column, row.attributes)
    return figures


def _before_2020(cube: Cube) -> Cube:
    """Return the figures as circular 01/2013/TT-BTP counts them: what is postponed or suspended is eligible."""
    v = dict(cube.values)
    v["pulled_up"] = v["revoked"]
    v["postponed"] = v["postponed"] + v["postponed_by_consent"]
    v["eligible"] = v["due"] - v["not_eligible"]
    v["eligible_carried_over"] = v["eligible"] - v["completed"]
    return Cube(cube.axes, v)


def _is_used(row: FormRow, cube: Cube) -> bool:
    return all(row.attributes[axis] in members for axis, members in cube.axes.items())


def print_matrix(
    form: Form, figures: Counts, due: dict[str, int], *, is_consolidated: bool = False
) -> list[list[Figure]]:
    """Return rows x columns as the office prints them; ``due`` is all that is due, by case and by money.

    An open line without figures stays blank, and so do all open lines of several offices together: the officers of one
    are not those of another.
    """
    matrix: list[list[Figure]] = figures.tolist()
    column_index = {column: n for n, column in enumerate(form.column)}
    for column in form.columns:
        if not is_rate(form, column.code):
            continue
        for row, line in zip(form.rows, figures.tolist(), strict=True):
            if column.ratio:
                part, whole = (line[column_index[name]] for name in column.ratio)
            else:
                part, whole = line[column_index["due"]], due[row.attributes["basis"]]
            matrix[form.rows.index(row)][column_index[column.code]] = percent(part, whole)
    for r, row in enumerate(form.rows):
        if row.is_open and (is_consolidated or not figures[r].any()):
            matrix[r] = [None] * len(form.columns)
    for c, column in enumerate(form.columns):
        if column.is_name:
            for line in matrix:
                line[c] = None
    return matrix
