"""Parts of the caseload: budget collections, bank credit, corruption, and the officers who carry it."""

from collections.abc import Callable, Iterable

import numpy as np

from pipeline.simulator.cube import MONTHS, Counts, Cube, Year
from pipeline.simulator.enforcement import ELIGIBLE, INITIATIVES, KINDS, STANDING

FEWEST_OFFICERS, MOST_OFFICERS = 3, 6


def subsets(cases: Cube, money: Cube) -> Year:
    """Return budget collections, bank-credit cases and corruption cases: parts of the whole, never more."""
    on_request = INITIATIVES.index("on_request")
    business, criminal = (list(KINDS).index(name) for name in ("business", "criminal"))
    headline = ("due", "eligible", "completed")
    subsets = {
        name: _by_basis(cases, money, headline, part)
        for name, part in {
            "credit": lambda f: f[..., business, on_request] * 6 // 10,
            "corruption": lambda f: f[..., criminal, on_request] // 20,
        }.items()
    }
    # Shares are cut down to whole cases, so the totals are added up anew from their parts.
    parts = ("completed", *STANDING)
    budget = _by_basis(cases, money, parts, lambda f: f[..., 1 - on_request].sum(-1) * 7 // 10)
    v = budget.values
    v["eligible"] = v["completed"] + np.add.reduce([v[name] for name in ELIGIBLE])
    v["carried_over"] = np.add.reduce([v[name] for name in STANDING])
    v["due"] = v["completed"] + v["carried_over"]
    return subsets | {"budget": budget}


def _by_basis(cases: Cube, money: Cube, measures: Iterable[str], part: Callable[[Counts], Counts]) -> Cube:
    """Return a part of the caseload by case and by money; no money where the part has no case."""
    values = {}
    for measure in measures:
        count = part(cases.values[measure])
        values[measure] = np.stack([count, part(money.values[measure]) * (count > 0)], -1)
    return Cube({"basis": ("cases", "money")}, values)


def officer_cubes(rng: np.random.Generator, cases: Cube, money: Cube) -> Year:
    """Return the caseload by enforcement officer: each has whole kinds of judgment, so every balance holds for each."""
    units, groups = len(cases.values["due"]), len(KINDS) * len(INITIATIVES)
    officers = rng.integers(FEWEST_OFFICERS, MOST_OFFICERS + 1, units)
    loads = cases.values["accepted_total"][:, -1].reshape(units, groups)
    # The largest group goes to the first officer, the next to the second, and round again.
    ranks = (-loads).argsort(1, kind="stable").argsort(1, kind="stable")
    is_carrier = (ranks % officers[:, None])[..., None] == np.arange(MOST_OFFICERS)
    axes = {"officer": tuple(f"officer_{n:02}" for n in range(1, MOST_OFFICERS + 1))}
    return {
        f"officer_{name}": Cube(
            axes,
            {
                measure: figures.reshape(units, MONTHS, groups) @ is_carrier.astype(np.int64)
                for measure, figures in cube.values.items()
            },
        )
        for name, cube in (("cases", cases), ("money", money))
    }
