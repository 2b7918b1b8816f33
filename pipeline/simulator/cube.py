"""Cumulative figures as arrays, and what can be done with them: lines of a form, and units put together."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]
Shares = NDArray[np.floating[Any]]

MONTHS = 12


@dataclass
class Cube:
    """Cumulative figures of one subject: arrays of unit x month x the axes named."""

    axes: dict[str, tuple[str, ...]]
    values: dict[str, Counts] = field(default_factory=dict)

    def line(self, measure: str, place: dict[str, str]) -> Counts:
        """Return unit x month of one line of a form; a member that is no member of its axis is the total."""
        figures: Any = self.values[measure]
        for axis, members in reversed(self.axes.items()):
            axis_number = 2 + list(self.axes).index(axis)
            figures = (
                figures.take(members.index(place[axis]), axis_number)
                if place[axis] in members
                else figures.sum(axis_number)
            )
        return figures

    def sum_units(self, groups: Sequence[Sequence[int]]) -> "Cube":
        """Return the figures of groups of units: every figure of a report is a sum over what it reports on."""
        return Cube(self.axes, {name: sum_groups(figures, groups) for name, figures in self.values.items()})


Year = dict[str, Cube]


def sum_groups(figures: Any, groups: Sequence[Sequence[int]]) -> Any:
    """Return the sums over groups of units, the first axis."""
    return np.stack([figures[list(group)].sum(0) for group in groups])


def join_territories(years: Sequence[Year]) -> Year:
    """Return the units of several territories in one year, one after the other."""
    return {
        subject: Cube(
            cube.axes,
            {name: np.concatenate([year[subject].values[name] for year in years]) for name in cube.values},
        )
        for subject, cube in years[0].items()
    }
