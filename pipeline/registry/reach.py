"""Which returns a change of the registry may assign to other units: only these are read again."""

import re

import polars as pl

from pipeline.registry.units import Unit, UnitRegistry, name_key
from pipeline.text.spelling import fold


def affected_submissions(submissions: pl.DataFrame, old: UnitRegistry, new: UnitRegistry) -> pl.DataFrame:
    """Return the submissions (``tables.SUBMISSIONS``) that ``new`` may place otherwise than ``old`` did.

    Those without a unit, those of a unit that changed or stands below one that did, and those that write a name which
    a changed unit has or had. Possibly too many, never too few.
    """
    changed = {key for key in {*old.units, *new.units} if old.units.get(key) != new.units.get(key)}
    if not changed:
        return submissions.clear()
    units = [unit for registry in (old, new) for unit in registry.units.values()]
    affected_units = changed | {unit.key for unit in units if unit.parent in changed}
    names = {name for unit in units if unit.key in affected_units for name in _names(unit)}
    affected_texts = {text for text in submissions["unit_text"].drop_nulls().unique() if _keys(text) & names}
    return submissions.filter(
        pl.col("unit_key").is_null()
        | pl.col("unit_key").is_in(sorted(affected_units))
        | pl.col("unit_text").is_in(sorted(affected_texts))
    )


def _names(unit: Unit) -> set[str]:
    return {unit.key, *unit.names, *(name_key(name) for name in unit.names)} - {""}


def _keys(text: str) -> set[str]:
    """Return every way in which a written name may be looked up; "A / B" names two."""
    parts = [text, *re.split(r"\s*/\s*", text)]
    return {key for part in parts for key in (part, fold(part), name_key(part))}
