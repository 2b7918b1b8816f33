"""An agency's figures of the period before, which its next blank workbook shows for comparison."""

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


def previous_figures(
    home: Home, unit: str, scope: Scope, period: Period, forms_by_code: Mapping[str, Form]
) -> tuple[Period | None, dict[str, list[list[Figure]]]]:
    """Return the nearest earlier period that has an accepted report, and its figures by form.

    In printed units, rows by columns as ``forms_by_code`` declares them. The first month of a year looks at last year's annual
    report. Empty where ``home`` holds nothing; simulated figures are nobody's last report.
    """
    if not home.cells.exists() or not home.judged.exists():
        return None, {}
    earlier_periods = [Period(period.year, months).id for months in range(period.months - 1, 0, -1)]
    earlier_periods = earlier_periods or [Period(period.year - 1, 12).id]
    submissions = read_tables(home.cells, "submissions", tables.SUBMISSIONS).filter(
        pl.col("unit_key") == unit,
        pl.col("scope") == str(scope),
        pl.col("origin") == str(Origin.SUBMITTED),
        ~pl.col("is_simulated"),
        pl.col("period_id").is_in(earlier_periods),
    )
    verdicts = read_tables(home.judged, "verdicts", tables.VERDICTS)
    cells = read_tables(home.cells, "cells", tables.CELLS, submissions=submissions["submission_id"])
    current = current_forms(submissions, verdicts.drop("period_id", strict=False), cells)
    if current.is_empty():
        return None, {}
    nearest = min(current["period_id"], key=earlier_periods.index)
    nearest_forms = current.filter(pl.col("period_id") == nearest).select("submission_id", "form")
    figures = {
        (form, row, column): _printed_figure(value, unit_code)
        for form, row, column, value, unit_code in cells.join(nearest_forms, on=["submission_id", "form"])
        .select("form", "row_code", "column_code", "value", "unit")
        .iter_rows()
    }
    reported_forms = set(nearest_forms["form"])
    return Period.parse(nearest), {
        code: [[figures.get((code, row, column)) for column in form.column] for row in form.row]
        for code, form in forms_by_code.items()
        if code in reported_forms
    }


def _printed_figure(value: Decimal | None, unit: str | None) -> Figure:
    """Return an amount in base units as its cell prints it."""
    if value is None:
        return None
    shown = value / (forms().units[unit].factor if unit else 1)
    return int(shown) if shown == shown.to_integral_value() else shown.normalize()
