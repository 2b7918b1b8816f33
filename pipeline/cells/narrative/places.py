"""Finds the units of the registry that a text names, and the one whose report it is."""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from functools import cache

from pipeline.cells.narrative.marks import TextMark
from pipeline.cells.narrative.phrases import Lexicon, Narrative
from pipeline.cells.narrative.words import Kind, Word
from pipeline.registry.units import Unit, UnitRegistry, name_key


class Places:
    """Names of units in running text, on one day."""

    def __init__(self, declaration: Narrative, registry: UnitRegistry, day: date) -> None:
        self.registry, self.day = registry, day
        self.names = _names(registry)
        self.first_words = {name.partition(" ")[0] for name in self.names}
        self.longest = declaration.entry["name_words"]
        self.abbreviations = set(declaration.entry["abbreviations"])
        self.lead_words = Lexicon()
        self.lead_words.add("place", declaration.entry["places"])
        self.province: str | None = None  # settles which of several offices of one name is meant
        self._units: dict[str, Unit | None] = {}
        self._keys: dict[str, str] = {}

    def name_length(self, words: Sequence[Word], index: int) -> int:
        """Return how many words from ``index`` on name a unit ("tỉnh Kiên Giang"), known or not; 0 where none is named."""
        match = self.lead_words.find(words, index)
        if match is None:
            return 0
        first = index + match.length
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
        lead = words[index + match.length - 1].key
        for end in range(last, first, -1) if words[first].key in self.first_words else ():
            name = f"{lead} {' '.join(word.key for word in words[first:end])}"
            if self._key(name) in self.names:
                return end - index
        # A name that the registry does not know is still another unit; a lone letter ("h", "t") leads to none.
        return last - index if len(lead) > 1 else 0

    def find_unit(self, name: str) -> Unit | None:
        """Return the one unit called ``name`` ("tỉnh kiên giang"), within the report's province where several are."""
        if name not in self._units:
            spelling = name.replace("toàn tỉnh", "tỉnh")
            self._units[name] = self.registry.find(spelling, self.day, self.province)
        return self._units[name]

    def reporting_unit(self, mentions: Sequence[TextMark]) -> tuple[Unit | None, TextMark | None]:
        """Return the unit named most often, the first of equals, and its first mention."""
        pairs = [(mark, unit) for mark in mentions if (unit := self.find_unit(mark.key))]
        provinces = [unit.name for _, unit in pairs if unit.level == "province"]
        if provinces:
            self.province = Counter(provinces).most_common(1)[0][0]
            self._units.clear()
            pairs = [(mark, unit) for mark in mentions if (unit := self.find_unit(mark.key))]
        if not pairs:
            return None, None
        counts = Counter(unit.key for _, unit in pairs)
        key = counts.most_common(1)[0][0]
        return next((unit, mark) for mark, unit in pairs if unit.key == key)

    def _key(self, name: str) -> str:
        if name not in self._keys:
            self._keys[name] = name_key(name)
        return self._keys[name]


@cache
def _names(registry: UnitRegistry) -> frozenset[str]:
    """Return the keys of all names, read once per registry."""
    units = registry.units.values()
    return frozenset(name_key(name) for unit in units for name in (unit.name, *unit.aliases)) - {""}
