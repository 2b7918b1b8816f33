"""The annex on delegation: each unit of a territory sends what it delegates to the next one, the last one to the first."""

from collections.abc import Sequence

import numpy as np

from pipeline.forms.declaration import Form
from pipeline.forms.formulas import Figure
from pipeline.simulator.cube import Cube, Year

TO, FROM = "line_01", "line_02"


def transfers_cube(year: Year) -> Cube:
    """Return what every unit delegates to the next, and receives from the one before."""
    values = {}
    for basis, sent, received in (
        ("cases", "delegated", "received_cases"),
        ("money", "delegated_money", "received_money"),
    ):
        delegated = year[basis].values["delegated"].sum((2, 3))
        nothing = np.zeros_like(delegated)
        values[sent] = np.stack([delegated, nothing], -1)
        values[received] = np.stack([nothing, np.roll(delegated, 1, 0)], -1)
    return Cube({"line": (TO, FROM)}, values)


def name_agencies(form: Form, matrix: list[list[Figure]], index: int, names: Sequence[str]) -> None:
    """Write into the annex of unit ``index`` whom it sends to and whom it receives from; blank lines stay blank."""
    column = list(form.column).index("counterpart")
    for line, unit in ((TO, (index + 1) % len(names)), (FROM, index - 1)):
        row = matrix[list(form.row).index(line)]
        if any(row):
            row[column] = names[unit]
