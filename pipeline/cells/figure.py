"""What a printed figure is worth: how exact its last place makes it, and when it is too large to be one.

Workbooks, long CSV and published figures share these, so that the same figure means the same wherever it was printed.
"""

import polars as pl

from pipeline.tables import AMOUNT

#: In base units. No amount in đồng comes near it, and a sum of thousands of figures below it still fits ``AMOUNT``.
LARGEST = 10**18
_HALVES = {places: f"{0.5 * 10**-places:.6f}" for places in range(6)}


def exact(number: pl.Expr) -> pl.Expr:
    """Return doubles as the figures that were typed: whole ones as they are, others by the shortest text that is that double.

    What lies beyond six places is rounded to the nearest, half to even. Null where no figure can be.
    """
    is_whole = number == number.round(0)
    whole = pl.when(is_whole).then(number).cast(pl.Int64, strict=False).cast(AMOUNT)
    broken = pl.when(~is_whole).then(number).cast(pl.String).cast(AMOUNT, strict=False)
    return pl.coalesce(whole, broken)


def exact_percent(number: pl.Expr) -> pl.Expr:
    """Return doubles that a per-cent format shows as the figures that it shows: 0.7382 is 73.82."""
    return (number.cast(pl.String).cast(pl.Decimal(38, 8), strict=False) * 100).cast(AMOUNT)


def half_unit(places: pl.Expr) -> pl.Expr:
    """Return half a unit of the last printed place, exactly."""
    return places.clip(0, 5).replace_strict(_HALVES, default="0", return_dtype=pl.String).cast(AMOUNT)


def is_too_large(value: pl.Expr) -> pl.Expr:
    """Tell whether a value in base units cannot be a figure; null is not too large."""
    return (value.abs() >= LARGEST).fill_null(False)
