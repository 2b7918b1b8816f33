"""What an agency reported for the period before: the figures that its next blank workbook shows for comparison."""

from collections.abc import Mapping
from decimal import Decimal

import polars as pl

from pipeline import tables
from pipeline.calendar.periods import Period
from pipeline.forms import Form, forms
from pipeline.forms.formulas import Figure
from pipeline.home import Home
from pipeline.judged.verdicts import current_forms
from pipeline.storage import read_tables
from pipeline.vocabulary import Origin, Scope


def figures_before(
    home: Home, unit: str, scope: Scope, period: Period, wanted: Mapping[str, Form]
) -> tuple[Period | None, dict[str, list[list[Figure]]]]:
    """Return the nearest earlier period of which an accepted report is known, and its figures by form.

    In printed units, rows by columns as ``wanted`` declares them. The first month of a year looks at last year's annual
    report. Nothing where ``home`` holds nothing; simulated figures are nobody's last report.
    """
    if not home.cells.exists() or not home.judged.exists():
        return None, {}
    earlier = [Period(period.year, months).id for months in range(period.months - 1, 0, -1)]
    earlier = earlier or [Period(period.year - 1, 12).id]
    submissions = read_tables(home.cells, "submissions", tables.SUBMISSIONS).filter(
        pl.col("unit_key") == unit,
        pl.col("scope") == str(scope),
        pl.col("origin") == str(Origin.SUBMITTED),
        ~pl.col("is_simulated"),
        pl.col("period_id").is_in(earlier),
    )
    verdicts = read_tables(home.judged, "verdicts", tables.VERDICTS)
    cells = read_tables(home.cells, "cells", tables.CELLS, submissions=submissions["submission_id"])
    current = current_forms(submissions, verdicts.drop("period_id", strict=False), cells)
    if current.is_empty():
        return None, {}
    nearest = min(current["period_id"], key=earlier.index)
    chosen = current.filter(pl.col("period_id") == nearest).select("submission_id", "form")
    known = {
        (form, row, column): _printed(value, unit_code)
        for form, row, column, value, unit_code in cells.join(chosen, on=["submission_id", "form"])
        .select("form", "row_code", "column_code", "value", "unit")
        .iter_rows()
    }
    told = set(chosen["form"])
    return Period.parse(nearest), {
        code: [[known.get((code, row, column)) for column in form.column] for row in form.row]
        for code, form in wanted.items()
        if code in told
    }


def _printed(value: Decimal | None, unit: str | None) -> Figure:
    """Return an amount in base units as its cell prints it."""
    if value is None:
        return None
    shown = value / (forms().units[unit].factor if unit else 1)
    return int(shown) if shown == shown.to_integral_value() else shown.normalize()
