"""Figures as a Vietnamese reader writes them: ``1.234.567,89``, a true minus, a dash where nothing was reported."""

from datetime import date, datetime
from decimal import Decimal

from markupsafe import Markup, escape

MINUS = "−"
NOTHING = Markup('<span class="none" title="không có số liệu · not reported">–</span>')
_SWAP = str.maketrans(",.-", ".,−")
_PLUS = "+"

#: đồng in one tỷ, the unit in which the bulletin prints money.
BILLION = Decimal(10**9)


def written(value: Decimal | float, decimals: int = 0, *, signed: bool = False) -> str:
    """Return ``1.234,5``; with ``signed`` a plus before what is above zero."""
    return f"{value:{_PLUS if signed else ''},.{decimals}f}".translate(_SWAP)


def plain(value: Decimal | int) -> str:
    """Return the figure as the warehouse holds it, for machines: ``57.79``, ``1165081049000``."""
    return f"{value:f}"


def figure(row: dict[str, object], column: str, decimals: int = 0, *, href: str = "", signed: bool = False) -> Markup:
    """Return the figure of ``column`` as HTML: readable text, exact value and column for machines, a way to its passport.

    Columns in đồng are printed in tỷ đồng; the exact amount stays in ``value``.
    """
    value = row.get(column)
    if value is None:
        return NOTHING
    assert isinstance(value, Decimal | int)
    shown = Decimal(value) / BILLION if column.endswith("_vnd") else value
    text = written(shown, decimals, signed=signed)
    data = f'<data value="{plain(value)}" data-f="{column}">{text}</data>'
    return Markup(f'<a href="{escape(href)}">{data}</a>' if href else data)


def day(value: date | datetime | None) -> Markup | str:
    """Return ``05/07/2023``."""
    return f"{value:%d/%m/%Y}" if value else NOTHING


def moment(value: datetime | None) -> Markup | str:
    """Return ``05/07/2023 08:30``."""
    return f"{value:%d/%m/%Y %H:%M}" if value else NOTHING


def moved(value: Decimal | None, column: str) -> Markup | str:
    """Return a figure that stands for itself: đồng in tỷ đồng, rates with two decimals, counts whole."""
    if value is None:
        return NOTHING
    if column.endswith("_vnd"):
        return f"{written(value / BILLION, 3)} tỷ"
    return f"{written(value, 2)} %" if column.endswith("_pct") else written(value)
