"""Proof that a cell holds what was published: the landed bytes have their hash, and read again they give the same."""

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import polars as pl

from pipeline import tables
from pipeline.cells.read import read_files
from pipeline.home import Home
from pipeline.landing.blobs import blob_path
from pipeline.landing.receive import read_receipts
from pipeline.registry.home_register import registry_of
from pipeline.storage import read_tables

Row = dict[str, Any]
PLACE = ("form", "row_code", "column_code")


class ProofStatus(StrEnum):
    """How the proof of a cell came out."""

    VERIFIED = "verified"
    MISSING = "bytes missing"
    TAMPERED = "bytes changed since they landed"
    READS_OTHERWISE = "reads otherwise now"


@dataclass(frozen=True)
class LandedCell:
    """A cell in a landed file."""

    submission_id: str
    form: str | None
    row_code: str | None
    column_code: str
    sheet: str | None
    address: str | None
    raw: str | None
    state: str
    value: Any
    unit: str | None


class CellVerifier:
    """Finds cells in what was read, and reads landed files again; each once."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._receipts = read_receipts(home)
        self._cells_by_hash: dict[str, pl.DataFrame] = {}
        self._cells_by_submission: dict[str, pl.DataFrame] = {}

    def find(self, submission_id: str, form: str | None, row: str | None, column: str) -> LandedCell | None:
        """Return the cell that was read for a form, row and column of a submission, None where there is none."""
        if submission_id not in self._cells_by_submission:
            cells = read_tables(self._home.cells, "cells", tables.CELLS, submissions=pl.Series([submission_id]))
            self._cells_by_submission[submission_id] = cells
        matches = _select_cell(self._cells_by_submission[submission_id], submission_id, form, row, column)
        if matches.is_empty():
            return None
        match = matches.to_dicts()[0]
        return LandedCell(**{name: match[name] for name in LandedCell.__dataclass_fields__})

    def verify(self, cell: LandedCell, sha256: str) -> ProofStatus:
        """Hash the landed bytes and read the cell from them again."""
        path = blob_path(self._home, sha256)
        if not path.is_file():
            return ProofStatus.MISSING
        content = path.read_bytes()
        if hashlib.sha256(content).hexdigest() != sha256:
            return ProofStatus.TAMPERED
        rows = _select_cell(self._cells(sha256), cell.submission_id, cell.form, cell.row_code, cell.column_code)
        matches = [
            row
            for row in rows.to_dicts()
            if all(row[name] == getattr(cell, name) for name in ("sheet", "address", "raw", "value"))
        ]
        return ProofStatus.VERIFIED if matches else ProofStatus.READS_OTHERWISE

    def _cells(self, sha256: str) -> pl.DataFrame:
        if sha256 not in self._cells_by_hash:
            receipts = (
                self._receipts.filter(pl.col("sha256") == sha256, pl.col("verdict") == "landed").head(1).to_dicts()
            )
            paths = [blob_path(self._home, sha256)] * len(receipts)
            # It was read once already and did no harm: a process of its own would only cost time.
            self._cells_by_hash[sha256] = read_files(receipts, paths, registry=registry_of(self._home), workers=0).cells
        return self._cells_by_hash[sha256]


def _select_cell(
    cells: pl.DataFrame, submission_id: str, form: str | None, row: str | None, column: str
) -> pl.DataFrame:
    rows = cells.filter(pl.col("submission_id") == submission_id, pl.col("column_code") == column)
    rows = rows.filter(pl.col("form") == form) if form else rows.filter(pl.col("form").is_null())
    return rows.filter(pl.col("row_code") == row) if row else rows
