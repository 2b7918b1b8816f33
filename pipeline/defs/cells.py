"""Stage cells: one row per cell, each with its sheet, address and raw text."""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from pipeline.cells.read import read_landed
from pipeline.defs.described import columns_of
from pipeline.defs.resources import OneWriter

SPECS = [
    dg.AssetSpec(
        ["cells", name],
        deps=[["landing", "receipts"]],
        group_name="cells",
        kinds={"parquet"},
        description=description,
        metadata=columns_of(name),
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
    done = read_landed(home.home)
    rows = {"submissions": done.submissions, "cells": done.cells, "remarks": done.remarks}
    for spec in SPECS:
        metadata: dict[str, Any] = {
            "new rows": rows[spec.key.path[-1]],
            "batches": str(done.batches),
            "unreadable": done.unreadable,
            "folder": dg.MetadataValue.path(str(home.home.cells)),
        }
        yield dg.MaterializeResult(asset_key=spec.key, metadata=metadata)
