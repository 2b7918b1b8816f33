"""Which other report each report is compared with: the one before it in the year, last year's, a text's workbook.

A partner is found by the submissions alone: its reporting unit, scope and period. Which of its versions counts is decided by
the rules that look at one workbook by itself (the last that they accept), never by a comparison with a third report:
so no verdict waits for another period's, and the order of arrival leaves no trace.
"""

import hashlib
from collections.abc import Iterable

import polars as pl

from expectations.rule import LAST_YEAR, PREVIOUS, TENTH_MONTH, WORKBOOK, YEAR_END
from expectations.rules import Pack
from pipeline import tables
from pipeline.vocabulary import Origin, Vintage

#: The reports of other periods with which a submission is compared, by relation.
COMPARED_REPORTS = {"submission_id": pl.String, "relation": pl.String, "report_id": pl.String, "period_id": pl.String}
PARTNER = {"submission_id": pl.String, "form": pl.String, "relation": pl.String, "beside": pl.String}
_REPORTER = ["origin", "is_simulated", "unit_key", "scope"]
_EARLIER_COLUMNS = {
    "then_report": "report_id",
    "then_period": "period_id",
    "then_year": "year",
    "then_months": "months",
}


def compared_reports(submissions: pl.DataFrame, reports: pl.DataFrame) -> pl.DataFrame:
    """Return the reports of other periods with which ``submissions`` are compared, as ``COMPARED_REPORTS``.

    ``reports``: all existing submissions; a report that nobody sent has no row. The report before is the
    nearest one that the office sent for an earlier period of the statistical year; only the first of a year is
    compared with last year's 12-month report.
    """
    dated_submissions, dated_reports = (
        _monthly_reports(submissions),
        _monthly_reports(reports).unique("report_id", maintain_order=True),
    )
    if dated_submissions.is_empty() or dated_reports.is_empty():
        return pl.DataFrame(schema=COMPARED_REPORTS)
    earlier_reports = dated_reports.select(
        *_REPORTER, **{name: pl.col(source) for name, source in _EARLIER_COLUMNS.items()}
    )
    # Each report is paired with those of its own statistical year and of the one before.
    pairs = pl.concat(
        dated_submissions.join(
            earlier_reports.with_columns((pl.col("then_year") + year_offset).alias("year")), on=[*_REPORTER, "year"]
        )
        for year_offset in (0, 1)
    )
    is_this_year, is_earlier = pl.col("then_year") == pl.col("year"), pl.col("then_months") < pl.col("months")
    earlier_pairs = pairs.filter(is_this_year, is_earlier)
    previous = earlier_pairs.filter(pl.col("then_months") == pl.col("then_months").max().over("submission_id"))
    last_year = pairs.filter(~is_this_year)
    relations = {
        PREVIOUS: previous,
        TENTH_MONTH: earlier_pairs.filter(pl.col("months") == 12, pl.col("then_months") == 10),
        LAST_YEAR: last_year.filter(pl.col("then_months") == pl.col("months")),
        YEAR_END: last_year.filter(pl.col("then_months") == 12).join(previous, on="submission_id", how="anti"),
    }
    return pl.concat(
        frame.select(
            "submission_id",
            pl.lit(name).alias("relation"),
            pl.col("then_report").alias("report_id"),
            pl.col("then_period").alias("period_id"),
        )
        for name, frame in relations.items()
    ).sort("submission_id", "relation")


def partner_digests(submissions: pl.DataFrame, reports: pl.DataFrame) -> dict[str, str]:
    """Return, by period, a hash of all versions of the reports of other periods that its submissions look at."""
    version_rows = (
        compared_reports(submissions, reports)
        .join(submissions.select("submission_id", pl.col("period_id").alias("of_period")), on="submission_id")
        .select("of_period", "report_id")
        .unique()
        .join(reports.select("report_id", pl.col("submission_id").alias("version")), on="report_id")
    )
    return {
        row["of_period"]: hashlib.sha256("|".join(sorted(set(row["version"]))).encode()).hexdigest()
        for row in version_rows.group_by("of_period").agg("version").to_dicts()
    }


def partner_figures(cells: pl.DataFrame, rule_packs: Iterable[Pack]) -> pl.DataFrame:
    """Return the figures among ``cells`` that some rule compares with another report."""
    places = pl.DataFrame(
        sorted(
            {
                (form, column)
                for pack in rule_packs
                for rule in pack.rules
                for form in rule.forms
                for column in rule.partner_columns(form)
            }
        ),
        schema={"form": pl.String, "column_code": pl.String},
        orient="row",
    )
    return cells.filter(pl.col("value").is_not_null()).join(places, on=["form", "column_code"], how="semi")


def standing_cells(current: pl.DataFrame, figures: pl.DataFrame, unit_slips: pl.DataFrame) -> pl.DataFrame:
    """Return the figures that other periods may look at, as ``tables.STANDING``.

    ``current``: submission_id, report_id and form of what stands; ``figures``: the :func:`partner_figures`;
    ``unit_slips``: submission_id and form of amounts in the wrong unit, with which nothing is compared.
    """
    return (
        figures.join(current.select("submission_id", "report_id", "form"), on=["submission_id", "form"])
        .join(unit_slips, on=["submission_id", "form"], how="anti")
        .select(list(tables.STANDING))
        .sort("submission_id", "form", "row_code", "column_code")
    )


def partners(report_pairs: pl.DataFrame, standing: pl.DataFrame, unit_slips: pl.DataFrame) -> pl.DataFrame:
    """Return the partner of each form of each submission, as ``PARTNER``, from its report pairs and the standing figures."""
    forms = standing.select("report_id", "form", pl.col("submission_id").alias("beside")).unique()
    return (
        report_pairs.join(forms, on="report_id")
        .join(unit_slips, on=["submission_id", "form"], how="anti")
        .select(list(PARTNER))
        .sort("submission_id", "form", "relation")
    )


def workbooks(submissions: pl.DataFrame, submitted_reports: pl.DataFrame, versions: pl.DataFrame) -> pl.DataFrame:
    """Return, for every published report, the last workbook of the same agency and period by form, as ``PARTNER``.

    Whatever its verdict: a text is compared with what the agency reported last.
    """
    place = ["unit_key", "scope", "period_id", "is_simulated"]
    forms = submitted_reports.drop_nulls()
    texts = submissions.filter(
        pl.col("origin") == str(Origin.PUBLISHED), pl.col("vintage") == str(Vintage.REPORTED)
    ).drop_nulls(place)
    submitted_reports = submissions.filter(pl.col("origin") == str(Origin.SUBMITTED)).drop_nulls(place)
    last_workbooks = (
        submitted_reports.join(versions.select("submission_id", "version"), on="submission_id")
        .join(forms, on="submission_id")
        .sort("version", "submission_id")
        .unique([*place, "form"], keep="last", maintain_order=True)
        .select(*place, "form", pl.col("submission_id").alias("beside"))
    )
    return (
        texts.select("submission_id", *place)
        .join(forms, on="submission_id")
        .join(last_workbooks, on=[*place, "form"])
        .select("submission_id", "form", pl.lit(WORKBOOK).alias("relation"), "beside")
        .sort("submission_id", "form")
    )


def _monthly_reports(submissions: pl.DataFrame) -> pl.DataFrame:
    """Return the submissions for whole-month periods, with statistical year and months."""
    return (
        submissions.filter(
            pl.col("origin") == str(Origin.SUBMITTED),
            pl.col("report_id").is_not_null(),
            pl.col("period_id").str.contains(r"^\d{4}-\d{2}$"),
        )
        .select("submission_id", "report_id", "period_id", *_REPORTER)
        .with_columns(
            pl.col("period_id").str.slice(0, 4).cast(pl.Int32).alias("year"),
            pl.col("period_id").str.slice(5, 2).cast(pl.Int32).alias("months"),
        )
    )
