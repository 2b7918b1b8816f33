"""Charts as plain SVG: coordinates computed here, drawn by ``templates/charts.html``.

Colours are those of Okabe and Ito and of ColorBrewer's orange-blue scale, distinct for any colour vision; lines differ
in dash and marker as well. Drawn without a library: a page has up to three charts and a night a thousand pages, and
a renderer that needs a fifth of a second each would take minutes.
"""

import csv
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from pipeline.bulletin.numbers import format_number

WIDTH, HEIGHT = 520, 250
LEFT, RIGHT, TOP, BOTTOM = 52, 14, 26, 34
#: Three years at most: the last bold and coloured, those before paler.
YEARS_SHOWN = 3

#: Distance from the target pro rata, in points: the lowest of each class, and its colour.
CLASSES = (
    (-math.inf, "#b35806", "dưới −10", "below −10", True),
    (-10, "#fdb863", "−10 đến −2", "−10 to −2", False),
    (-2, "#f2f0eb", "−2 đến +2", "−2 to +2", False),
    (2, "#92c5de", "+2 đến +10", "+2 to +10", False),
    (10, "#2166ac", "trên +10", "above +10", True),
)
NO_FIGURE = "#ffffff"


@dataclass(frozen=True)
class Tick:
    """A tick of an axis: its position and label."""

    at: float
    text: str


@dataclass(frozen=True)
class ChartLine:
    """A run of points of one year: readable name, class of the style, and the points with their figures."""

    name: str
    style: str
    points: list[tuple[float, float, str]]

    @property
    def path(self) -> str:
        """Return the points as SVG wants them."""
        return " ".join(f"{x:.1f},{y:.1f}" for x, y, _ in self.points)


@dataclass(frozen=True)
class Chart:
    """A chart with axes; ``bars`` are x, y, width, height, style and figure."""

    x: list[Tick]
    y: list[Tick]
    lines: list[ChartLine] = field(default_factory=list)
    bars: list[tuple[float, float, float, float, str, str]] = field(default_factory=list)
    zero: float = HEIGHT - BOTTOM


def nice_ticks(low: float, high: float, count: int = 5) -> list[float]:
    """Return about ``count`` round numbers, from at or below ``low`` to at or above ``high``."""
    if high <= low:
        high = low + 1
    rough = (high - low) / count
    scale = 10 ** math.floor(math.log10(rough))
    step = next(factor * scale for factor in (1, 2, 2.5, 5, 10) if factor * scale >= rough)
    first, last = math.floor(low / step), math.ceil(high / step)
    return [round(number * step, 10) for number in range(first, last + 1)]


def rates_chart(rows: Sequence[dict[str, Any]], basis: str) -> Chart | None:
    """Return completion rates month by month, a line a year over the target pro rata of the last; None without any."""
    column, target = f"{basis}_completion_rate_pct", f"{basis}_target_pro_rata_pct"
    rows = [row for row in rows if row["is_standard"] and row[column] is not None]
    if not rows:
        return None
    years = sorted({row["statistical_year"] for row in rows})[-YEARS_SHOWN:]
    rows = [row for row in rows if row["statistical_year"] in years]
    goal = next(
        (row for row in reversed(rows) if row[target] is not None and row["statistical_year"] == years[-1]), None
    )
    highest = max([float(row[column]) for row in rows] + ([float(goal[f"{basis}_target_pct"])] if goal else []))
    ticks = nice_ticks(0, min(highest, 200))
    place = _Scale(ticks[0], ticks[-1])
    lines = []
    if goal:
        annual = float(goal[f"{basis}_target_pct"])
        ends = [(months, annual * months / 12) for months in (1, 12)]
        lines.append(ChartLine("target", "target", [(_month(m), place(v), format_number(v, 1)) for m, v in ends]))
    for year in years:
        points = [
            (_month(row["months"]), place(float(row[column])), f"{row['months']}: {format_number(row[column], 2)}")
            for row in sorted(rows, key=lambda row: row["months"])
            if row["statistical_year"] == year
        ]
        lines.append(ChartLine(str(year), f"{basis} y{years[-1] - year}", points))
    return Chart(x=_months(), y=[Tick(place(tick), f"{format_number(tick)}") for tick in ticks], lines=lines)


def flow_chart(rows: Sequence[dict[str, Any]]) -> Chart | None:
    """Return newly accepted and completed cases of each month of one year as bars; None without any."""
    month_rows = [row for row in rows if row["newly_accepted"] is not None or row["completed"] is not None]
    if not month_rows:
        return None
    figures = [
        float(row[name]) for row in month_rows for name in ("newly_accepted", "completed") if row[name] is not None
    ]
    ticks = nice_ticks(min(0.0, *figures), max(figures))
    place, zero, bars = _Scale(ticks[0], ticks[-1]), 0.0, []
    zero = place(0)
    width = (WIDTH - LEFT - RIGHT) / 12 * 0.36
    for row in month_rows:
        for side, name in ((-1, "newly_accepted"), (0, "completed")):
            if row[name] is not None:
                top = place(float(row[name]))
                x = _month(row["months"]) + side * width
                label = f"{row['months']}: {'mới' if side else 'xong'} {format_number(row[name])}"
                bars.append((x, min(top, zero), width - 1, abs(zero - top), name, label))
    return Chart(x=_months(), y=[Tick(place(tick), format_number(tick)) for tick in ticks], bars=bars, zero=zero)


class _Scale:
    """Converts a figure into its position on the vertical axis."""

    def __init__(self, low: float, high: float) -> None:
        self.low, self.span = low, high - low

    def __call__(self, value: float) -> float:
        return TOP + (HEIGHT - TOP - BOTTOM) * (1 - (value - self.low) / self.span)


def _month(months: int) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * (months - 0.5) / 12


def _months() -> list[Tick]:
    return [Tick(_month(months), str(months)) for months in range(1, 13)]


@dataclass(frozen=True)
class Tile:
    """A province of the tile map: place in the grid, short name, and what it shows."""

    column: int
    row: int
    label: list[str]
    unit_key: str
    colour: str = NO_FIGURE
    is_dark: bool = False
    text: str = "–"
    report: dict[str, Any] | None = None


@cache
def tile_layout(provinces: int) -> tuple[Tile, ...]:
    """Return the grid of a country of 63 or of 34 provinces, as declared in ``tiles.csv``."""
    with (Path(__file__).parent / "tiles.csv").open(encoding="utf-8") as file:
        return tuple(
            Tile(int(row["column"]), int(row["row"]), row["label"].split(" ", 1), row["unit_key"])
            for row in csv.DictReader(file)
            if int(row["provinces"]) == provinces
        )


def tile_map(provinces: int, rows: Iterable[dict[str, Any]], basis: str) -> list[Tile]:
    """Return the tiles of a map of completion rates, coloured by their distance from the target pro rata."""
    rows_by_unit = {row["unit_key"]: row for row in rows}
    return [_colour_tile(tile, rows_by_unit.get(tile.unit_key), basis) for tile in tile_layout(provinces)]


def _colour_tile(tile: Tile, row: dict[str, Any] | None, basis: str) -> Tile:
    if row is None or row[f"{basis}_completion_rate_pct"] is None:
        return tile
    rate = row[f"{basis}_completion_rate_pct"]
    target = row[f"{basis}_target_pro_rata_pct"]
    colour, is_dark = CLASSES[2][1], False
    if target is not None:
        gap = float(rate - target)
        _, colour, _, _, is_dark = next(entry for entry in reversed(CLASSES) if gap >= entry[0])
    return Tile(tile.column, tile.row, tile.label, tile.unit_key, colour, is_dark, format_number(rate, 1), row)
