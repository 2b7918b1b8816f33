"""Stage cells: one row per cell, each with its sheet, address and raw text."""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from pipeline.cells.read import read_landed
from pipeline.defs.resources import OneWriter
from pipeline.defs.table_schema import schema_metadata

SPECS = [
    dg.AssetSpec(
        ["cells", name],
        deps=[["landing", "receipts"]],
        group_name="cells",
        kinds={"parquet"},
        description=description,
        metadata=schema_metadata(name),
    )
    for name, description in (
        ("submissions", "One row per version of a report, the unreadable ones too."),
        ("cells", "One row per cell of a recognised form, blank ones too."),
        ("remarks", "One row per thing that reading stumbled over."),
    )
]


@dg.multi_asset(specs=SPECS, name="cells")
def cells(context: dg.AssetExecutionContext, home: OneWriter) -> Iterator[Any]:
    """Read every landed file that was not read yet."""
    result = read_landed(home.home)
    rows = {"submissions": result.submissions, "cells": result.cells, "remarks": result.remarks}
    for spec in SPECS:
        metadata: dict[str, Any] = {
            "new rows": rows[spec.key.path[-1]],
            "batches": str(result.batches),
            "unreadable": result.unreadable,
            "folder": dg.MetadataValue.path(str(home.home.cells)),
        }
        yield dg.MaterializeResult(asset_key=spec.key, metadata=metadata)
