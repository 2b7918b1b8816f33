"""Reads figures in long form: ``unit,period_start,period_end,form,row,column,value``, one line a cell.

Each unit, period and scope in the file is one submission, however its lines spell them. Optional columns: scope,
revision, reason, signer. All reports of a file are read at once: a file may hold thousands.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import polars as pl

from pipeline import tables
from pipeline.cells.blanks import EMPTY_FORM, SILENT
from pipeline.cells.csv_remarks import remark, remarks, sentences
from pipeline.cells.csv_table import TableHeader, read_header, read_records
from pipeline.cells.figure import LARGEST, half_unit, is_too_large
from pipeline.cells.gate import Claim, Quote, admit
from pipeline.cells.numerals import numerals
from pipeline.cells.reading import ReadingResult, report_key
from pipeline.cells.submission import Submission
from pipeline.files.problems import UnreadableFile, problem
from pipeline.forms import Forms
from pipeline.forms.declaration import NAME
from pipeline.registry.units import UnitRegistry
from pipeline.text.day import parse_day
from pipeline.text.spelling import visible_key
from pipeline.vocabulary import CellState

REPORT = ["unit", "period_start", "period_end", "scope"]
KEYS = [f"{name}_key" for name in REPORT]
OPTIONAL = ["scope", "revision", "reason", "signer"]
CELL = ["submission_id", "form", "row", "column"]
#: In one file; the offices of the whole country are fewer than 800.
MOST_REPORTS = 5_000


@dataclass
class CsvReport:
    """One report of the file: the claim of its first line, and the lines that claim the same in other words."""

    claim: Claim
    submission: Submission
    remarks: list[dict]
    first: dict
    others: list[dict]


def read_long(text: str, receipt: dict, forms: Forms, registry: UnitRegistry) -> ReadingResult:
    """Read one CSV; raises ``UnreadableFile`` where it is no table, or nobody knows whose figures a line holds."""
    header = read_header(text)
    lines = _lines(text, header, receipt)
    whole_lines = lines.filter(pl.col("ragged").is_null())
    claims = _claims(whole_lines)
    reports = _reports(claims, header, receipt, forms, registry)
    owners = _owners(claims, reports)
    owned_lines = whole_lines.join(owners, on=KEYS, how="left", nulls_equal=True, maintain_order="left")
    ragged = _assign_owners(lines.filter(pl.col("ragged").is_not_null()), header, owners)
    figures = _read_figures(owned_lines, [report.submission for report in reports], forms)
    report_remarks = [entry for report in reports for entry in report.remarks]
    if header.others and reports:
        report_remarks.append(
            remark("unread_column", receipt["file_name"], None, ", ".join(header.others))
            | {"submission_id": reports[0].submission.submission_id}
        )
    return ReadingResult(
        pl.DataFrame([report.submission.row() for report in reports], schema=tables.SUBMISSIONS),
        _cells(figures),
        pl.concat(
            [
                pl.DataFrame(report_remarks, schema=tables.REMARKS),
                remarks(ragged, "ragged_line", raw="ragged"),
                *_line_remarks(figures),
            ]
        ),
    )


def _lines(text: str, header: TableHeader, receipt: dict) -> pl.DataFrame:
    """Return the lines of the table with every column that a report may have, and the address of their figure."""
    lines = read_records(text, header)
    missing_columns = [name for name in OPTIONAL if name not in lines.columns]
    form = pl.col("form").str.to_lowercase()
    return lines.with_columns(pl.lit(None, dtype=pl.String).alias(name) for name in missing_columns).with_columns(
        pl.lit(receipt["file_name"]).alias("sheet"),
        (pl.lit(header.letters["value"]) + pl.col("line").cast(pl.String)).alias("address"),
        *(visible_key(pl.col(name)).alias(key) for name, key in zip(REPORT, KEYS, strict=True)),
        # A spreadsheet that opens the file takes the nought of "01" away.
        pl.when(form.str.contains("^[1-9]$")).then("0" + form).otherwise(form).alias("form"),
        pl.col("row", "column").str.to_lowercase(),
    )


def _claims(whole_lines: pl.DataFrame) -> pl.DataFrame:
    """Return the distinct claims that lines make about their report, each as its first line puts it."""
    details = ["revision", "reason", "signer"]
    claims = whole_lines.group_by(KEYS, maintain_order=True).agg(
        pl.col("line", *REPORT).first(),
        *(pl.col(name).drop_nulls().first() for name in details),
        pl.col("line").filter(pl.col("revision").is_not_null()).first().alias("revision_line"),
        # The first line that gives another version.
        pl.col("line", "revision")
        .filter(pl.col("revision") != pl.col("revision").drop_nulls().first())
        .first()
        .name.prefix("other_"),
        pl.col("form").drop_nulls().unique(maintain_order=True).alias("forms"),
    )
    if claims.height > MOST_REPORTS:
        raise UnreadableFile(problem("too_many_reports", limit=f"{MOST_REPORTS:,}".replace(",", ".")))
    return claims


def _reports(
    claims: pl.DataFrame, header: TableHeader, receipt: dict, forms: Forms, registry: UnitRegistry
) -> list[CsvReport]:
    """Return the reports of a file in its order: claims that come out at one place are one report."""
    reports: dict[tuple, CsvReport] = {}
    for line in claims.iter_rows(named=True):
        claim = _claim(line, header, receipt, forms)
        submission, header_remarks = admit(claim, receipt, forms, registry)
        start, end = claim.period
        key = (
            submission.unit_key or line["unit_key"],
            submission.scope or line["scope_key"],
            start or line["period_start_key"],
            end or line["period_end_key"],
        )
        if key in reports:
            reports[key].others.append(line)
        else:
            reports[key] = CsvReport(claim, submission, header_remarks, line, [])
    for report in reports.values():
        if report.others:
            _merge(report, header, receipt, forms, registry)
    return list(reports.values())


def _claim(line: dict, header: TableHeader, receipt: dict, forms: Forms) -> Claim:
    unit = Quote(line["unit"] or "", _address(header, "unit", line["line"]))
    contradictions = []
    if line["other_line"]:
        address, first_line = _address(header, "revision", line["other_line"]), line["revision_line"]
        contradictions.append(
            remark(
                *("two_revisions", receipt["file_name"], address, line["other_revision"]),
                first_line=first_line,
                first_raw=line["revision"],
            )
        )
    return Claim(
        sheet=receipt["file_name"],
        place="lines",
        period=(parse_day(line["period_start"]), parse_day(line["period_end"])),
        period_quotes=tuple(
            Quote(line[name] or "", _address(header, name, line["line"])) for name in ("period_start", "period_end")
        ),
        unit=unit,
        unit_code=Quote(line["unit_key"] or "", unit.address),
        scope=line["scope"],
        forms=frozenset(line["forms"]) & forms.current.keys(),
        report=report_key(*(line[name] for name in REPORT)),
        revision=line["revision"],
        reason=line["reason"],
        signer=line["signer"],
        contradictions=tuple(contradictions),
    )


def _merge(report: CsvReport, header: TableHeader, receipt: dict, forms: Forms, registry: UnitRegistry) -> None:
    """Merge the claims of all lines of a report, and report where they spell it otherwise than the first."""
    claims = [report.claim, *(_claim(line, header, receipt, forms) for line in report.others)]
    merged = replace(
        report.claim,
        forms=frozenset().union(*(claim.forms for claim in claims)),
        revision=_first(claim.revision for claim in claims),
        reason=_first(claim.reason for claim in claims),
        signer=_first(claim.signer for claim in claims),
        contradictions=tuple(entry for claim in claims for entry in claim.contradictions),
    )
    report.submission, report.remarks = admit(merged, receipt, forms, registry)
    other = report.others[0]
    name = next(name for name in REPORT if other[f"{name}_key"] != report.first[f"{name}_key"])
    spelling_remark = remark(
        *("other_spelling", receipt["file_name"], _address(header, name, other["line"]), other[name]),
        first_line=report.first["line"],
        first_raw=report.first[name] or "",
    )
    report.remarks.append(spelling_remark | {"submission_id": report.submission.submission_id})


def _first(values: Iterable[str | None]) -> str | None:
    return next((value for value in values if value), None)


def _address(header: TableHeader, name: str, line: int) -> str | None:
    return f"{header.letters[name]}{line}" if name in header.columns else None


def _owners(claims: pl.DataFrame, reports: list[CsvReport]) -> pl.DataFrame:
    """Return the submission of each claim: ``KEYS`` and ``submission_id``."""
    owners = [
        (*(line[key] for key in KEYS), report.submission.submission_id)
        for report in reports
        for line in (report.first, *report.others)
    ]
    return pl.DataFrame(owners, schema=dict.fromkeys([*KEYS, "submission_id"], pl.String), orient="row")


def _assign_owners(ragged: pl.DataFrame, header: TableHeader, owners: pl.DataFrame) -> pl.DataFrame:
    """Assign ragged lines to the report that their first fields name; refuse the file where there is none."""
    last = max(header.columns[name] for name in REPORT if name in header.columns)
    lines = ragged.join(owners, on=KEYS, how="left", nulls_equal=True, maintain_order="left")
    for line, fields in (
        lines.filter(pl.col("submission_id").is_null() | (pl.col("fields") <= last))
        .select("line", "fields")
        .iter_rows()
    ):
        raise UnreadableFile(problem("ragged_line", line=line, fields=fields))
    return lines.with_columns(pl.lit(None, pl.String).alias(name) for name in ("form", "row", "column"))


def _read_figures(figures: pl.DataFrame, submissions: list[Submission], forms: Forms) -> pl.DataFrame:
    """Return the lines with their figures: place on the form, state, value, rounding, and whether they are repeated."""
    placements = pl.DataFrame(
        [(each.submission_id, each.period_id, each.regime or "") for each in submissions],
        schema=dict.fromkeys(["submission_id", "period_id", "regime"], pl.String),
        orient="row",
    )
    known_forms, places = _places({regime or "" for regime in placements["regime"]}, forms)
    numeral = pl.col("numeral").struct
    # Before it is multiplied: a number of thirty digits overflows.
    value_in_base = pl.when(numeral.field("value").abs() < LARGEST).then(numeral.field("value")) * pl.col("factor")
    in_dispute = [str(CellState.ILLEGIBLE), str(CellState.TEXT)]
    return (
        figures.join(placements, on="submission_id", maintain_order="left")
        .join(known_forms, on=["regime", "form"], how="left", maintain_order="left")
        .join(places, on=["regime", "form", "row", "column"], how="left", maintain_order="left")
        .with_columns(numerals(pl.col("value")).alias("numeral"))
        .with_columns(
            pl.when(pl.col("unit_code") == NAME)
            .then(None)
            .when(numeral.field("reason").is_not_null())
            .then(numeral.field("reason"))
            .when((numeral.field("value").abs() >= LARGEST) | is_too_large(value_in_base))
            .then(pl.lit("too_large"))
            .when(numeral.field("is_percent") & ~pl.col("unit_code").is_in(["percent", "point"]))
            .then(pl.lit("percent_of_what"))
            .alias("reason"),
        )
        .with_columns(
            pl.when(pl.col("reason").is_not_null())
            .then(pl.lit(str(CellState.ILLEGIBLE)))
            .when((pl.col("unit_code") == NAME) & pl.col("value").is_not_null())
            .then(pl.lit(str(CellState.TEXT)))
            .otherwise(numeral.field("state"))
            .alias("state")
        )
        .with_columns(
            pl.when(~pl.col("state").is_in(in_dispute)).then(value_in_base).alias("in_base"),
            pl.when(pl.col("is_rounded") & (pl.col("state") == str(CellState.NUMBER)))
            .then(half_unit(numeral.field("places")))
            .otherwise(0)
            .alias("rounding"),
        )
        .with_columns(
            (pl.int_range(pl.len()).over(CELL) > 0).alias("is_again"),
            *(pl.col(name).first().over(CELL).name.prefix("first_") for name in ("line", "value", "state", "in_base")),
        )
        .with_columns(
            (
                (pl.col("state") == pl.col("first_state"))
                & pl.when(pl.col("state").is_in(in_dispute))
                .then(pl.col("value") == pl.col("first_value"))
                .otherwise(pl.col("in_base").eq_missing(pl.col("first_in_base")))
            ).alias("is_same")
        )
    )


def _places(regimes: set[str], forms: Forms) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the forms of some regimes, and their cells with unit of measure; "" is that of a report without period."""
    regime_forms = [
        (regime, form)
        for regime in regimes
        for form in (forms.current.values() if regime == "" else forms.all)
        if regime in ("", form.regime.name)
    ]
    known_forms = pl.DataFrame(
        [(regime, form.code, True) for regime, form in regime_forms],
        schema={"regime": pl.String, "form": pl.String, "is_form": pl.Boolean},
        orient="row",
    )
    cells = [
        (regime, form.code, row.code, column.code, unit.code, unit.factor, unit.is_rounded)
        for regime, form in regime_forms
        for row in form.rows
        for column in form.columns
        for unit in [forms.units[form.unit_of(row.code, column.code)]]
    ]
    text = dict.fromkeys(["regime", "form", "row", "column", "unit_code"], pl.String)
    return known_forms, pl.DataFrame(cells, schema=text | {"factor": pl.Int64, "is_rounded": pl.Boolean}, orient="row")


def _cells(figures: pl.DataFrame) -> pl.DataFrame:
    return (
        figures.filter(pl.col("unit_code").is_not_null(), ~pl.col("is_again"))
        .select(
            "submission_id",
            "period_id",
            "form",
            pl.col("row").alias("row_code"),
            pl.col("column").alias("column_code"),
            pl.col("unit_code").alias("unit"),
            pl.col("in_base").alias("value"),
            "rounding",
            "state",
            pl.col("value").alias("raw"),
            "sheet",
            "address",
        )
        .cast(tables.CELLS)
    )


def _line_remarks(figures: pl.DataFrame) -> list[pl.DataFrame]:
    """Report lines that hold no figure, belong nowhere or stand twice, forms that do not exist, forms left blank."""
    numeral = pl.col("numeral").struct
    is_form, is_cell = pl.col("is_form").fill_null(False), pl.col("unit_code").is_not_null()
    illegible_lines = figures.filter(is_cell, pl.col("state") == str(CellState.ILLEGIBLE)).with_columns(
        pl.coalesce(
            numeral.field(f"reason_{language}"),
            pl.format(sentences()["no_figure"][language].format(value="{}"), "value"),
        ).alias(f"reason_{language}")
        for language in ("vi", "en")
    )
    is_ambiguous = pl.col("reason") == "ambiguous_number"
    # A form that does not exist has no rules of its own; the whole file answers for it.
    unknown_form_remarks = remarks(figures.filter(~is_form), "unknown_form").with_columns(
        pl.lit(None, pl.String).alias("form")
    )
    repeats = figures.filter("is_again", is_cell)
    identical_repeats = (
        repeats.filter("is_same")
        .with_columns(pl.len().over("submission_id").alias("count"))
        .unique("submission_id", keep="first", maintain_order=True)
    )
    empty_form_remarks = (
        figures.filter(is_form, pl.col("state").is_in(SILENT).all().over("submission_id", "form"))
        .unique(["submission_id", "form"], keep="first", maintain_order=True)
        .select(
            "submission_id",
            "form",
            "sheet",
            *EMPTY_FORM,
            *(pl.lit(None, pl.String).alias(name) for name in ("row_code", "column_code", "address", "raw")),
            pl.lit(None, tables.AMOUNT).alias("worked_out"),
        )
        .select(list(tables.REMARKS))
    )
    return [
        remarks(illegible_lines.filter(~is_ambiguous), "not_a_number"),
        remarks(illegible_lines.filter(is_ambiguous), "ambiguous_number"),
        unknown_form_remarks,
        remarks(figures.filter(is_form, ~is_cell), "unknown_row"),
        remarks(repeats.filter(~pl.col("is_same")), "duplicate_row"),
        remarks(identical_repeats, "repeated_line"),
        empty_form_remarks,
    ]
