"""The words by which a sheet is recognised: labels and codes of every form, as one frame to join on."""

from functools import cache

import polars as pl

from pipeline.forms import Forms, forms
from pipeline.text.spelling import fold

COLUMN, ROW = "column", "row"
BY_CODE, BY_LABEL = "code", "label"


@cache
def axis_anchors() -> pl.DataFrame:
    """Return axis (column or row), regime, form, key (folded text), code and how the key names it (code or label)."""
    entries = [
        entry
        for form in forms().all
        for axis, lines in ((COLUMN, form.columns), (ROW, form.rows))
        for line in lines
        for entry in (
            (axis, form.regime.name, form.code, line.code, line.code, BY_CODE),
            *(
                (axis, form.regime.name, form.code, fold(label), line.code, BY_LABEL)
                for label in getattr(line, "labels", (line.vi,))
            ),
        )
    ]
    schema = ["axis", "regime", "form", "key", "code", "how"]
    return pl.DataFrame(entries, schema=schema, orient="row").unique(maintain_order=True)


@cache
def required_lines() -> pl.DataFrame:
    """Return axis, regime, form, code of what a sheet must have: open rows that an office does not use may be left out."""
    entries = [
        (axis, form.regime.name, form.code, line.code)
        for form in forms().all
        for axis, lines in ((COLUMN, form.columns), (ROW, form.rows))
        for line in lines
        if not getattr(line, "is_open", False)
    ]
    return pl.DataFrame(entries, schema=["axis", "regime", "form", "code"], orient="row")


@cache
def form_names() -> pl.DataFrame:
    """Return regime, key (folded number or title), form: the words by which a sheet says which form it is."""
    entries = [
        (form.regime.name, key, form.code, rank)
        for form in forms().all
        for rank, key in ((0, fold(form.number)), (1, fold(form.number.split("/")[0])), (2, fold(form.vi)))
    ]
    return pl.DataFrame(entries, schema=["regime", "key", "named", "rank"], orient="row").unique(
        ["regime", "key"], maintain_order=True
    )


def header_labels(declarations: Forms) -> dict[str, str]:
    """Return the fields of the header block by folded label, Vietnamese and English."""
    return {fold(entry[language]): name for name, entry in declarations.header.items() for language in ("vi", "en")}
