"""The schema of a Parquet table for Dagster: its columns, from the contract between the stages."""

import dagster as dg
import polars as pl

from pipeline import tables


def schema_metadata(name: str) -> dict[str, dg.TableSchema]:
    """Return the metadata that lists the columns of ``pipeline.tables.<NAME>``; nothing where the contract has none."""
    schema: pl.Schema | None = getattr(tables, name.upper(), None)
    if schema is None:
        return {}
    columns = [dg.TableColumn(column, str(kind)) for column, kind in schema.items()]
    return {"dagster/column_schema": dg.TableSchema(columns)}
