"""Finds the forms in raw sheets and gives every figure its row and column, by codes and labels, over all files at once.

A shifted or re-ordered table is read right, because nothing but the words on the sheet says where a figure belongs.
"""

from dataclasses import dataclass

import polars as pl

from pipeline.cells.address import addresses
from pipeline.cells.anchors import COLUMN, ROW, axis_anchors, form_names, required_lines
from pipeline.cells.blanks import blanks_in_sums, empty_forms
from pipeline.cells.figure import LARGEST, half_unit
from pipeline.cells.header import spoken
from pipeline.cells.numerals import numerals
from pipeline.forms import Forms
from pipeline.forms.declaration import NAME
from pipeline.tables import AMOUNT
from pipeline.vocabulary import CellState

SHEET = ["file", "sheet"]
LEAST_SHARE = 0.5  # of a form's columns: fewer, and the table is not the form


@dataclass(frozen=True)
class Recognised:
    """What was found: forms (file, sheet, form, regime), cells and remarks, all still by file and sheet."""

    forms: pl.DataFrame
    cells: pl.DataFrame
    remarks: pl.DataFrame


def recognise(raw: pl.DataFrame, regimes: pl.DataFrame, forms: Forms) -> Recognised:
    """Find the forms on the sheets of ``raw`` (``RAW_CELLS`` with ``file`` and ``key``, the folded text).

    ``regimes`` has file, sheet, regime: whose forms to look for on a sheet. Cells come back with value in base units,
    rounding, state, raw text and address.
    """
    words = raw.filter(pl.col("key").is_not_null(), pl.col("key") != "").join(regimes, on=SHEET)
    sheets = _identify(words, forms)
    located = _locate(words.join(sheets.select(*SHEET, "form"), on=SHEET))
    columns, rows = located.filter(pl.col("axis") == COLUMN), located.filter(pl.col("axis") == ROW)
    first = _first(columns, rows)
    grid = (
        rows.filter("is_first")
        .select(*SHEET, "regime", "form", pl.col("at").alias("row"), pl.col("code").alias("row_code"))
        .join(
            columns.filter("is_first").select(
                *SHEET, pl.col("at").alias("column"), pl.col("code").alias("column_code")
            ),
            on=SHEET,
        )
        .join(raw.drop("key"), on=[*SHEET, "row", "column"], how="left")
        .join(_units(forms), on=["regime", "form", "row_code", "column_code"], how="left")
        .with_columns(addresses(pl.col("row"), pl.col("column")).alias("address"))
    )
    cells = _read(grid)
    remarks = pl.concat(
        [
            _illegible(cells),
            empty_forms(cells),
            blanks_in_sums(cells, sheets, forms),
            _missing(sheets, located, required_lines()),
            _doubled(located),
            _mismatched(located),
            _unknown_rows(raw, columns, rows, first),
        ],
        how="diagonal",
    )
    return Recognised(sheets, cells, remarks)


def _identify(words: pl.DataFrame, forms: Forms) -> pl.DataFrame:
    """Return which form each sheet is: by number, by title, else by the columns it has."""
    named = words.join(form_names(), on=["regime", "key"]).sort(*SHEET, "rank", "row", "column")
    sizes = pl.DataFrame(
        [(form.regime.name, form.code, len(form.columns)) for form in forms.all],
        schema={"regime": pl.String, "form": pl.String, "size": pl.UInt32},
        orient="row",
    )
    matched = (
        words.join(axis_anchors().filter(pl.col("axis") == COLUMN), on=["regime", "key"])
        .group_by(*SHEET, "regime", "form")
        .agg(pl.col("code").n_unique().alias("matched"))
        .join(sizes, on=["regime", "form"])
        .filter(pl.col("matched") >= LEAST_SHARE * pl.col("size"))
    )
    by_columns = (
        matched.with_columns((pl.col("matched") / pl.col("size")).alias("share"))
        .sort(*SHEET, "share", "matched", "form", descending=[False, False, True, True, False])
        .unique(SHEET, keep="first", maintain_order=True)
        .join(named, on=SHEET, how="anti")
        .filter(pl.col("share") >= 0.9)
        .select(*SHEET, "regime", "form")
    )
    # A sheet that calls itself a form but has none of its columns is refused: it is another agency's table. A word
    # that names another form in passing ("01" in a list) does not count against the form that the columns bear out.
    ours = (
        named.select(*SHEET, "regime", pl.col("named").alias("form"))
        .join(matched.select(*SHEET, "form"), on=[*SHEET, "form"], how="semi")
        .unique(SHEET, keep="first", maintain_order=True)
    )
    return pl.concat([ours, by_columns]).sort(SHEET)


def _locate(words: pl.DataFrame) -> pl.DataFrame:
    """Return where every row and column of a form stands: axis, code, at (0-based), line (the header line), how.

    The line of column heads is the one with most codes, else most labels; rows are looked for below it and outside
    the columns of figures. Where code and label both name something, the code leads.
    """
    columns = words.join(axis_anchors().filter(pl.col("axis") == COLUMN), on=["regime", "form", "key"])
    heads = _best_line(columns, along="row", position="column")
    head = heads.group_by(SHEET).agg(pl.col("line").max().alias("head"))
    rows = (
        words.join(axis_anchors().filter(pl.col("axis") == ROW), on=["regime", "form", "key"])
        .join(head, on=SHEET)
        .filter(pl.col("row") > pl.col("head"))
        .join(heads.select(*SHEET, pl.col("at").alias("column")), on=[*SHEET, "column"], how="anti")
    )
    return pl.concat([heads, _best_line(rows, along="column", position="row")])


def _best_line(found: pl.DataFrame, *, along: str, position: str) -> pl.DataFrame:
    """Keep, per sheet and way of naming, the line on which most is named; then mark first and doubled places."""
    by = [*SHEET, "how"]
    best = (
        found.group_by(*by, along)
        .agg(pl.col("code").n_unique().alias("named"))
        .sort(*by, "named", along, descending=[False, False, False, True, False])
        .unique(by, keep="first", maintain_order=True)
    )
    kept = found.join(best.select(*by, along), on=[*by, along]).select(
        *SHEET,
        "regime",
        "form",
        "axis",
        "code",
        "how",
        pl.col(along).alias("line"),
        pl.col(position).alias("at"),
        "text",
    )
    leading = (
        kept.sort(*SHEET, "axis", "code", "how", "at")  # "code" sorts before "label"
        .with_columns(pl.col("how").first().over(*SHEET, "axis", "code").alias("leads"))
        .with_columns((pl.col("how") == pl.col("leads")).alias("is_leading"))
    )
    taken = leading.filter("is_leading").select(*SHEET, "axis", "at", pl.col("code").alias("taken_by"))
    return (
        leading.join(
            taken.unique([*SHEET, "axis", "at"], keep="first", maintain_order=True),
            on=[*SHEET, "axis", "at"],
            how="left",
        )
        .with_columns(
            (pl.col("is_leading") & (pl.int_range(pl.len()).over(*SHEET, "axis", "code", "how") == 0)).alias("is_first")
        )
        .sort(*SHEET, "axis", "at", "how")
    )


def _first(columns: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """Return the first row of figures of every sheet."""
    return rows.group_by(SHEET).agg(pl.col("at").min().alias("first_row"))


def _units(forms: Forms) -> pl.DataFrame:
    """Return unit and factor of every cell of every form."""
    entries = [
        (form.regime.name, form.code, row.code, column.code, unit.code, unit.factor, unit.is_rounded)
        for form in forms.all
        for row in form.rows
        for column in form.columns
        for unit in [forms.units[form.unit_of(row.code, column.code)]]
    ]
    schema = ["regime", "form", "row_code", "column_code", "unit", "factor", "is_rounded"]
    return pl.DataFrame(entries, schema=schema, orient="row")


def _read(grid: pl.DataFrame) -> pl.DataFrame:
    """Return the cells of the grid with value, rounding and state; a text is read as a Vietnamese numeral."""
    is_figure = (pl.col("number").abs() * pl.col("factor") < LARGEST).fill_null(False)  # false of NaN and infinity too
    read = grid.with_columns(
        pl.when(pl.col("kind") == "text").then(pl.col("text")).alias("written"),
        pl.when((pl.col("kind") == "number") & is_figure).then("number").round(6).cast(AMOUNT).alias("typed"),
        spoken().alias("raw"),
    ).with_columns(numerals(pl.col("written")).struct.unnest())
    typed_places = pl.col("number").cast(pl.String).str.extract(r"\.(\d*[1-9])0*$").str.len_chars().fill_null(0)
    is_rate = pl.col("unit").is_in(["percent", "point"])
    return (
        read.rename({"state": "text_state", "value": "text_value"})
        .with_columns(
            pl.coalesce("typed", "text_value").alias("printed"),
            pl.when(pl.col("kind") == "number").then(typed_places).otherwise("places").alias("places"),
        )
        .with_columns((pl.col("printed") * pl.col("factor")).alias("in_base"))
        .with_columns(
            pl.when(pl.col("unit") == NAME)
            .then(None)
            .when(pl.col("reason").is_not_null())
            .then("reason")
            .when(((pl.col("kind") == "number") & pl.col("typed").is_null()) | (pl.col("in_base").abs() >= LARGEST))
            .then(pl.lit("too_large"))
            .when(pl.col("is_percent") & ~is_rate)
            .then(pl.lit("percent_of_what"))
            .alias("reason")
        )
        .with_columns(
            pl.when(pl.col("kind").is_null())
            .then(pl.lit(str(CellState.BLANK)))
            .when((pl.col("unit") == NAME) & pl.col("kind").is_in(["number", "text"]))
            .then(pl.lit(str(CellState.TEXT)))
            .when(~pl.col("kind").is_in(["number", "text"]) | pl.col("reason").is_not_null())
            .then(pl.lit(str(CellState.ILLEGIBLE)))
            .when(pl.col("kind") == "text")
            .then("text_state")
            .otherwise(pl.lit(str(CellState.NUMBER)))
            .alias("state")
        )
        .with_columns(
            pl.when(pl.col("state").is_in([str(CellState.NUMBER), str(CellState.NIL)])).then("in_base").alias("value"),
            pl.when(pl.col("is_rounded") & pl.col("places").is_not_null())
            .then(half_unit(pl.col("places")))
            .otherwise(0)
            .alias("rounding"),
        )
        .select(
            *SHEET,
            "form",
            "row_code",
            "column_code",
            "unit",
            "value",
            "rounding",
            "state",
            "raw",
            "address",
            "kind",
            "reason",
            pl.col("reason_vi").alias("why_vi"),
            pl.col("reason_en").alias("why_en"),
        )
    )


def _illegible(cells: pl.DataFrame) -> pl.DataFrame:
    """Tell every cell that should hold a figure and does not."""
    code = (
        pl.when(pl.col("kind") == "error")
        .then(pl.lit("excel_error"))
        .when(pl.col("kind") == "formula")
        .then(pl.lit("formula_without_value"))
        .when(pl.col("reason") == "ambiguous_number")
        .then(pl.lit("ambiguous_number"))
        .otherwise(pl.lit("not_a_number"))
    )
    told_vi = pl.coalesce(
        "why_vi",
        pl.when(pl.col("reason") == "too_large").then(pl.format("ghi «{}», lớn hơn mọi số có thể có", "raw")),
        pl.when(pl.col("reason") == "percent_of_what").then(
            pl.format("ghi «{}», nhưng cột này không tính bằng %", "raw")
        ),
        pl.format("ghi «{}», không phải là số", pl.col("raw").fill_null("")),
    )
    told_en = pl.coalesce(
        "why_en",
        pl.when(pl.col("reason") == "too_large").then(pl.format("holds '{}', more than any figure can be", "raw")),
        pl.when(pl.col("reason") == "percent_of_what").then(
            pl.format("holds '{}', but this column is not in per cent", "raw")
        ),
        pl.format("holds '{}', which is no number", pl.col("raw").fill_null("")),
    )
    by_code_vi = {
        "excel_error": "mang lỗi {} của Excel; hãy sửa công thức hoặc nhập số",
        "formula_without_value": "có công thức {} chưa tính; hãy mở bằng Excel, tính lại và lưu",
    }
    by_code_en = {
        "excel_error": "holds the Excel error {}; mend the formula or type the figure",
        "formula_without_value": "holds the formula {} without a value; open it in Excel, recalculate and save",
    }
    return (
        cells.filter(pl.col("state") == str(CellState.ILLEGIBLE))
        .with_columns(code.alias("code"))
        .with_columns(
            pl.when(pl.col("code") == "excel_error")
            .then(pl.format(by_code_vi["excel_error"], "raw"))
            .when(pl.col("code") == "formula_without_value")
            .then(pl.format(by_code_vi["formula_without_value"], "raw"))
            .otherwise(told_vi)
            .alias("vi"),
            pl.when(pl.col("code") == "excel_error")
            .then(pl.format(by_code_en["excel_error"], "raw"))
            .when(pl.col("code") == "formula_without_value")
            .then(pl.format(by_code_en["formula_without_value"], "raw"))
            .otherwise(told_en)
            .alias("en"),
        )
        .select(
            *SHEET,
            "form",
            "code",
            "row_code",
            "column_code",
            "address",
            "raw",
            pl.format("Ô {}: {}.", "address", "vi").alias("detail_vi"),
            pl.format("Cell {}: {}.", "address", "en").alias("detail_en"),
        )
    )


def _missing(sheets: pl.DataFrame, located: pl.DataFrame, declared: pl.DataFrame) -> pl.DataFrame:
    """Tell the rows and columns that a form should have and the sheet has not."""
    return (
        sheets.join(declared, on=["regime", "form"])
        .join(located.filter("is_first"), on=[*SHEET, "axis", "code"], how="anti")
        .select(
            *SHEET,
            "form",
            pl.format("missing_{}", "axis").alias("code"),
            pl.when(pl.col("axis") == ROW).then("code").alias("row_code"),
            pl.when(pl.col("axis") == COLUMN).then("code").alias("column_code"),
            pl.format("Thiếu {} «{}».", _axis_vi(), "code").alias("detail_vi"),
            pl.format("The {} '{}' is missing.", "axis", "code").alias("detail_en"),
        )
    )


def _doubled(located: pl.DataFrame) -> pl.DataFrame:
    """Tell rows and columns that stand twice; the first is the one read."""
    return located.filter(pl.col("is_leading") & ~pl.col("is_first")).select(
        *SHEET,
        "form",
        pl.format("duplicate_{}", "axis").alias("code"),
        pl.when(pl.col("axis") == ROW).then("code").alias("row_code"),
        pl.when(pl.col("axis") == COLUMN).then("code").alias("column_code"),
        _place().alias("address"),
        pl.col("text").alias("raw"),
        pl.format("Ô {}: {} «{}» xuất hiện hai lần.", _place(), _axis_vi(), "code").alias("detail_vi"),
        pl.format("Cell {}: the {} '{}' stands twice.", _place(), "axis", "code").alias("detail_en"),
    )


def _mismatched(located: pl.DataFrame) -> pl.DataFrame:
    """Tell labels that contradict the code on the same line."""
    contradicted = located.filter(
        ~pl.col("is_leading"), pl.col("taken_by").is_not_null(), pl.col("taken_by") != pl.col("code")
    )
    return contradicted.select(
        *SHEET,
        "form",
        pl.lit("label_mismatch").alias("code"),
        pl.when(pl.col("axis") == ROW).then("taken_by").alias("row_code"),
        pl.when(pl.col("axis") == COLUMN).then("taken_by").alias("column_code"),
        _place().alias("address"),
        pl.col("text").alias("raw"),
        pl.format(
            "Ô {}: tên «{}» không khớp với mã «{}»; số liệu được đọc theo mã.", _place(), "text", "taken_by"
        ).alias("detail_vi"),
        pl.format(
            "Cell {}: the label '{}' contradicts the code '{}', which leads.", _place(), "text", "taken_by"
        ).alias("detail_en"),
    )


def _unknown_rows(raw: pl.DataFrame, columns: pl.DataFrame, rows: pl.DataFrame, first: pl.DataFrame) -> pl.DataFrame:
    """Tell figures below the first row that stand in a row which the form has not."""
    return (
        raw.filter(pl.col("kind") == "number")
        .join(columns.filter("is_first").select(*SHEET, "form", pl.col("at").alias("column")), on=[*SHEET, "column"])
        .join(first, on=SHEET)
        .filter(pl.col("row") > pl.col("first_row"))
        .join(rows.select(*SHEET, pl.col("at").alias("row")), on=[*SHEET, "row"], how="anti")
        .sort(*SHEET, "row", "column")
        .unique([*SHEET, "row"], keep="first", maintain_order=True)
        .with_columns(addresses(pl.col("row"), pl.col("column")).alias("address"), spoken().alias("raw"))
        .select(
            *SHEET,
            "form",
            pl.lit("unknown_row").alias("code"),
            "address",
            "raw",
            pl.format("Ô {}: số {} nằm ở dòng không có trong mẫu biểu.", "address", "raw").alias("detail_vi"),
            pl.format("Cell {}: {} stands in a row that the form has not.", "address", "raw").alias("detail_en"),
        )
    )


def _place() -> pl.Expr:
    is_row = pl.col("axis") == ROW
    return addresses(pl.when(is_row).then("at").otherwise("line"), pl.when(is_row).then("line").otherwise("at"))


def _axis_vi() -> pl.Expr:
    return pl.when(pl.col("axis") == ROW).then(pl.lit("dòng")).otherwise(pl.lit("cột"))
