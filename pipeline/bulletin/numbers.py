"""Figures as a Vietnamese reader writes them: ``1.234.567,89``, a true minus, a dash where nothing was reported."""

from datetime import date, datetime, timedelta
from decimal import Decimal

from markupsafe import Markup, escape

from pipeline.bulletin.words import bilingual

MINUS = "−"
NOTHING = Markup('<span class="none" title="không có số liệu · not reported">–</span>')
_SWAP = str.maketrans(",.-", ".,−")
_PLUS = "+"

#: đồng in one tỷ, the unit in which the bulletin prints money.
BILLION = Decimal(10**9)


def format_number(value: Decimal | float, decimals: int = 0, *, signed: bool = False) -> str:
    """Return ``1.234,5``; with ``signed`` a plus before a positive number."""
    return f"{value:{_PLUS if signed else ''},.{decimals}f}".translate(_SWAP)


def plain(value: Decimal | int) -> str:
    """Return the exact figure for machines, without zeros behind it: ``57.79``, ``1165081049000``."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def figure(row: dict[str, object], column: str, decimals: int = 0, *, href: str = "", signed: bool = False) -> Markup:
    """Return the figure of ``column`` as HTML: readable text, exact value and column for machines, link to its passport.

    Columns in đồng are printed in tỷ đồng; the exact amount stays in ``value``.
    """
    value = row.get(column)
    if value is None:
        return NOTHING
    assert isinstance(value, Decimal | int)
    amount = Decimal(value) / BILLION if column.endswith("_vnd") else value
    text = format_number(amount, decimals, signed=signed)
    data = f'<data value="{plain(value)}" data-f="{column}">{text}</data>'
    return Markup(f'<a href="{escape(href)}">{data}</a>' if href else data)


def shorten(text: str, limit: int) -> str:
    """Return the text, cut to ``limit`` characters: a cell of a file may be of any length."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def eve(value: date) -> date:
    """Return the day before ``value``: the last day of a period that ends before it."""
    return value - timedelta(days=1)


def span(first: date | None, end: date | None) -> Markup | str:
    """Return a validity as its first and last day; without bounds where there are none."""
    known_first = first if first and first.year > 1 else None
    known_end = end if end and end.year < 9999 else None
    if known_first and known_end:
        return f"{day(known_first)} – {day(eve(known_end))}"
    if known_first:
        return bilingual(f"từ {known_first:%d/%m/%Y}", f"from {known_first:%d/%m/%Y}")
    if known_end:
        return bilingual(f"đến {eve(known_end):%d/%m/%Y}", f"to {eve(known_end):%d/%m/%Y}")
    return bilingual("như bộ quy tắc", "as the pack")


def day(value: date | datetime | None) -> Markup | str:
    """Return ``05/07/2023``."""
    return f"{value:%d/%m/%Y}" if value else NOTHING


def moment(value: datetime | None) -> Markup | str:
    """Return ``05/07/2023 08:30``."""
    return f"{value:%d/%m/%Y %H:%M}" if value else NOTHING


def standalone_figure(value: Decimal | None, column: str) -> Markup | str:
    """Return a figure with its unit: đồng in tỷ đồng, rates with two decimals, counts whole."""
    if value is None:
        return NOTHING
    if column.endswith("_vnd"):
        return f"{format_number(value / BILLION, 3)} tỷ"
    return f"{format_number(value, 2)} %" if column.endswith("_pct") else format_number(value)
