"""Declarations as tables, beside the stages: what dbt joins the figures with."""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from pipeline.declared import export_declarations
from pipeline.defs.resources import OneWriter

SPECS = [
    dg.AssetSpec(
        ["declared", name],
        deps=[["cells", "submissions"]],
        group_name="declared",
        kinds={"yaml"},
        description=description,
    )
    for name, description in (
        ("forms", "One row per form and regime."),
        ("lines", "One row per row of every form."),
        ("measures", "One row per measure."),
        ("rules", "One row per rule and pack."),
        ("deadlines", "One row per period and reporting level: the day on which a return is due."),
        ("units", "One row per unit, with the home's own laid over the shipped ones."),
        ("unit_succession", "One row per unit that ended and unit that has its territory."),
        ("exemptions", "One row per unit, form and validity: who need not send it, shipped and the home's own."),
        ("split_keys", "One row per unit and unit that gets a share of its figures, shipped and the home's own."),
    )
]


@dg.multi_asset(specs=SPECS, name="declared")
def declared(context: dg.AssetExecutionContext, home: OneWriter) -> Iterator[Any]:
    """Export forms, measures, rules, deadlines and units."""
    rows = export_declarations(home.home)
    for spec in SPECS:
        name = spec.key.path[-1]
        metadata: dict[str, Any] = {
            "dagster/row_count": rows[name],
            "file": dg.MetadataValue.path(str(home.home.declared / f"{name}.parquet")),
        }
        yield dg.MaterializeResult(asset_key=spec.key, metadata=metadata)
