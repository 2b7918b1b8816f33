"""Finds the units of the registry that a text names, and the one whose report it is."""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from functools import cache

from pipeline.cells.narrative.marks import Mark
from pipeline.cells.narrative.phrases import Lexicon, Narrative
from pipeline.cells.narrative.words import Kind, Word
from pipeline.registry.units import Unit, UnitRegistry, name_key


class Places:
    """Names of units in running text, on one day."""

    def __init__(self, told: Narrative, registry: UnitRegistry, day: date) -> None:
        self.registry, self.day = registry, day
        self.names = _names(registry)
        self.first_words = {name.partition(" ")[0] for name in self.names}
        self.longest = told.entry["name_words"]
        self.abbreviations = set(told.entry["abbreviations"])
        self.leading = Lexicon()
        self.leading.add("place", told.entry["places"])
        self.province: str | None = None  # settles which of several offices of one name is meant
        self._found: dict[str, Unit | None] = {}
        self._keys: dict[str, str] = {}

    def length_at(self, words: Sequence[Word], at: int) -> int:
        """Return how many words from ``at`` on name a unit ("tỉnh Kiên Giang"), known or not; 0 where none is named."""
        found = self.leading.find(words, at)
        if found is None:
            return 0
        first = at + found.length
        if first < len(words) and words[first].key == "." and words[first - 1].key in self.abbreviations:
            first += 1
        last = first
        while (
            last < len(words)
            and last - first < self.longest
            and words[last].kind is Kind.WORD
            and words[last].is_capital
        ):
            last += 1
        if last == first:
            return 0
        lead = words[at + found.length - 1].key
        for end in range(last, first, -1) if words[first].key in self.first_words else ():
            name = f"{lead} {' '.join(word.key for word in words[first:end])}"
            if self._key(name) in self.names:
                return end - at
        # A name that the registry does not know is still another unit; a lone letter ("h", "t") leads to none.
        return last - at if len(lead) > 1 else 0

    def unit_at(self, name: str) -> Unit | None:
        """Return the one unit called ``name`` ("tỉnh kiên giang"), within the report's province where several are."""
        if name not in self._found:
            spoken = name.replace("toàn tỉnh", "tỉnh")
            self._found[name] = self.registry.find(spoken, self.day, self.province)
        return self._found[name]

    def reporting(self, mentions: Sequence[Mark]) -> tuple[Unit | None, Mark | None]:
        """Return the unit named most often, the first of equals, and where it is first named."""
        named = [(mark, unit) for mark in mentions if (unit := self.unit_at(mark.key))]
        provinces = [unit.name for _, unit in named if unit.level == "province"]
        if provinces:
            self.province = Counter(provinces).most_common(1)[0][0]
            self._found.clear()
            named = [(mark, unit) for mark in mentions if (unit := self.unit_at(mark.key))]
        if not named:
            return None, None
        counted = Counter(unit.key for _, unit in named)
        key = counted.most_common(1)[0][0]
        return next((unit, mark) for mark, unit in named if unit.key == key)

    def _key(self, name: str) -> str:
        if name not in self._keys:
            self._keys[name] = name_key(name)
        return self._keys[name]


@cache
def _names(registry: UnitRegistry) -> frozenset[str]:
    """Return the keys of all names, read once per registry."""
    units = registry.units.values()
    return frozenset(name_key(name) for unit in units for name in (unit.name, *unit.aliases)) - {""}
