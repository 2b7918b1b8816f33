"""What a printed figure is worth: how exact its last place makes it, and when it is too large to be one.

Workbooks, long CSV and published figures share these, so that the same figure means the same wherever it was printed.
"""

from decimal import Decimal

import polars as pl

from pipeline.forms import UnitOfMeasure
from pipeline.tables import AMOUNT

#: In base units. No amount in đồng comes near it, and a sum of thousands of figures below it still fits ``AMOUNT``.
LARGEST = 10**18
_HALVES = {places: f"{0.5 * 10**-places:.6f}" for places in range(6)}


#: So many zeros at the end of a whole figure with few other digits, and it was rounded to where they begin: amounts in a
#: rounded unit ("267 000 tỷ"), counts ("577 000 việc"), amounts to the đồng ("500 000 000 đồng").
ZEROS_IN_ROUNDED_UNITS, ZEROS_IN_COUNTS, ZEROS_IN_EXACT_AMOUNTS = 2, 3, 6
MOST_DIGITS = 3
#: Behind "hơn", "khoảng" a count is a figure only where it is round: "hơn 50 việc" says too little.
ZEROS_BEHIND_HEDGE = 2


def trailing_zeros(value: Decimal, step: Decimal) -> tuple[int, int]:
    """Return how many zeros a figure printed in units of ``step`` ends with, and how many digits stand before them."""
    digits = str(abs(int(value / step)))
    significant_digits = digits.rstrip("0")
    return (len(digits) - len(significant_digits), len(significant_digits)) if significant_digits else (0, 0)


def rounding_of(value: Decimal, step: Decimal, unit: UnitOfMeasure, *, is_whole: bool, is_hedged: bool) -> Decimal:
    """Return how far the true figure may lie from ``value``, in base units; 0 where it is exact.

    ``step`` is one unit of the last printed place. A round figure (267 000 tỷ) is as exact as its last digit that is not
    zero; behind "hơn" or "gần" the true one may lie a whole such place away, else half of one.
    """
    is_count, is_rate = unit.base != "vnd", unit.base in ("percent", "point")
    is_exact = not unit.is_rounded and (step == unit.factor or not is_count)
    zeros, digits = trailing_zeros(value, step) if is_whole and not is_rate else (0, 0)
    fewest_zeros = ZEROS_IN_ROUNDED_UNITS if not is_exact else ZEROS_IN_COUNTS if is_count else ZEROS_IN_EXACT_AMOUNTS
    if is_hedged:
        return step * 10**zeros
    if digits and digits <= MOST_DIGITS and zeros >= fewest_zeros:
        return step * 10**zeros / 2
    return Decimal(0) if is_exact else step / 2


def typed_figure(number: pl.Expr) -> pl.Expr:
    """Return doubles as the figures that were typed: whole ones as they are, others by the shortest text of the double.

    What lies beyond six places is rounded to the nearest, half to even. Null where no figure can be.
    """
    is_whole = number == number.round(0)
    whole = pl.when(is_whole).then(number).cast(pl.Int64, strict=False).cast(AMOUNT)
    fraction = pl.when(~is_whole).then(number).cast(pl.String).cast(AMOUNT, strict=False)
    return pl.coalesce(whole, fraction)


def percent_figure(number: pl.Expr) -> pl.Expr:
    """Return doubles under a per-cent format as the figures that it shows: 0.7382 is 73.82."""
    return (number.cast(pl.String).cast(pl.Decimal(38, 8), strict=False) * 100).cast(AMOUNT)


def half_unit(places: pl.Expr) -> pl.Expr:
    """Return half a unit of the last printed place, exactly."""
    return places.clip(0, 5).replace_strict(_HALVES, default="0", return_dtype=pl.String).cast(AMOUNT)


def is_too_large(value: pl.Expr) -> pl.Expr:
    """Tell whether a value in base units cannot be a figure; null is not too large."""
    return (value.abs() >= LARGEST).fill_null(False)
