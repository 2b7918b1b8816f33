"""Targets: per cent of eligible, by unit, statistical year and basis (cases or money)."""

from pathlib import Path
from typing import Any

import polars as pl

from pipeline.home import SEEDS


def targets(path: Path = SEEDS / "targets.csv") -> pl.DataFrame:
    """Return the targets: unit_key, statistical_year, basis, target_pct (for the whole year), source."""
    schema: dict[str, Any] = {"statistical_year": pl.Int32, "target_pct": pl.Decimal(9, 4)}
    return pl.read_csv(path, schema_overrides=schema)
