"""The header block of a sheet: who reports, for which period, in which version. Labels lead the way to the values."""

import re
from dataclasses import dataclass
from datetime import date

import polars as pl

from pipeline.cells.address import addresses
from pipeline.cells.anchors import header_labels
from pipeline.cells.text import fold, folded
from pipeline.forms import Forms
from pipeline.registry.periods import Period, is_statistical_year

HEADER_ROWS = 40  # a header block that has slid further down is none
_DAY = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})")
_CIRCULAR = r"thông tư\D*(\d{1,2}/\d{4}/tt-btp)"  # folded text
_ISO_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
# "9 tháng năm 2023", "6 tháng đầu năm 2023", "năm 2023" - but "tháng 6 năm 2023" and "quý I năm 2023" are other spans.
_MONTHS = re.compile(r"(?:kỳ|báo cáo|thống kê|\s)*(?:(\d{1,2})\s*tháng(?:\s*đầu)?|cả)?\s*năm\s*(\d{4})")


@dataclass(frozen=True)
class Field:
    """A value of the header block and where it stands."""

    text: str
    address: str


def read_headers(raw: pl.DataFrame, forms: Forms) -> dict[tuple[int, int], dict[str, Field]]:
    """Return the header fields of every sheet, by (file, sheet). ``raw`` as ``RAW_CELLS`` with ``file`` and ``key``."""
    labels = header_labels(forms)
    near = raw.filter(pl.col("row") < HEADER_ROWS)
    speaks = pl.col("key").is_in(list(labels)) | pl.col("text").str.contains(":", literal=True)
    top = (
        near.join(near.filter(speaks), on=["file", "sheet", "row"], how="semi")
        .sort("file", "sheet", "row", "column")
        .with_columns(
            pl.col("key").replace_strict(labels, default=None, return_dtype=pl.String).alias("field"),
            folded(pl.col("text").str.extract(r"^([^:]{3,40}):", 1))
            .replace_strict(labels, default=None, return_dtype=pl.String)
            .alias("field_within"),
            pl.col("text").str.extract(r"^[^:]{3,40}:\s*(\S.*)$", 1).alias("value_within"),
            addresses(pl.col("row"), pl.col("column")).alias("address"),
            spoken().alias("spoken"),
        )
    )
    beside = (
        top.with_columns(
            pl.col("spoken").shift(-1).over("file", "sheet", "row").alias("value"),
            pl.col("address").shift(-1).over("file", "sheet", "row").alias("value_address"),
            pl.col("field").shift(-1).over("file", "sheet", "row").alias("next_field"),
        )
        .filter(pl.col("field").is_not_null(), pl.col("next_field").is_null(), pl.col("value").is_not_null())
        .select("file", "sheet", "field", "value", pl.col("value_address").alias("address"))
    )
    within = top.filter(pl.col("field_within").is_not_null(), pl.col("value_within").is_not_null()).select(
        "file", "sheet", pl.col("field_within").alias("field"), pl.col("value_within").alias("value"), "address"
    )
    headers: dict[tuple[int, int], dict[str, Field]] = {}
    for file, sheet, name, value, address in pl.concat([beside, within]).iter_rows():
        headers.setdefault((file, sheet), {}).setdefault(name, Field(value, address))
    return headers


def read_circulars(raw: pl.DataFrame) -> dict[tuple[int, int], Field]:
    """Return the circular that each sheet says its form is of, by (file, sheet): the first above the table."""
    named = (
        raw.filter(pl.col("row") < HEADER_ROWS)
        .with_columns(pl.col("key").str.extract(_CIRCULAR, 1).str.to_uppercase().alias("circular"))
        .filter(pl.col("circular").is_not_null())
        .sort("file", "sheet", "row", "column")
        .unique(["file", "sheet"], keep="first", maintain_order=True)
        .select("file", "sheet", "circular", addresses(pl.col("row"), pl.col("column")).alias("address"))
    )
    return {(file, sheet): Field(circular, address) for file, sheet, circular, address in named.iter_rows()}


def spoken() -> pl.Expr:
    """Return what a raw cell shows as text: whole numbers without a point, dates day first, TRUE and FALSE."""
    number = pl.col("number")

    def shown(number: pl.Expr) -> pl.Expr:
        whole = pl.when((number == number.round(0)) & (number.abs() < 1e18)).then(number)
        return pl.coalesce(whole.cast(pl.Int64, strict=False).cast(pl.String), number.cast(pl.String))

    date = pl.col("text").str.replace(r"^(\d{4})-(\d{2})-(\d{2})(?:T00:00:00)?", "$3/$2/$1")
    return pl.coalesce(
        pl.when(pl.col("kind") == "bool").then(pl.when(number == 1).then(pl.lit("TRUE")).otherwise(pl.lit("FALSE"))),
        pl.when(pl.col("kind") == "date").then(date),
        pl.when(pl.col("kind") == "percent").then(pl.format("{}%", shown((100 * number).round(6)))),
        pl.when(pl.col("text") != "").then(pl.col("text")),
        shown(number),
    )


def parse_day(text: str | None) -> date | None:
    """Read a day written 30/06/2023 (day first) or 2023-06-30."""
    if match := _ISO_DAY.search(text or ""):
        parts = [int(part) for part in match.groups()]
    elif match := _DAY.search(text or ""):
        parts = [int(part) for part in reversed(match.groups())]
    else:
        return None
    try:
        return date(*parts)
    except ValueError:
        return None


def read_period(header: dict[str, Field]) -> tuple[date | None, date | None]:
    """Return first and last day: from the two dates, else from "9 tháng năm 2023"."""
    start, end = (parse_day(header[name].text) if name in header else None for name in ("period_start", "period_end"))
    if (start is None or end is None) and "period" in header:
        match = _MONTHS.fullmatch(fold(header["period"].text))
        months = int(match[1] or 12) if match else 0
        if match and 1 <= months <= 12 and is_statistical_year(int(match[2])):
            period = Period(int(match[2]), months)
            return start or period.start, end or period.end
    return start, end
