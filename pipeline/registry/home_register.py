"""The registry of a home: the shipped one, overlaid with the units that somebody loaded (``thads units import``).

``registry/units.csv`` holds what was loaded, ``registry/history`` its earlier versions, ``registry/read`` every
registry that returns were read under. Nothing is ever half there: each step is one rename.
"""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import polars as pl

from pipeline import tables
from pipeline.file_history import VersionedFile
from pipeline.home import Home
from pipeline.registry.provisions import misfits
from pipeline.registry.register import COLUMNS, RegisterError, UnitEntry, read_register
from pipeline.registry.soundness import soundness_problems
from pipeline.registry.units import UnitRegistry, unit_registry
from pipeline.storage import write_atomically
from pipeline.vocabulary import Level

WHOLE_TERRITORY = "declared in the home's register"


@dataclass(frozen=True)
class RegisterChange:
    """What a register changes: keys of units, and the resulting registry."""

    added: list[str]
    changed: list[str]
    withdrawn: list[str]
    registry: UnitRegistry

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.withdrawn)


def registry_of(home: Home) -> UnitRegistry:
    """Return the registry by which returns of ``home`` are read and judged and its tables built."""
    return _registry(_own_content(home))


@lru_cache(maxsize=4)
def _registry(own: bytes) -> UnitRegistry:
    return overlay(unit_registry(), read_register(own)) if own else unit_registry()


def overlay(shipped_registry: UnitRegistry, entries: list[UnitEntry]) -> UnitRegistry:
    """Return ``shipped_registry`` with ``entries`` in the place of units of the same key.

    An office that is named under a key of its own takes the place of one of its province whose name was not
    established: how many there are is known, so no naming makes them fewer. What the register says of a unit's
    successors replaces what was known of them.
    """
    if not entries:
        return shipped_registry
    placeholder_names = shipped_registry.frame.filter("is_placeholder").select("unit_key", "name").rows()
    own_frame = pl.DataFrame([_row(entry) for entry in entries], schema=tables.UNITS).with_columns(
        is_placeholder=pl.Series([(entry.key, entry.name) in placeholder_names for entry in entries], dtype=pl.Boolean)
    )
    declared_succession = pl.DataFrame(
        [
            (entry.key, successor, entry.valid_to, WHOLE_TERRITORY)
            for entry in entries
            for successor in entry.successors
        ],
        schema=tables.UNIT_SUCCESSION,
        orient="row",
    )
    remaining = shipped_registry.frame.filter(~pl.col("unit_key").is_in(own_frame["unit_key"].implode()))
    named_counts = (
        own_frame.filter(
            pl.col("level") == str(Level.OFFICE),
            ~pl.col("unit_key").is_in(shipped_registry.frame["unit_key"].implode()),
        )
        .group_by("parent_key")
        .agg(pl.len().alias("named"))
    )
    replaced_placeholders = (
        remaining.filter("is_placeholder")
        .with_columns(pl.col("unit_key").rank("ordinal", descending=True).over("parent_key").alias("from_last"))
        .join(named_counts, on="parent_key")
        .filter(pl.col("from_last") <= pl.col("named"))
    )
    remaining = remaining.join(replaced_placeholders, on="unit_key", how="anti")
    shipped_succession = shipped_registry.succession.filter(
        ~pl.col("predecessor_key").is_in(declared_succession["predecessor_key"].implode())
    )
    return UnitRegistry(pl.concat([remaining, own_frame]), pl.concat([shipped_succession, declared_succession]))


def preview_change(home: Home, content: bytes, *, replace: bool = False) -> tuple[RegisterChange, str]:
    """Return what a register would change in ``home``, and the text that would be kept; nothing is written.

    It is added to what was loaded before, or takes its place (``replace``). Raises ``RegisterError`` with every problem.
    """
    entries = read_register(content)
    keys = {entry.key for entry in entries}
    earlier_entries = (
        [] if replace or not (own := _own_content(home)) else [one for one in read_register(own) if one.key not in keys]
    )
    text = as_csv([*earlier_entries, *entries])
    # Problems name lines of this file; units loaded before were checked then, but may no longer fit.
    combined = overlay(unit_registry(), [*earlier_entries, *entries])
    problems = soundness_problems(entries, unit_registry(), combined) or misfits(home, combined)
    if problems:
        raise RegisterError(problems)
    return compare_registries(registry_of(home), combined), text


def import_units(home: Home, content: bytes, *, replace: bool = False) -> RegisterChange:
    """Load a register into ``home``; the next load reads and judges again what it affects. Raises ``RegisterError``."""
    change, text = preview_change(home, content, replace=replace)
    _register(home).keep(text)
    return change


def undo(home: Home) -> RegisterChange | None:
    """Bring back the register as it was before the last change; None where there was no change.

    Raises ``RegisterError`` where exemptions or split keys of the home need a unit that would go.
    """
    earlier = _register(home).previous()
    if earlier is None:
        return None
    change = compare_registries(registry_of(home), _registry(earlier.read_bytes()))
    if problems := misfits(home, change.registry):
        raise RegisterError(problems)
    earlier.replace(_register(home).file)
    return change


def compare_registries(old: UnitRegistry, new: UnitRegistry) -> RegisterChange:
    """Return the keys that only one of two registries has, and those whose unit differs."""
    old_rows, new_rows = _rows(old), _rows(new)
    return RegisterChange(
        added=sorted(set(new_rows) - set(old_rows)),
        changed=sorted(key for key in set(new_rows) & set(old_rows) if new_rows[key] != old_rows[key]),
        withdrawn=sorted(set(old_rows) - set(new_rows)),
        registry=new,
    )


def remember_registry(home: Home, registry: UnitRegistry) -> None:
    """Keep the registry that returns are read under, so that later ones can be compared with it."""
    path = _registry_path(home, registry.version)
    if not path.exists():
        write_atomically(path, registry.frame.write_parquet)


def recall_registry(home: Home, version: str) -> UnitRegistry | None:
    """Return the registry of that version, if returns were ever read under it."""
    path = _registry_path(home, version)
    return UnitRegistry(pl.read_parquet(path)) if path.exists() else None


def as_csv(entries: Iterable[UnitEntry]) -> str:
    """Return entries as a register that can be loaded again."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for entry in sorted(entries, key=lambda one: (one.valid_from, one.key)):
        writer.writerow(
            [
                *(entry.key, entry.name, entry.level, entry.parent, entry.valid_from, entry.code, entry.valid_to),
                *("|".join(entry.aliases), "|".join(entry.successors), entry.note),
            ]
        )
    return text.getvalue()


def registry_as_csv(registry: UnitRegistry, keys: Iterable[str]) -> str:
    """Return units of a registry as a register, to be edited and loaded."""
    successors = dict(registry.succession.group_by("predecessor_key").agg("successor_key").iter_rows())
    return as_csv(
        UnitEntry(
            line=0,
            key=row["unit_key"],
            name=row["name"],
            level=Level(row["level"]),
            parent=row["parent_key"] or "",
            valid_from=row["valid_from"],
            valid_to=row["valid_to"],
            code=row["code"],
            aliases=tuple((row["aliases"] or "").split("|")) if row["aliases"] else (),
            successors=tuple(sorted(successors.get(row["unit_key"], ()))),
            note=row["note"],
        )
        for row in registry.frame.filter(pl.col("unit_key").is_in(list(keys))).to_dicts()
    )


def own_keys(home: Home) -> list[str]:
    """Return the keys of the units that were loaded into ``home``."""
    own = _own_content(home)
    return [entry.key for entry in read_register(own)] if own else []


def _row(entry: UnitEntry) -> dict[str, object]:
    return {
        "unit_key": entry.key,
        "code": entry.code,
        "name": entry.name,
        "level": str(entry.level),
        "parent_key": entry.parent or None,
        "valid_from": entry.valid_from,
        "valid_to": entry.valid_to,
        "aliases": "|".join(entry.aliases) or None,
        "is_simulated": False,
        "is_placeholder": False,
        "note": entry.note,
    }


def _rows(registry: UnitRegistry) -> dict[str, tuple]:
    successors = dict(registry.succession.group_by("predecessor_key").agg("successor_key").iter_rows())
    return {
        row["unit_key"]: (*row.values(), tuple(sorted(successors.get(row["unit_key"], ()))))
        for row in registry.frame.to_dicts()
    }


def _own_content(home: Home) -> bytes:
    return _register(home).content


def _register(home: Home) -> VersionedFile:
    return VersionedFile(home.registry / "units.csv", home.registry / "history")


def _registry_path(home: Home, version: str) -> Path:
    return home.registry / "read" / f"{version}.parquet"
