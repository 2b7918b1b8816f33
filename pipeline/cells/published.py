"""Reads published-figures CSV: one row a figure, each ``case_id`` one report of origin ``published``.

Columns: case_id, province, level, period_start, period_end, indicator, value, unit, source. Indicators map onto forms
in ``pipeline/forms/published.yaml``; what is not printed is missing, never zero. A case whose lines disagree on its
unit or period has no place; two values of one indicator count as none.
"""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

import polars as pl

from pipeline import tables
from pipeline.cells.csv_remarks import remark, remarks
from pipeline.cells.csv_table import TableHeader, read_header, read_records
from pipeline.cells.figure import LARGEST, is_too_large, rounding_of
from pipeline.cells.gate import Claim, Quote, admit
from pipeline.cells.reading import ReadingResult
from pipeline.cells.submission import Submission
from pipeline.files.problems import UnreadableFile, problem
from pipeline.forms import Forms
from pipeline.registry.units import UnitRegistry
from pipeline.text.day import parse_day
from pipeline.text.spelling import visible_key
from pipeline.vocabulary import CellState, Origin, Scope, Vintage

COLUMNS = ["case_id", "province", "level", "period_start", "period_end", "indicator", "value", "unit", "source"]
OWNER = ["province", "level", "period_start", "period_end"]
OWNER_KEYS = [f"{name}_key" for name in OWNER]
CELL = ["submission_id", "form", "row", "column"]
#: In one file; every province in every period of five years makes fewer.
MOST_CASES = 5_000
MOST_DECIMALS = 6  # of ``tables.AMOUNT``

SCOPES = {"national": Scope.NATION, "province": Scope.PROVINCE, "district": Scope.OFFICE}


@dataclass
class Case:
    """A case as its first line names it, and the first line of each different statement of its unit, level and period."""

    case_id: str
    lines: list[dict] = field(default_factory=list)

    def sayings(self, *names: str) -> list[dict]:
        """Return the lines on which any of some columns is filled in; the first line where none is."""
        return [line for line in self.lines if any(line[name] for name in names)] or self.lines[:1]


def read_published(text: str, receipt: dict, forms: Forms, registry: UnitRegistry) -> ReadingResult:
    """Read one CSV; raises ``UnreadableFile`` where it is no table, or nobody knows whose figure a line holds."""
    header = read_header(text)
    lines = _lines(text, header, receipt)
    cases = _cases(lines)
    submissions, header_remarks, owners = [], [], []
    for key, case in cases.items():
        submission, case_remarks = _admit_case(case, header, receipt, forms, registry)
        submissions.append(submission)
        header_remarks += case_remarks
        owners.append((key, submission.submission_id, submission.period_id))
    schema = dict.fromkeys(["case_key", "submission_id", "period_id"], pl.String)
    lines = lines.join(pl.DataFrame(owners, schema=schema, orient="row"), on="case_key", maintain_order="left")
    if header.others and submissions:
        column_remark = remark("unread_column", receipt["file_name"], None, ", ".join(header.others))
        header_remarks.append(column_remark | {"submission_id": submissions[0].submission_id})
    figures = _read_figures(lines.filter(pl.col("ragged").is_null()), header, forms)
    return ReadingResult(
        pl.DataFrame([submission.row() for submission in submissions], schema=tables.SUBMISSIONS),
        _cells(figures),
        pl.concat(
            [
                pl.DataFrame(header_remarks, schema=tables.REMARKS),
                remarks(lines.filter(pl.col("ragged").is_not_null()), "ragged_line", raw="ragged"),
                *_line_remarks(figures),
            ]
        ),
    )


def _lines(text: str, header: TableHeader, receipt: dict) -> pl.DataFrame:
    """Return the lines of the table with every column of published figures, and the address of their figure."""
    lines = read_records(text, header)
    missing_columns = [name for name in COLUMNS if name not in lines.columns]
    lines = lines.with_columns(pl.lit(None, dtype=pl.String).alias(name) for name in missing_columns).with_columns(
        pl.lit(receipt["file_name"]).alias("sheet"),
        (pl.lit(header.letters["value"]) + pl.col("line").cast(pl.String)).alias("address"),
        visible_key(pl.col("case_id")).alias("case_key"),
        *(visible_key(pl.col(name)).alias(key) for name, key in zip(OWNER, OWNER_KEYS, strict=True)),
    )
    for (line,) in lines.filter(pl.col("case_key").is_null()).select("line").iter_rows():
        raise UnreadableFile(problem("no_case", line=line))
    whole_lines = lines.filter(pl.col("ragged").is_null())
    for line, fields in lines.join(whole_lines, on="case_key", how="anti").select("line", "fields").iter_rows():
        raise UnreadableFile(problem("ragged_line", line=line, fields=fields))
    return lines


def _cases(lines: pl.DataFrame) -> dict[str, Case]:
    """Return the cases in the order of the file, by key."""
    claims = (
        lines.filter(pl.col("ragged").is_null())
        .unique(["case_key", *OWNER_KEYS], keep="first", maintain_order=True)
        .select("case_key", "case_id", "line", *OWNER, *OWNER_KEYS)
    )
    cases: dict[str, Case] = {}
    for line in claims.iter_rows(named=True):
        cases.setdefault(line["case_key"], Case(line["case_id"])).lines.append(line)
        if len(cases) > MOST_CASES:
            raise UnreadableFile(problem("too_many_reports", limit=f"{MOST_CASES:,}".replace(",", ".")))
    return cases


def _admit_case(
    case: Case, header: TableHeader, receipt: dict, forms: Forms, registry: UnitRegistry
) -> tuple[Submission, list[dict]]:
    """Return the submission of a case and the remarks on its header; one that contradicts itself has no place."""

    def address(name: str, line: dict) -> str | None:
        return f"{header.letters[name]}{line['line']}" if name in header.columns else None

    def quote(name: str, line: dict) -> Quote:
        return Quote(line[name] or "", address(name, line))

    period_lines, unit_lines = case.sayings("period_start", "period_end"), case.sayings("province")
    level_lines = case.sayings("level")
    period = _period(period_lines[0])
    contradictions = []
    for sentence, name, lines, meaning in (
        ("two_units", "province", unit_lines, lambda line: _unit_identity(line, period[1], registry)),
        ("two_periods", "period_start", period_lines, _period),
        ("two_levels", "level", level_lines, lambda line: SCOPES.get(line["level_key"] or "", line["level_key"])),
    ):
        first = lines[0]
        for other in lines[1:]:
            if meaning(other) != meaning(first):
                texts = [
                    f"{line['period_start'] or ''} - {line['period_end'] or ''}"
                    if name == "period_start"
                    else line[name]
                    for line in (other, first)
                ]
                details = {"case": case.case_id, "first_line": first["line"], "first_raw": texts[1]}
                contradictions.append(remark(sentence, receipt["file_name"], address(name, other), texts[0], **details))
    level = level_lines[0]["level_key"]
    if level and level not in SCOPES:
        level_text = level_lines[0]["level"]
        contradictions.append(
            remark(
                "unknown_level", receipt["file_name"], address("level", level_lines[0]), level_text, case=case.case_id
            )
        )
    claim = Claim(
        sheet=receipt["file_name"],
        place="lines",
        origin=Origin.PUBLISHED,
        vintage=_vintage(case.case_id, forms),
        report=case.case_id,
        source_ref=case.case_id,
        series=case.case_id,
        period=period,
        period_quotes=(quote("period_start", period_lines[0]), quote("period_end", period_lines[0])),
        unit=quote("province", unit_lines[0]),
        scope=SCOPES.get(level or ""),
        forms=frozenset({"figures"}),
        contradictions=tuple(contradictions),
        is_torn=bool(contradictions),
    )
    return admit(claim, receipt, forms, registry)


def _period(line: dict) -> tuple[date | None, date | None]:
    return parse_day(line["period_start"]), parse_day(line["period_end"])


def _unit_identity(line: dict, day: date | None, registry: UnitRegistry) -> str | None:
    """Return the unit that a line names, else the name itself: spellings of one unit are no contradiction."""
    unit = registry.find(line["province"], day) if line["province"] and day else None
    return unit.key if unit else line["province_key"]


def _read_figures(figures: pl.DataFrame, header: TableHeader, forms: Forms) -> pl.DataFrame:
    """Return the lines with their figures: place on the form, amount, rounding, and why there is none."""
    units = pl.DataFrame(
        [(alias, code, forms.units[code].factor) for alias, code in forms.unit_aliases.items()],
        schema=["unit_alias", "unit_code", "factor"],
        orient="row",
    )
    mapping = _mapping(figures["indicator"].unique().to_list(), forms)
    amount = pl.col("plain").cast(tables.AMOUNT, strict=False)
    return (
        figures.with_columns(
            visible_key(pl.col("unit")).alias("unit_alias"), *_plain(figures["value"], header.separator)
        )
        .with_columns(
            pl.col("plain").str.extract(r"\.([0-9]+)$").str.len_chars().fill_null(0).alias("decimals"),
            # Before it is multiplied: a number of thirty digits overflows.
            pl.when(amount.abs() < LARGEST).then(amount).alias("amount"),
        )
        .join(units, on="unit_alias", how="left", maintain_order="left")
        .join(mapping, on="indicator", how="left", maintain_order="left")
        .with_columns(
            pl.when(pl.col("decimals") <= MOST_DECIMALS, ~is_too_large(pl.col("amount") * pl.col("factor")))
            .then("amount")
            .alias("amount")
        )
        .with_columns(
            # A figure that no form asks for has no form and row, and its indicator for a column.
            pl.coalesce("measure", "indicator").fill_null("").alias("column"),
            (pl.col("amount") * pl.col("factor") * pl.col("sign").fill_null(1)).alias("figure"),
            pl.struct("amount", "decimals", "unit_code")
            .map_elements(lambda figure: _rounding(figure, forms), return_dtype=tables.AMOUNT)
            .fill_null(0)
            .alias("rounding"),
        )
        .with_columns(
            (pl.int_range(pl.len()).over(CELL) > 0).alias("is_again"),
            *(pl.col(name).first().over(CELL).name.prefix("first_") for name in ("line", "value", "figure", "unit")),
        )
        .with_columns(
            pl.when(pl.col("figure").is_not_null() & pl.col("first_figure").is_not_null())
            .then(pl.col("figure") == pl.col("first_figure"))
            .otherwise(
                pl.col("value").eq_missing(pl.col("first_value")) & pl.col("unit").eq_missing(pl.col("first_unit"))
            )
            .alias("is_same")
        )
        .with_columns((~pl.col("is_same")).any().over(CELL).alias("is_disputed"))
    )


def _plain(values: pl.Series, separator: str) -> list[pl.Expr]:
    """Return the values as plain decimals (null where they are none), the decimal mark, and which can be read twice.

    These files are written by machine: a decimal point, no grouping. A spreadsheet in Vietnam that saves them again
    writes a decimal comma, and a semicolon between columns.
    """
    has_comma = separator != "," and values.str.contains("^-?[0-9]+,[0-9]+$").any()
    has_point = values.str.contains(r"^-?[0-9]+\.[0-9]+$").any()
    mark = "," if has_comma and not has_point else "."
    value = pl.col("value")
    is_plain = value.str.contains(rf"^-?[0-9]+(?:\{mark}[0-9]+)?$")
    is_either = value.str.contains("^-?[1-9][0-9]{0,2},[0-9]{3}$")
    return [
        pl.when(is_plain & ~is_either).then(value.str.replace(",", ".", literal=True)).alias("plain"),
        pl.lit(mark).alias("mark"),
        is_either.fill_null(False).alias("is_either"),
    ]


def _rounding(figure: dict, forms: Forms) -> Decimal:
    """Return how far the true figure may lie from a printed one, in base units."""
    unit = forms.units.get(figure["unit_code"] or "")
    if unit is None or figure["amount"] is None:
        return Decimal(0)
    step = Decimal(1).scaleb(-figure["decimals"]) * unit.factor
    is_whole = not figure["decimals"]
    return rounding_of(figure["amount"] * unit.factor, step, unit, is_whole=is_whole, is_hedged=False)


def _cells(figures: pl.DataFrame) -> pl.DataFrame:
    is_known = pl.col("figure").is_not_null() & ~pl.col("is_disputed")
    state = pl.when(is_known).then(pl.lit(str(CellState.NUMBER))).otherwise(pl.lit(str(CellState.ILLEGIBLE)))
    return (
        figures.filter(~pl.col("is_again"))
        .select(
            "submission_id",
            "period_id",
            "form",
            pl.col("row").alias("row_code"),
            pl.col("column").alias("column_code"),
            pl.coalesce("unit_code", "unit").alias("unit"),
            pl.when(is_known).then("figure").alias("value"),
            "rounding",
            state.alias("state"),
            pl.col("value").alias("raw"),
            "sheet",
            "address",
        )
        .cast(tables.CELLS)
    )


def _line_remarks(figures: pl.DataFrame) -> list[pl.DataFrame]:
    """Report lines without a figure, with an unknown unit or indicator, and those that stand twice."""
    is_number, is_blank = pl.col("plain").is_not_null(), pl.col("value").is_null()
    repeats = figures.filter("is_again")
    identical_repeats = (
        repeats.filter("is_same")
        .with_columns(pl.len().over("submission_id").alias("count"))
        .unique("submission_id", keep="first", maintain_order=True)
    )
    frames = [
        remarks(figures.filter(is_blank), "no_value"),
        remarks(figures.filter("is_either"), "either_number"),
        remarks(figures.filter(~is_blank, ~is_number, ~pl.col("is_either")), "no_plain_number"),
        remarks(figures.filter(is_number, pl.col("amount").is_null()), "too_large"),
        remarks(figures.filter(pl.col("unit_code").is_null()), "unknown_unit_of_measure"),
        remarks(figures.filter(pl.col("form").is_null()), "unmapped_indicator"),
        remarks(repeats.filter(~pl.col("is_same")), "two_values"),
        remarks(identical_repeats, "repeated_line"),
    ]
    nowhere = [pl.lit(None, pl.String).alias(name) for name in ("form", "row_code", "column_code")]
    return [frame.with_columns(nowhere) for frame in frames]


def _mapping(indicators: list[str], forms: Forms) -> pl.DataFrame:
    """Return form, row, measure and sign of each indicator that the catalogue knows."""
    rows = []
    for indicator in indicators:
        if place := _place(indicator or "", forms):
            rows.append((indicator, *place, 1))
            continue
        # The ending of an indicator says that it is a change on last year: "thahc.thi_hanh_xong.tang_so_cung_ky".
        amount, _, ending = (indicator or "").rpartition(".")
        base_place, (change, sign) = _place(amount, forms), forms.change_endings.get(ending, ("", 0))
        if base_place and base_place[2] + change in forms.measures and sign:
            rows.append((indicator, base_place[0], base_place[1], base_place[2] + change, sign))
    schema = {"indicator": pl.String, "form": pl.String, "row": pl.String, "measure": pl.String, "sign": pl.Int32}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _place(indicator: str, forms: Forms) -> tuple[str, str, str] | None:
    """Return form, row and measure of an indicator that the catalogue lists, itself or under a prefix."""
    catalogue = forms.published
    if entry := catalogue["indicators"].get(indicator):
        return entry["form"], entry["row"], entry["measure"]
    for prefix, place in catalogue["prefixes"].items():
        measure = catalogue["measures"].get(indicator.removeprefix(f"{prefix}."))
        if measure and indicator.startswith(f"{prefix}."):
            return place["form"], place["row"], measure
    return None


def _vintage(case_id: str, forms: Forms) -> str:
    parts = case_id.upper().split("-")
    return next(
        (vintage for mark, vintage in forms.published["vintages"].items() if mark in parts), str(Vintage.REPORTED)
    )
