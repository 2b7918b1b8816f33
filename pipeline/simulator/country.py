"""A territory's offices from year to year: all that they report on, and what becomes of it when they are merged."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import numpy as np

from pipeline.simulator.cube import Year, sum_groups
from pipeline.simulator.enforcement import Books, enforcement, open_books
from pipeline.simulator.occurrences import (
    discipline_cube,
    judgments_cube,
    letters_cube,
    occurrences,
    reception_cube,
)
from pipeline.simulator.parts import officer_cubes, subsets

__all__ = ["Books", "merge_books", "open_books", "run_year"]

#: What of an office's books is a level, to be weighed by its size where offices are merged; the rest is added up.
LEVELS = ("season", "pace", "ready", "worth", "phase")


def run_year(rng: np.random.Generator, books: Books) -> tuple[Year, Books]:
    """Return one statistical year of cumulative figures and the books that the next one opens with."""
    units = len(books.size)
    cases, money, next_books = enforcement(rng, books)
    letters, reception, judgments = (
        letters_cube(rng, units),
        reception_cube(rng, units),
        judgments_cube(rng, books.judgments),
    )
    next_books.judgments = judgments.values["still_followed"][:, -1]
    year = {"cases": cases, "money": money, "letters": letters, "reception": reception, "judgments": judgments}
    year |= {"discipline": discipline_cube(rng, units)} | subsets(cases, money)
    return year | officer_cubes(rng, cases, money) | occurrences(rng, units), next_books


def merge_books(books: Sequence[Books], groups: Sequence[Sequence[int]]) -> Books:
    """Return the books of offices that take over groups of the old ones, which are counted through all ``books``."""
    old_values = {field.name: np.concatenate([getattr(part, field.name) for part in books]) for field in fields(Books)}

    def weighted_mean(level: Any) -> Any:
        weight = old_values["size"].reshape(-1, *([1] * (level.ndim - 1)))
        return sum_groups(level * weight, groups) / sum_groups(weight, groups)

    return Books(
        **{
            name: weighted_mean(figures) if name in LEVELS else sum_groups(figures, groups)
            for name, figures in old_values.items()
        }
    )
