"""A territory's offices from year to year: all that they report on, and what becomes of it when they are merged."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import numpy as np

from pipeline.simulator.cube import Year, summed
from pipeline.simulator.enforcement import Books, enforcement, open_books
from pipeline.simulator.occurrences import (
    discipline_of,
    judgments_of,
    letters_of,
    occurrences,
    reception_of,
)
from pipeline.simulator.parts import officers_of, subsets

__all__ = ["Books", "merge_books", "open_books", "run_year"]

#: What of an office's books is a level, to be weighed by its size where offices are merged; the rest is added up.
LEVELS = ("season", "pace", "ready", "worth", "phase")


def run_year(rng: np.random.Generator, books: Books) -> tuple[Year, Books]:
    """Return one statistical year of cumulative figures and the books that the next one opens with."""
    units = len(books.size)
    cases, money, following = enforcement(rng, books)
    letters, reception, judgments = letters_of(rng, units), reception_of(rng, units), judgments_of(rng, books.judgments)
    following.judgments = judgments.values["still_followed"][:, -1]
    year = {"cases": cases, "money": money, "letters": letters, "reception": reception, "judgments": judgments}
    year |= {"discipline": discipline_of(rng, units)} | subsets(cases, money)
    return year | officers_of(rng, cases, money) | occurrences(rng, units), following


def merge_books(books: Sequence[Books], groups: Sequence[Sequence[int]]) -> Books:
    """Return the books of offices that take over groups of the old ones, which are counted through all ``books``."""
    old = {field.name: np.concatenate([getattr(one, field.name) for one in books]) for field in fields(Books)}

    def weighed(level: Any) -> Any:
        weight = old["size"].reshape(-1, *([1] * (level.ndim - 1)))
        return summed(level * weight, groups) / summed(weight, groups)

    return Books(
        **{name: weighed(figures) if name in LEVELS else summed(figures, groups) for name, figures in old.items()}
    )
