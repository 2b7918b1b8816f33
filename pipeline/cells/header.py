"""The header block of a sheet: who reports, for which period, in which version. Labels lead the way to the values."""

import re
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from pipeline.calendar.periods import Period, is_statistical_year
from pipeline.cells.anchors import header_labels
from pipeline.forms import Forms
from pipeline.text.address import addresses
from pipeline.text.day import day_or_none, parse_day, parse_days
from pipeline.text.spelling import fold, fold_column

HEADER_ROWS = 40  # a header block that has slid further down is none
_CIRCULAR = r"thông tư\D*(\d{1,2}/\d{4}/tt-btp)"  # folded text
_YEAR = r"năm(?:\s*(?:công tác|thống kê|báo cáo))?\s*(?P<year>\d{4})"
# "9 tháng năm 2023", "6 tháng đầu năm 2023", "9 tháng/2023", "năm 2023" - but "tháng 6 năm 2023" and "quý I năm 2023" may be
# one month or quarter alone, or all since October: only the office knows.
_MONTHS = re.compile(
    rf"(?:kỳ|báo cáo|thống kê|lũy kế|\s)*(?:(?P<months>\d{{1,2}})\s*tháng(?:\s*đầu)?|cả)?[\s,]*(?:{_YEAR}|(?<=tháng)\s*/\s*(?P<bare_year>\d{{4}}))"
)
_MONTH = r"tháng\s*(\d{1,2})\s*(?:/|-|năm)\s*(\d{4})"
_FROM_MONTH_TO_MONTH = re.compile(rf"(?:từ\s*)?{_MONTH}\s*(?:đến|tới|-)\s*(?:hết\s*)?{_MONTH}")


@dataclass(frozen=True)
class Field:
    """A value of the header block and where it stands."""

    text: str
    address: str


def read_headers(raw: pl.DataFrame, forms: Forms) -> dict[tuple[int, int], dict[str, Field]]:
    """Return the header fields of every sheet, by (file, sheet). ``raw`` as ``RAW_CELLS`` with ``file`` and ``key``."""
    labels = header_labels(forms)
    header_cells = raw.filter(pl.col("row") < HEADER_ROWS)
    is_label = pl.col("key").is_in(list(labels)) | pl.col("text").str.contains(":", literal=True)
    candidates = (
        header_cells.join(header_cells.filter(is_label), on=["file", "sheet", "row"], how="semi")
        .sort("file", "sheet", "row", "column")
        .with_columns(
            pl.col("key").replace_strict(labels, default=None, return_dtype=pl.String).alias("field"),
            fold_column(pl.col("text").str.extract(r"^([^:]{3,40}):", 1))
            .replace_strict(labels, default=None, return_dtype=pl.String)
            .alias("field_within"),
            pl.col("text").str.extract(r"^[^:]{3,40}:\s*(\S.*)$", 1).alias("value_within"),
            addresses(pl.col("row"), pl.col("column")).alias("address"),
            shown_text().alias("spoken"),
        )
    )
    adjacent_values = (
        candidates.with_columns(
            pl.col("spoken").shift(-1).over("file", "sheet", "row").alias("value"),
            pl.col("address").shift(-1).over("file", "sheet", "row").alias("value_address"),
            pl.col("field").shift(-1).over("file", "sheet", "row").alias("next_field"),
        )
        .filter(pl.col("field").is_not_null(), pl.col("next_field").is_null(), pl.col("value").is_not_null())
        .select("file", "sheet", "field", "value", pl.col("value_address").alias("address"))
    )
    inline_values = candidates.filter(
        pl.col("field_within").is_not_null(), pl.col("value_within").is_not_null()
    ).select("file", "sheet", pl.col("field_within").alias("field"), pl.col("value_within").alias("value"), "address")
    headers: dict[tuple[int, int], dict[str, Field]] = {}
    for file, sheet, name, value, address in pl.concat([adjacent_values, inline_values]).iter_rows():
        headers.setdefault((file, sheet), {}).setdefault(name, Field(value, address))
    return headers


def read_circulars(raw: pl.DataFrame) -> dict[tuple[int, int], Field]:
    """Return the circular that each sheet names for its form, by (file, sheet): the first above the table."""
    first_circulars = (
        raw.filter(pl.col("row") < HEADER_ROWS)
        .with_columns(pl.col("key").str.extract(_CIRCULAR, 1).str.to_uppercase().alias("circular"))
        .filter(pl.col("circular").is_not_null())
        .sort("file", "sheet", "row", "column")
        .unique(["file", "sheet"], keep="first", maintain_order=True)
        .select("file", "sheet", "circular", addresses(pl.col("row"), pl.col("column")).alias("address"))
    )
    return {(file, sheet): Field(circular, address) for file, sheet, circular, address in first_circulars.iter_rows()}


def shown_text() -> pl.Expr:
    """Return what a raw cell shows as text: whole numbers without a point, dates day first, TRUE and FALSE."""
    number = pl.col("number")

    def format_number(number: pl.Expr) -> pl.Expr:
        whole = pl.when((number == number.round(0)) & (number.abs() < 1e18)).then(number)
        return pl.coalesce(whole.cast(pl.Int64, strict=False).cast(pl.String), number.cast(pl.String))

    date = pl.col("text").str.replace(r"^(\d{4})-(\d{2})-(\d{2})(?:T00:00:00)?", "$3/$2/$1")
    return pl.coalesce(
        pl.when(pl.col("kind") == "bool").then(pl.when(number == 1).then(pl.lit("TRUE")).otherwise(pl.lit("FALSE"))),
        pl.when(pl.col("kind") == "date").then(date),
        pl.when(pl.col("kind") == "percent").then(pl.format("{}%", format_number((100 * number).round(6)))),
        pl.when(pl.col("text") != "").then(pl.col("text")),
        format_number(number),
    )


def read_period(header: dict[str, Field]) -> tuple[date | None, date | None]:
    """Return first and last day: from the two dates, and where one is not filled in, from the name of the period.

    A date that is written and does not exist is not made good by the name of the period.
    """
    names = ("period_start", "period_end")
    texts = {name: header[name].text for name in names if name in header and re.search(r"\d", header[name].text)}
    start, end = (parse_day(texts.get(name)) for name in names)
    if len(texts) < 2 and "period" in header:
        name_start, name_end = _parse_period_name(header["period"].text)
        return (
            start if "period_start" in texts else name_start,
            end if "period_end" in texts else name_end,
        )
    return start, end


def _parse_period_name(text: str) -> tuple[date | None, date | None]:
    """Return first and last day of a period that is named by its months, or by two days or two months."""
    key = fold(text)
    days = parse_days(text)
    if len(days) == 2:
        return days[0], days[1]
    if match := _FROM_MONTH_TO_MONTH.fullmatch(key):
        first_month, first_year, last_month, last_year = map(int, match.groups())
        next_month = (last_year + last_month // 12, last_month % 12 + 1)
        last = day_or_none(*next_month, 1) if 1 <= last_month <= 12 else None
        return day_or_none(first_year, first_month, 1), last - timedelta(1) if last else None
    match = _MONTHS.fullmatch(key)
    months, year = (int(match["months"] or 12), int(match["year"] or match["bare_year"])) if match else (0, 0)
    if 1 <= months <= 12 and is_statistical_year(year):
        period = Period(year, months)
        return period.start, period.end
    return None, None
