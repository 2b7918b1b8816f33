"""Declarations as tables: forms, lines, measures, rules, deadlines, units and what is declared of them, so that dbt can join on them."""

from pathlib import Path

import polars as pl

from expectations.rules import packs, rules_frame
from pipeline import tables
from pipeline.calendar.deadlines import deadlines
from pipeline.calendar.periods import Period
from pipeline.forms import forms
from pipeline.home import Home
from pipeline.registry.home_register import registry_of
from pipeline.registry.provisions import KINDS, provisions_frame
from pipeline.storage import read_tables, write_atomically


def export_declarations(home: Home) -> dict[str, int]:
    """Write ``declared/*.parquet`` where the content changed; return the rows of each table."""
    all_forms, registry = forms(), registry_of(home)
    frames = {
        "forms": all_forms.forms_frame(),
        "lines": all_forms.lines_frame(),
        "measures": all_forms.measures_frame(),
        "rules": rules_frame(packs()),
        "deadlines": deadlines((period.id, period.end) for period in _periods(home)),
        "units": registry.frame,
        "unit_succession": registry.succession,
        **{kind.name: provisions_frame(home, kind, registry) for kind in KINDS},
    }
    for name, frame in frames.items():
        _write_if_changed(home.declared / f"{name}.parquet", frame)
    return {name: frame.height for name, frame in frames.items()}


def _periods(home: Home) -> list[Period]:
    """Return the standard periods of every statistical year between the first and the last that was reported."""
    period_ids = read_tables(home.cells, "submissions", tables.SUBMISSIONS)["period_id"].drop_nulls().unique()
    if period_ids.is_empty():
        return []
    years = period_ids.str.slice(0, 4).cast(pl.Int32)
    first, last = int(str(years.min())), int(str(years.max()))
    return [Period(year, months) for year in range(first, last + 1) for months in range(1, 13)]


def _write_if_changed(path: Path, frame: pl.DataFrame) -> None:
    if not path.exists() or not pl.read_parquet(path).equals(frame):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, frame.write_parquet)
