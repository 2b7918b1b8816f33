"""The registry of units: who reports, under which names, from when to when, and what became of them.

Neither a code nor a name is a key: seven province codes and seven names meant another province before 1 July 2025.
A unit is found by its key, or by name among the units valid on the last day of the period.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache, cached_property

import polars as pl

from pipeline import tables
from pipeline.home import SEEDS
from pipeline.text.spelling import fold

UNITS = SEEDS / "units.csv"
SUCCESSION = SEEDS / "unit_succession.csv"
FOREVER = date(9999, 12, 31)
#: Nation, province, office, written "A / B / C".
MOST_LEVELS = 3

#: Words that say what kind of body a unit is, not which one.
_KIND = re.compile(
    r"\b(tổng cục|chi cục|cục|phòng|ccthads|cthads|thads|thi hành án dân sự|thành phố|thị xã|tỉnh|huyện|quận|"
    r"tp|tx|t|h|q)\b\.?"
)
_NEW_TERRITORY = re.compile(r"\((?:mới|new)\b")
_BRACKETS = re.compile(r"\([^)]*\)")
_SPACE = re.compile(r"[\s.,;:_–-]+")


@dataclass(frozen=True)
class Unit:
    """A unit of the registry. Validity is half-open."""

    key: str
    code: str | None
    name: str
    level: str
    parent: str | None
    valid_from: date
    valid_to: date
    aliases: tuple[str, ...]
    is_simulated: bool
    is_placeholder: bool = False

    @property
    def names(self) -> set[str]:
        """All its spellings, folded."""
        return {fold(text) for text in (self.name, *self.aliases)}

    def meets(self, other: "Unit") -> bool:
        """Tell whether there is a day on which both exist."""
        return self.valid_from < other.valid_to and other.valid_from < self.valid_to

    def is_valid_on(self, day: date) -> bool:
        """Tell whether the unit exists on ``day``."""
        return self.valid_from <= day < self.valid_to


def name_key(text: str) -> str:
    """Reduce a unit's name to what tells it from others: "CCTHADS H. Gò Quao" and "Gò Quao" are one."""
    folded = fold(_BRACKETS.sub(" ", text))
    return _SPACE.sub(" ", _KIND.sub(" ", folded)).strip()


class UnitRegistry:
    """All units, found by key or by name on a day, and what became of them.

    ``frame`` as ``tables.UNITS``, ``succession`` as ``tables.UNIT_SUCCESSION``; the shipped one where none is given.
    """

    def __init__(self, frame: pl.DataFrame, succession: pl.DataFrame | None = None) -> None:
        self.frame = frame
        self.succession = _shipped_succession() if succession is None else succession
        self.units = {row["unit_key"]: _unit(row) for row in frame.to_dicts()}
        self._by_name: dict[str, list[Unit]] = {}
        for unit in self.units.values():
            for name in {name_key(text) for text in (unit.name, *unit.aliases)} | {fold(text) for text in unit.aliases}:
                if name:
                    self._by_name.setdefault(name, []).append(unit)

    @cached_property
    def version(self) -> str:
        """Hash of all units: what was read is pinned to it."""
        return _hash(self.frame)

    def version_on(self, day: date | None) -> str:
        """Return the hash of the units of a day, of all where there is none: verdicts are pinned to it.

        So an office that begins in July leaves the verdicts on June alone.
        """
        if day is None:
            return self.version
        ends = pl.col("valid_to")
        return _hash(self.frame.filter(pl.col("valid_from") <= day, ends.is_null() | (ends > day)))

    @cached_property
    def nation(self) -> str:
        """Key of the nation."""
        return next(unit.key for unit in self.units.values() if unit.level == "nation")

    def find(self, text: str, day: date, parent: str | None = None) -> Unit | None:
        """Return the one unit called ``text`` on ``day``, below ``parent`` where that names a unit, else None.

        A district's name is not enough: "Châu Thành" below a province that the registry gives no such office is none.
        "Lâm Đồng / TP. Bảo Lộc" names province and office; "(mới: ...)" a unit of the territory to come.
        """
        if " / " in text:
            parent_text, _, text = text.rpartition(" / ")
            if parent_text.count(" / ") > MOST_LEVELS - 2:
                return None
            parent = parent_text
        namesakes = self._by_name.get(name_key(text)) or self._by_name.get(fold(text)) or []
        valid = [unit for unit in namesakes if unit.is_valid_on(day)]
        if _NEW_TERRITORY.search(fold(text)):
            later = sorted((unit for unit in namesakes if unit.valid_from > day), key=lambda unit: unit.valid_from)
            valid = later[:1] or valid
        if parent and (parent_unit := self.find(parent, day)):
            descendants = [unit for unit in valid if parent_unit.key in self._chain(unit)]
            valid = [unit for unit in descendants if unit.parent == parent_unit.key] or descendants
        if len(valid) > 1 and re.search(r"\b(chi cục|huyện|quận|thị xã|ccthads)\b", fold(text)):
            valid = [unit for unit in valid if unit.level == "office"] or valid
        if len(valid) > 1:  # a town and a district may have one name: the whole spelling tells them apart
            spelling = fold(text)
            valid = [u for u in valid if any(f" {name}".endswith(f" {spelling}") for name in u.names)] or valid
        return valid[0] if len(valid) == 1 else None

    def find_ended(self, text: str, day: date, parent: str | None = None) -> Unit | None:
        """Return the unit last called ``text`` that had ended by ``day``, else None."""
        own_name = text.rpartition(" / ")[2]
        namesakes = self._by_name.get(name_key(own_name)) or self._by_name.get(fold(own_name)) or []
        for last in sorted({unit.valid_to for unit in namesakes if unit.valid_to <= day}, reverse=True):
            if unit := self.find(text, last - timedelta(days=1), parent):
                return unit
        return None

    def successors(self, key: str, day: date) -> list[Unit]:
        """Return the units that exist on ``day`` and took over what ``key`` did; none where the registry knows none."""
        heirs: dict[str, list[str]] = {}
        for predecessor, successor in self.succession.select("predecessor_key", "successor_key").iter_rows():
            heirs.setdefault(predecessor, []).append(successor)
        valid_heirs: dict[str, Unit] = {}
        visited, queue = {key}, [key]
        while queue:
            for heir in heirs.get(queue.pop(), []):
                unit = self.units.get(heir)
                if unit and heir not in visited:
                    visited.add(heir)
                    if unit.is_valid_on(day):
                        valid_heirs[heir] = unit
                    else:
                        queue.append(heir)
        return sorted(valid_heirs.values(), key=lambda unit: unit.name)

    def _chain(self, unit: Unit) -> Iterator[str]:
        """Yield the keys of a unit and of all above it."""
        ancestor: Unit | None = unit
        while ancestor:
            yield ancestor.key
            ancestor = self.units.get(ancestor.parent or "")

    def provinces_of(self, day: date) -> list[str]:
        """Return the provinces of the nation on ``day``."""
        return sorted(unit.key for unit in self.units.values() if unit.level == "province" and unit.is_valid_on(day))

    def parts_of(self, province: str, day: date, *, is_simulated: bool) -> list[str]:
        """Return the offices below a province on ``day``.

        Figures of a simulated country come from simulated offices where the registry has any, else from the real ones.
        """
        offices = [
            u for u in self.units.values() if u.parent == province and u.level == "office" and u.is_valid_on(day)
        ]
        real = [u.key for u in offices if not u.is_simulated]
        simulated = [u.key for u in offices if u.is_simulated]
        return sorted(simulated or real) if is_simulated else sorted(real)


def _unit(row: dict) -> Unit:
    return Unit(
        key=row["unit_key"],
        code=row["code"],
        name=row["name"],
        level=row["level"],
        parent=row["parent_key"],
        valid_from=row["valid_from"],
        valid_to=row["valid_to"] or FOREVER,
        aliases=tuple((row["aliases"] or "").split("|")) if row["aliases"] else (),
        is_simulated=row["is_simulated"],
        is_placeholder=row["is_placeholder"],
    )


def _hash(frame: pl.DataFrame) -> str:
    return hashlib.sha256(frame.write_csv().encode()).hexdigest()[:12]


@cache
def _shipped_succession() -> pl.DataFrame:
    return pl.read_csv(SUCCESSION, schema=tables.UNIT_SUCCESSION)


@cache
def unit_registry() -> UnitRegistry:
    """Return the shipped registry, read once per process; ``home_register.registry_of`` gives a home's own."""
    return UnitRegistry(pl.read_csv(UNITS, schema=tables.UNITS))
