"""What a printed figure is worth: how exact its last place makes it, and when it is too large to be one.

Workbooks, long CSV and published figures share these, so that the same figure means the same wherever it was printed.
"""

import polars as pl

from pipeline.tables import AMOUNT

#: In base units. No amount in đồng comes near it, and a sum of thousands of figures below it still fits ``AMOUNT``.
LARGEST = 10**18
_HALVES = {places: f"{0.5 * 10**-places:.6f}" for places in range(6)}


def half_unit(places: pl.Expr) -> pl.Expr:
    """Return half a unit of the last printed place, exactly."""
    return places.clip(0, 5).replace_strict(_HALVES, default="0", return_dtype=pl.String).cast(AMOUNT)


def is_too_large(value: pl.Expr) -> pl.Expr:
    """Tell whether a value in base units cannot be a figure; null is not too large."""
    return (value.abs() >= LARGEST).fill_null(False)
