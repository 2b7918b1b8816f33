"""Amounts as readers of either language write them."""

from decimal import Decimal

MINUS = "−"


def amount_vi(value: Decimal) -> str:
    """Write a number the Vietnamese way: 1.234.567,89."""
    return amount_en(value).translate(str.maketrans(",.", ".,"))


def amount_en(value: Decimal) -> str:
    """Write a number the English way: 1,234,567.89."""
    rounded = round(Decimal(value), 2)
    text = f"{abs(rounded):,.2f}".removesuffix(".00")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return f"{MINUS if rounded < 0 else ''}{text}"
