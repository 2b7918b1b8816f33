"""A published number as a tree: what it was worked out from, down to cells in landed files, each with its proof."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

import duckdb

from pipeline.home import Home
from pipeline.published.query import open_published
from pipeline.trace.derivation import derive
from pipeline.trace.places import place_of
from pipeline.trace.proof import CellVerifier, LandedCell, ProofStatus
from pipeline.trace.question import Question, Row, Untraceable, fetch_row
from pipeline.trace.rules import rules_of

VERSION = (
    "submission_id",
    "version",
    "verdict",
    "received_at",
    "file_name",
    "source_ref",
    "sha256",
    "in_answer_to",
    "report_id",
)

#: Columns of tables that hold one figure a row, with its own place.
CELL_COLUMNS = ("value", "printed", "new_value", "old_value")


@dataclass(frozen=True)
class Trace:
    """One number: where it is published, and either its cell or the numbers that it was worked out from."""

    table: str
    column: str
    key: dict[str, str]
    value: Any
    how: str | None = None  # how it was worked out, where it is not simply a cell
    worked_out: Any = None  # what the parts give
    parts: list["Trace"] = field(default_factory=list)
    cell: LandedCell | None = None
    version: Row | None = None  # the submission that holds the cell
    proof: ProofStatus | None = None
    rules: list[Row] = field(default_factory=list)

    def cells(self) -> Iterator["Trace"]:
        """Yield the leaves of the tree: the numbers that are in a cell."""
        if self.cell:
            yield self
        for part in self.parts:
            yield from part.cells()

    @property
    def is_proven(self) -> bool:
        """Tell whether every cell is proven and every number follows from its parts."""
        adds_up = self.how is None or self.worked_out == self.value
        return adds_up and self.proof in (None, ProofStatus.VERIFIED) and all(part.is_proven for part in self.parts)

    def as_object(self) -> dict[str, Any]:
        """Return the tree as plain data."""
        fields = asdict(self) | {"is_proven": self.is_proven, "parts": [part.as_object() for part in self.parts]}
        return {name: value for name, value in fields.items() if value not in (None, [])}


def trace(home: Home, question: Question) -> Trace:
    """Trace the number that is asked for; raises ``Untraceable`` and ``NoWarehouse``."""
    with open_published(home) as connection:
        return Tracer(home, connection).trace(question)


class Tracer:
    """Traces numbers of one release; each landed file is read again once."""

    def __init__(self, home: Home, connection: duckdb.DuckDBPyConnection) -> None:
        self._home, self._connection, self._verifier = home, connection, CellVerifier(home)

    def trace(self, question: Question) -> Trace:
        """Trace the number that is asked for; raises ``Untraceable``."""
        row = fetch_row(self._connection, question)
        value = row[question.column]
        if value is None:
            raise Untraceable(
                f"{question.name}.{question.column} is empty in this row: the figure was not reported, which is not zero"
            )
        derivation = derive(self._connection, question, row)
        if derivation is None:
            return self._trace_cell(question, row)
        parts = [self.trace(part) for part in derivation.parts]
        worked_out = derivation.work_out([part.value for part in parts])
        return Trace(
            question.name, question.column, dict(question.keys), value, derivation.description, worked_out, parts
        )

    def _trace_cell(self, question: Question, row: Row) -> Trace:
        submission_id = row.get("previous_submission_id" if question.column == "old_value" else "submission_id")
        if submission_id is None:
            raise Untraceable(f"a row of {question.name} belongs to no single return; trace the facts it was made from")
        if {"form", "row_code"} <= row.keys() and question.column in CELL_COLUMNS:
            place = (row["form"], row["row_code"], str(row.get("column_code") or row.get("measure")))
        else:
            place = place_of(self._connection, question.table, question.column, row)
        cell = self._verifier.find(submission_id, *place)
        if cell is None:
            cell_name = " / ".join(str(part) for part in place if part)
            raise Untraceable(
                f"no cell {cell_name} of return {submission_id} is in {self._home.cells}; was the home moved?"
            )
        cursor = self._connection.execute(
            f"select {', '.join(VERSION)} from main.fct_submission where submission_id = ?", [submission_id]
        )
        version = dict(zip(VERSION, cursor.fetchone() or [], strict=True))
        return Trace(
            question.name,
            question.column,
            dict(question.keys),
            row[question.column],
            how="the figure of one cell",
            worked_out=cell.value,
            cell=cell,
            version=version,
            proof=self._verifier.verify(cell, version["sha256"]),
            rules=rules_of(self._connection, cell),
        )
