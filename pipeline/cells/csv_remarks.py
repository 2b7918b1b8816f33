"""Remarks of the CSV readers, on whole columns of lines or on one; their sentences stand in ``csv_remarks.yaml``."""

import re
from functools import cache
from pathlib import Path

import polars as pl
import yaml

from pipeline import tables

#: Characters of a text that a sentence quotes; all of it stands in ``raw``.
MOST_QUOTED = 120


@cache
def sentences() -> dict[str, dict[str, str]]:
    """Return code and sentences of every remark."""
    return yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8"))


def remarks(lines: pl.DataFrame, name: str, *, address: str = "address", raw: str = "value") -> pl.DataFrame:
    """Return one remark (``tables.REMARKS``) a line; a sentence's placeholders are columns of the lines.

    ``form``, ``row`` and ``column`` are the place of the line, where it is known.
    """
    entry = sentences()[name]
    places = {"form": "form", "row_code": "row", "column_code": "column"}
    return (
        lines.select(
            "submission_id",
            pl.lit(entry["code"]).alias("code"),
            *(
                (pl.col(column) if column in lines.columns else pl.lit(None, pl.String)).alias(place)
                for place, column in places.items()
            ),
            "sheet",
            pl.col(address).alias("address"),
            pl.col(raw).alias("raw"),
            pl.lit(None, tables.AMOUNT).alias("worked_out"),
            _fill(entry["vi"]).alias("detail_vi"),
            _fill(entry["en"]).alias("detail_en"),
        )
        .select(list(tables.REMARKS))
        .cast(tables.REMARKS)
    )


def remark(name: str, sheet: str, address: str | None, raw: str | None, **details: object) -> dict:
    """Return one remark on a report as a whole; the caller adds its submission."""
    entry = sentences()[name]
    quotations = {key: _shorten(str(value)) for key, value in details.items()}
    quotations |= {"address": address or "", "raw": _shorten(raw or "")}
    return {
        "code": entry["code"],
        "sheet": sheet,
        "address": address,
        "raw": raw,
        "detail_vi": entry["vi"].format(**quotations),
        "detail_en": entry["en"].format(**quotations),
    }


def _shorten(text: str) -> str:
    return text if len(text) <= MOST_QUOTED else f"{text[:MOST_QUOTED]}…"


def _fill(template: str) -> pl.Expr:
    pieces = re.split(r"\{(\w+)\}", template)
    return pl.concat_str(_quote(piece) if index % 2 else pl.lit(piece) for index, piece in enumerate(pieces))


def _quote(name: str) -> pl.Expr:
    text = pl.col(name).cast(pl.String).fill_null("")
    return pl.when(text.str.len_chars() > MOST_QUOTED).then(text.str.head(MOST_QUOTED) + "…").otherwise(text)
