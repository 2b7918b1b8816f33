"""Tiny Parquet inputs for the warehouse, drawn in a few lines each.

Every claim of ``test_warehouse`` is a handful of submissions; this module turns them into the files that the stages
before the warehouse leave on disk, with the schemas of ``pipeline.tables``.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl

from pipeline import tables
from pipeline.forms.declaration import forms
from pipeline.home import Home
from pipeline.registry.provisions import KINDS, provisions_frame
from pipeline.registry.units import unit_registry

#: The day on which a period's reports are due, by level; the pipeline works it out from the calendar.
DEADLINES = pl.Schema({"period_id": pl.String, "level": pl.String, "due_on": pl.Date})

PERIOD_ENDS = {
    "2013-09": date(2013, 6, 30),
    "2014-09": date(2014, 6, 30),
    "2020-08@2020-05-13": date(2020, 5, 13),
    "2021-12": date(2021, 9, 30),
    "2022-12": date(2022, 9, 30),
    "2023-09": date(2023, 6, 30),
}


@dataclass
class Inputs:
    """Rows of every input table; ``write`` puts them below a home."""

    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def add(self, table: str, **row: Any) -> None:
        """Add a row; columns that are not given are missing."""
        self.rows.setdefault(table, []).append(row)

    def rule(self, rule_id: str, kind: str = "balance", on_fail: str = "return") -> None:
        """Declare a rule of the pack ``test``."""
        self.add(
            "rules",
            rule_id=rule_id,
            pack="test",
            pack_version="1",
            kind=kind,
            forms=["01", "02"],
            severity="error",
            on_fail=on_fail,
            sentence_vi=f"{rule_id} phải đúng",
            sentence_en=f"{rule_id} must hold",
            valid_from=date(2020, 1, 5),
        )

    def receipt(self, path: str, batch: int = 1, verdict: str = "landed", media: str = "xlsx", **row: Any) -> str:
        """Land a file and return its receipt."""
        receipt_id = f"r:{path}:{batch}"
        self.add(
            "receipts",
            receipt_id=receipt_id,
            batch=batch,
            path=path,
            file_name=path.rsplit("/", 1)[-1],
            sha256=f"sha:{path}:{batch}",
            size_bytes=1,
            media=media,
            received_at=datetime(2022, 10, batch, 8),
            verdict=verdict,
            **row,
        )
        return receipt_id

    def submission(
        self,
        unit: str,
        period: str,
        version: int = 1,
        verdict: str = "accepted",
        scope: str = "office",
        origin: str = "submitted",
        batch: int | None = None,
        path: str | None = None,
        simulated: bool = False,
        placed: bool = True,
        **header: Any,
    ) -> str:
        """Send one version of a report and return its submission."""
        batch = batch or version
        path = path or f"{unit}-{period}-v{version}.xlsx"
        receipt_id = self.receipt(path, batch)
        report_id = f"{unit}|{period}|{scope}|{origin}|{simulated}"
        submission_id = f"{report_id}|v{version}" if placed else f"s:{receipt_id}"
        self.add(
            "submissions",
            submission_id=submission_id,
            receipt_id=receipt_id,
            batch=batch,
            source_ref=path,
            file_name=path,
            sha256=f"sha:{path}:{batch}",
            received_at=datetime(2022, 10, batch, 8),
            origin=origin,
            is_simulated=simulated,
            vintage="reported",
            report_id=report_id if placed else None,
            unit_key=unit if placed else None,
            unit_text=unit,
            scope=scope,
            period_id=period,
            period_start=date(int(period[:4]) - 1, 10, 1),
            period_end=PERIOD_ENDS[period],
            regime="06/2019/TT-BTP",
            revision=version,
            is_readable=verdict != "unreadable",
            **header,
        )
        self.add(
            "verdicts",
            submission_id=submission_id,
            period_id=period,
            verdict=verdict,
            version=version if placed else None,
            supersedes=f"{report_id}|v{version - 1}" if version > 1 else None,
        )
        return submission_id

    def cells(self, submission_id: str, form: str | None, row: str | None, **values: Any) -> None:
        """Fill cells of one row; ``None`` is a blank cell, ``"-"`` says that there is nothing."""
        for place, (column, value) in enumerate(values.items(), start=1):
            state = {None: "blank", "-": "nil"}.get(value, "number")
            self.add(
                "cells",
                submission_id=submission_id,
                form=form,
                row_code=row,
                column_code=column,
                unit="case",
                value=None if value is None else Decimal(0 if value == "-" else value),
                rounding=Decimal(0),
                state=state,
                raw=None if value is None else str(value),
                sheet=form,
                address=f"{column}{place}",
            )

    def name(self, submission_id: str, form: str, row: str, column: str, text: str) -> None:
        """Write a name into a cell that asks for one."""
        self.add(
            "cells",
            submission_id=submission_id,
            form=form,
            row_code=row,
            column_code=column,
            unit="unit_name",
            state="text",
            raw=text,
            sheet=form,
            address="B9",
        )

    def outcome(self, submission_id: str, rule_id: str, status: str, form: str | None = "01", off_by: int = 0) -> None:
        """Say how a rule came out; a failure has a finding for each ``off_by``."""
        failed = int(status == "fail")
        self.add(
            "outcomes",
            submission_id=submission_id,
            rule_id=rule_id,
            form=form,
            pack="test",
            pack_version="1",
            status=status,
            checked=1,
            failed=failed,
        )
        if failed:
            self.finding(submission_id, rule_id, form, off_by)

    def finding(self, submission_id: str, rule_id: str, form: str | None, off_by: int) -> None:
        """Add a comparison that failed."""
        on_fail = next(rule["on_fail"] for rule in self.rows["rules"] if rule["rule_id"] == rule_id)
        cell = {"role": "found", "sign": 1, "submission_id": submission_id, "form": form, "address": "H12"}
        self.add(
            "findings",
            finding_id=f"{submission_id}|{rule_id}|{form}|{off_by}",
            submission_id=submission_id,
            pack="test",
            rule_id=rule_id,
            status="fail",
            severity="error",
            on_fail=on_fail,
            form=form,
            row_code="total.total",
            cells=[cell],
            difference=Decimal(off_by),
            sentence_vi=f"lệch {off_by}",
            sentence_en=f"off by {off_by}",
        )

    def ratio(self, submission_id: str, form: str, measure: str, printed: str, verdict: str = "fits") -> None:
        """Print a ratio on the total row of a form."""
        self.add(
            "ratios",
            submission_id=submission_id,
            form=form,
            row_code="total.total",
            column_code=measure,
            printed=Decimal(printed),
            verdict=verdict,
        )

    def deadline(self, period: str, level: str, due_on: date) -> None:
        """Set the day on which reports of a level are due."""
        self.add("deadlines", period_id=period, level=level, due_on=due_on)

    def write(self, home: Path) -> None:
        """Write one file per input table below ``home``, empty where nothing was added."""
        folders = {
            "landing/receipts/000001.parquet": ("receipts", tables.RECEIPTS),
            "cells/000001/submissions.parquet": ("submissions", tables.SUBMISSIONS),
            "cells/000001/cells.parquet": ("cells", tables.CELLS),
            "cells/000001/remarks.parquet": ("remarks", tables.REMARKS),
            "judged/all/outcomes.parquet": ("outcomes", tables.OUTCOMES),
            "judged/all/findings.parquet": ("findings", tables.FINDINGS),
            "judged/all/verdicts.parquet": ("verdicts", tables.VERDICTS),
            "judged/all/ratios.parquet": ("ratios", tables.RATIOS),
            "judged/all/causes.parquet": ("causes", tables.CAUSES),
            "judged/all/cause_findings.parquet": ("cause_findings", tables.CAUSE_FINDINGS),
            "alerts/events/000000.parquet": ("alert_events", tables.ALERT_EVENTS),
            "declared/rules.parquet": ("rules", tables.RULES),
            "declared/deadlines.parquet": ("deadlines", DEADLINES),
        }
        for path, (table, schema) in folders.items():
            frame = pl.DataFrame([_row(row, schema) for row in self.rows.get(table, [])], schema=schema, orient="row")
            _write(frame, home / path)
        _write(forms().forms_frame(), home / "declared/forms.parquet")
        _write(forms().lines_frame(), home / "declared/lines.parquet")
        _write(forms().measures_frame(), home / "declared/measures.parquet")
        _write(unit_registry().frame, home / "declared/units.parquet")
        _write(unit_registry().succession, home / "declared/unit_succession.parquet")
        for kind in KINDS:
            _write(provisions_frame(Home(home), kind, unit_registry()), home / f"declared/{kind.name}.parquet")


def _row(row: dict[str, Any], schema: pl.Schema) -> tuple[Any, ...]:
    unknown = set(row) - set(schema)
    if unknown:
        raise KeyError(f"no such columns: {sorted(unknown)}")
    return tuple(row.get(column) for column in schema)


def _write(frame: pl.DataFrame, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    frame.write_parquet(path)
