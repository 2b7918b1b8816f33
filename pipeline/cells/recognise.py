"""Finds the forms in raw sheets and gives every figure its row and column, by codes and labels, over all files at once.

A shifted or re-ordered table is read right, because nothing but the words on the sheet says where a figure belongs.
"""

from dataclasses import dataclass
from decimal import Decimal

import polars as pl

from pipeline.cells.anchors import COLUMN, ROW, axis_anchors, form_names, required_lines
from pipeline.cells.blanks import SILENT, blanks_in_sums, empty_forms
from pipeline.cells.figure import LARGEST, half_unit, percent_figure, typed_figure
from pipeline.cells.header import shown_text
from pipeline.cells.numerals import numerals
from pipeline.forms import Forms
from pipeline.forms.declaration import NAME
from pipeline.text.address import addresses
from pipeline.vocabulary import CellState

SHEET = ["file", "sheet"]
LEAST_SHARE = 0.5  # of a form's columns: fewer, and the table is not the form
RATES = ["percent", "point"]
#: A text that nobody writes but as a figure, and the words that begin the label of a subtotal.
NUMERAL_TEXT = r"^\s*[-+(]?\d[\d., ]*\)?\s*%?\s*$"
SUBTOTAL = r"^(?:\S+ )?(?:cộng|tổng|total|sum)\b"


@dataclass(frozen=True)
class Recognition:
    """What was recognised: forms (file, sheet, form, regime), cells and remarks, all still by file and sheet.

    ``copies`` (file, sheet) are blank copies of forms that are filled in on another sheet; a remark names them.
    """

    forms: pl.DataFrame
    copies: pl.DataFrame
    cells: pl.DataFrame
    remarks: pl.DataFrame


def recognise(raw: pl.DataFrame, regimes: pl.DataFrame, forms: Forms) -> Recognition:
    """Find the forms on the sheets of ``raw`` (``RAW_CELLS`` with ``file`` and ``key``, the folded text).

    ``regimes`` has file, sheet, regime, name: whose forms to look for on a sheet, and its name. Cells come back
    with value in base units, rounding, state, raw text and address.
    """
    words = raw.filter(pl.col("key").is_not_null(), pl.col("key") != "").join(regimes.drop("name"), on=SHEET)
    sheets = _identify(words, forms)
    positions = _locate(words.join(sheets.select(*SHEET, "form"), on=SHEET))
    columns, rows = positions.filter(pl.col("axis") == COLUMN), positions.filter(pl.col("axis") == ROW)
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
    cells = _read_figures(grid)
    copies = _blank_copies(cells)
    cells, sheets, positions, rows, columns = (
        frame.join(copies, on=SHEET, how="anti", maintain_order="left")
        for frame in (cells, sheets, positions, rows, columns)
    )
    remarks = pl.concat(
        [
            _blank_copy_remarks(copies, regimes),
            _stale_formula_remarks(cells),
            _illegible_remarks(cells, _rates_in_error(cells, sheets, forms)),
            empty_forms(cells),
            blanks_in_sums(cells, sheets, forms),
            _missing_line_remarks(sheets, positions, required_lines()),
            _duplicate_line_remarks(positions),
            _label_mismatch_remarks(positions),
            _unknown_row_remarks(raw, cells, columns, rows, sheets),
            _unknown_column_remarks(raw, positions, columns, rows),
        ],
        how="diagonal",
    )
    return Recognition(sheets, copies.select(SHEET), cells, remarks)


def _identify(words: pl.DataFrame, forms: Forms) -> pl.DataFrame:
    """Return which form each sheet is: by number, by title, else by the columns it has."""
    name_matches = words.join(form_names(), on=["regime", "key"]).sort(*SHEET, "rank", "row", "column")
    sizes = pl.DataFrame(
        [(form.regime.name, form.code, len(form.columns)) for form in forms.all],
        schema={"regime": pl.String, "form": pl.String, "size": pl.UInt32},
        orient="row",
    )
    column_matches = (
        words.join(axis_anchors().filter(pl.col("axis") == COLUMN), on=["regime", "key"])
        .group_by(*SHEET, "regime", "form")
        .agg(pl.col("code").n_unique().alias("matched"))
        .join(sizes, on=["regime", "form"])
        .filter(pl.col("matched") >= LEAST_SHARE * pl.col("size"))
    )
    by_columns = (
        column_matches.with_columns((pl.col("matched") / pl.col("size")).alias("share"))
        .sort(*SHEET, "share", "matched", "form", descending=[False, False, True, True, False])
        .unique(SHEET, keep="first", maintain_order=True)
        .join(name_matches, on=SHEET, how="anti")
        .filter(pl.col("share") >= 0.9)
        .select(*SHEET, "regime", "form")
    )
    # A sheet that calls itself a form but has none of its columns is refused: it is another agency's table. A word
    # that names another form in passing ("01" in a list) does not count against the form that the columns bear out.
    by_name = (
        name_matches.select(*SHEET, "regime", pl.col("named").alias("form"))
        .join(column_matches.select(*SHEET, "form"), on=[*SHEET, "form"], how="semi")
        .unique(SHEET, keep="first", maintain_order=True)
    )
    return pl.concat([by_name, by_columns]).sort(SHEET)


def _locate(words: pl.DataFrame) -> pl.DataFrame:
    """Return where every row and column of a form stands: axis, code, at (0-based), line (the header line), how.

    The line of column heads is the one with most codes, else most labels; rows are looked for below it and outside
    the columns of figures. Where code and label both name something, the code leads.
    """
    columns = words.join(axis_anchors().filter(pl.col("axis") == COLUMN), on=["regime", "form", "key"])
    heads = _best_line(columns, line_axis="row", place_axis="column")
    head = heads.group_by(SHEET).agg(pl.col("line").max().alias("head"))
    rows = (
        words.join(axis_anchors().filter(pl.col("axis") == ROW), on=["regime", "form", "key"])
        .join(head, on=SHEET)
        .filter(pl.col("row") > pl.col("head"))
        .join(heads.select(*SHEET, pl.col("at").alias("column")), on=[*SHEET, "column"], how="anti")
    )
    return pl.concat([heads, _best_line(rows, line_axis="column", place_axis="row")])


def _best_line(matches: pl.DataFrame, *, line_axis: str, place_axis: str) -> pl.DataFrame:
    """Keep, per sheet and way of naming, the line with most matches; then mark first and duplicate places."""
    group = [*SHEET, "how"]
    best = (
        matches.group_by(*group, line_axis)
        .agg(pl.col("code").n_unique().alias("named"))
        .sort(*group, "named", line_axis, descending=[False, False, False, True, False])
        .unique(group, keep="first", maintain_order=True)
    )
    line_matches = matches.join(best.select(*group, line_axis), on=[*group, line_axis]).select(
        *SHEET,
        "regime",
        "form",
        "axis",
        "code",
        "how",
        pl.col(line_axis).alias("line"),
        pl.col(place_axis).alias("at"),
        "text",
    )
    ranked = (
        line_matches.sort(*SHEET, "axis", "code", "how", "at")  # "code" sorts before "label"
        .with_columns(pl.col("how").first().over(*SHEET, "axis", "code").alias("leads"))
        .with_columns((pl.col("how") == pl.col("leads")).alias("is_leading"))
    )
    leaders = ranked.filter("is_leading").select(*SHEET, "axis", "at", pl.col("code").alias("taken_by"))
    return (
        ranked.join(
            leaders.unique([*SHEET, "axis", "at"], keep="first", maintain_order=True),
            on=[*SHEET, "axis", "at"],
            how="left",
        )
        .with_columns(
            (pl.col("is_leading") & (pl.int_range(pl.len()).over(*SHEET, "axis", "code", "how") == 0)).alias("is_first")
        )
        .sort(*SHEET, "axis", "at", "how")
    )


def _units(forms: Forms) -> pl.DataFrame:
    """Return unit and factor of every cell of every form, and whether the form computes the cell."""
    entries = [
        (
            *(form.regime.name, form.code, row.code, column.code, unit.code, unit.factor, unit.is_rounded),
            bool(row.is_total or column.equals or column.ratio),
        )
        for form in forms.all
        for row in form.rows
        for column in form.columns
        for unit in [forms.units[form.unit_of(row.code, column.code)]]
    ]
    schema = ["regime", "form", "row_code", "column_code", "unit", "factor", "is_rounded", "is_computed"]
    return pl.DataFrame(entries, schema=schema, orient="row")


def _read_figures(grid: pl.DataFrame) -> pl.DataFrame:
    """Return the cells of the grid with value, rounding and state; a text is read as a Vietnamese numeral."""
    is_figure = (pl.col("number").abs() * pl.col("factor") < LARGEST).fill_null(False)  # false of NaN and infinity too
    is_number, is_per_cent = pl.col("kind").is_in(["number", "percent"]), pl.col("kind") == "percent"
    typed_value = typed_figure(pl.when((pl.col("kind") == "number") & is_figure).then("number"))
    if (grid["kind"] == "percent").any():
        typed_value = pl.when(is_per_cent & is_figure).then(percent_figure(pl.col("number"))).otherwise(typed_value)
    figures = grid.with_columns(
        pl.when(pl.col("kind") == "text").then(pl.col("text")).alias("written"),
        typed_value.alias("typed"),
        shown_text().alias("raw"),
    ).with_columns(numerals(pl.col("written")).struct.unnest())
    fraction = pl.when(is_per_cent | (pl.col("number") != pl.col("number").round(0))).then("typed")
    typed_places = fraction.cast(pl.String).str.extract(r"\.(\d*[1-9])0*$").str.len_chars().fill_null(0)
    is_rate = pl.col("unit").is_in(RATES)
    return (
        figures.rename({"state": "text_state", "value": "text_value"})
        .with_columns(
            pl.coalesce("typed", "text_value").alias("printed"),
            pl.when(is_number).then(typed_places).otherwise("places").alias("places"),
        )
        .with_columns((pl.col("printed") * pl.col("factor")).alias("in_base"))
        .with_columns(
            pl.when(pl.col("unit") == NAME)
            .then(None)
            .when(pl.col("reason").is_not_null())
            .then("reason")
            .when((is_number & pl.col("typed").is_null()) | (pl.col("in_base").abs() >= LARGEST))
            .then(pl.lit("too_large"))
            .when(is_per_cent & ~is_rate)
            .then(pl.lit("percent_format"))
            .when(pl.col("is_percent") & ~is_rate)
            .then(pl.lit("percent_of_what"))
            .alias("reason")
        )
        .with_columns(
            pl.when(pl.col("kind").is_null())
            .then(pl.lit(str(CellState.BLANK)))
            .when((pl.col("unit") == NAME) & pl.col("kind").is_in(["number", "percent", "text"]))
            .then(pl.lit(str(CellState.TEXT)))
            .when(~(is_number | (pl.col("kind") == "text")) | pl.col("reason").is_not_null())
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
            "is_computed",
            "formula",
            (pl.col("worked_out") * pl.when(is_per_cent).then(100).otherwise("factor")).alias("worked_out"),
            (pl.col("worked_out") * pl.when(is_per_cent).then(100).otherwise(1)).alias("worked_out_as_shown"),
            pl.col("reason_vi").alias("why_vi"),
            pl.col("reason_en").alias("why_en"),
        )
    )


def _stale_formula_remarks(cells: pl.DataFrame) -> pl.DataFrame:
    """Report figures that differ from what their own formula gives: they were computed from other figures than now.

    An error of the spreadsheet is reported as an error.
    """
    stale_cells = cells.filter(pl.col("formula").is_not_null(), pl.col("kind").is_in(["number", "percent"]))
    results = [
        _displayed_number(value, raw) for value, raw in stale_cells.select("worked_out_as_shown", "raw").iter_rows()
    ]
    return stale_cells.with_columns(
        pl.Series("gives_en", results, pl.String),
        pl.Series("gives_vi", [text.translate(str.maketrans(",.", ".,")) for text in results], pl.String),
    ).select(
        *SHEET,
        "form",
        pl.lit("stale_formula").alias("code"),
        "row_code",
        "column_code",
        "address",
        "raw",
        "worked_out",
        pl.format(
            "Ô {}: chưa được tính lại: đang ghi {}, còn công thức {} cho {}; hãy mở tệp bằng Excel, nhấn F9 để tính lại rồi lưu.",
            *("address", "raw", "formula", "gives_vi"),
        ).alias("detail_vi"),
        pl.format(
            "Cell {} was not recalculated: it shows {}, its formula {} gives {}; open the file in Excel, press F9 and save.",
            *("address", "raw", "formula", "gives_en"),
        ).alias("detail_en"),
    )


def _displayed_number(value: Decimal, raw: str) -> str:
    """Return what a formula gives as its cell would show it, grouped as in English."""
    whole, _, places = f"{value:,f}".partition(".")
    text = whole + ("." + places.rstrip("0")).rstrip(".")
    return f"{text}%" if raw.endswith("%") else text


def _rates_in_error(cells: pl.DataFrame, sheets: pl.DataFrame, forms: Forms) -> pl.DataFrame:
    """Return the code and sentences of rates that show an error of the spreadsheet though both their parts are there.

    A rate is computed anew from its parts, so the error is no fault of the figures; without a base it is none.
    """
    errors = cells.filter(pl.col("kind") == "error")
    ratios = pl.DataFrame(
        [
            (form.regime.name, form.code, column.code, *column.ratio)
            for form in forms.all
            for column in form.columns
            if column.ratio
        ],
        schema=["regime", "form", "column_code", "part", "whole"],
        orient="row",
    )
    place = [*SHEET, "form", "row_code"]
    term = {
        name: cells.select(
            *place,
            pl.col("column_code").alias(name),
            *(pl.col(field).alias(f"{name}_{field}") for field in ("value", "state", "address")),
        )
        for name in ("part", "whole")
    }
    has_no_base = (pl.col("whole_value") == 0).fill_null(False) | pl.col("whole_state").is_in(SILENT)
    rate = (100 * pl.col("part_value").cast(pl.Float64) / pl.col("whole_value").cast(pl.Float64)).round(2)
    return (
        errors.select(*place, "column_code", pl.col("raw").alias("error"))
        .join(sheets.select(*SHEET, "form", "regime"), on=[*SHEET, "form"])
        .join(ratios, on=["regime", "form", "column_code"])
        .join(term["part"], on=[*place, "part"])
        .join(term["whole"], on=[*place, "whole"])
        .filter(has_no_base | (pl.col("part_value").is_not_null() & pl.col("whole_value").is_not_null()))
        .with_columns(rate.cast(pl.String).alias("rate_en"))
        .with_columns(pl.col("rate_en").str.replace(".", ",", literal=True).alias("rate_vi"))
        .select(
            *place,
            "column_code",
            pl.when(has_no_base)
            .then(pl.lit("rate_without_base"))
            .otherwise(pl.lit("rate_in_error"))
            .alias("rate_code"),
            pl.when(has_no_base)
            .then(
                pl.format(
                    "mang lỗi {} của Excel vì mẫu số ở ô {} bằng 0 hoặc bỏ trống; hãy để trống ô này hoặc ghi «x»",
                    *("error", "whole_address"),
                )
            )
            .otherwise(
                pl.format(
                    "tỷ lệ mang lỗi {} của Excel; tính từ ô {} và ô {} thì được {} %; hãy sửa công thức hoặc nhập tỷ lệ",
                    *("error", "part_address", "whole_address", "rate_vi"),
                )
            )
            .alias("rate_vi"),
            pl.when(has_no_base)
            .then(
                pl.format(
                    "holds the Excel error {}, as its base in cell {} is 0 or blank; leave it blank or write 'x'",
                    *("error", "whole_address"),
                )
            )
            .otherwise(
                pl.format(
                    "the rate is the Excel error {}; cells {} and {} give {} %; mend the formula or type the rate",
                    *("error", "part_address", "whole_address", "rate_en"),
                )
            )
            .alias("rate_en"),
        )
    )


def _illegible_remarks(cells: pl.DataFrame, rates: pl.DataFrame) -> pl.DataFrame:
    """Report every cell that should hold a figure and does not; ``rates`` has the sentences of rates in error."""
    code = (
        pl.when(pl.col("kind") == "error")
        .then(pl.lit("excel_error"))
        .when(pl.col("kind") == "formula")
        .then(pl.lit("formula_without_value"))
        .when(pl.col("reason") == "ambiguous_number")
        .then(pl.lit("ambiguous_number"))
        .otherwise(pl.lit("not_a_number"))
    )
    raw = pl.col("raw").fill_null("")
    vi = (
        pl.when(pl.col("kind") == "error")
        .then(pl.format("mang lỗi {} của Excel; hãy sửa công thức hoặc nhập số", raw))
        .when(pl.col("kind") == "formula")
        .then(pl.format("có công thức {} chưa tính; hãy mở bằng Excel, tính lại và lưu", raw))
        .when(pl.col("why_vi").is_not_null())
        .then("why_vi")
        .when(pl.col("reason") == "too_large")
        .then(pl.format("ghi «{}», lớn hơn mọi số có thể có", raw))
        .when(pl.col("reason") == "percent_of_what")
        .then(pl.format("ghi «{}», nhưng cột này không tính bằng %", raw))
        .when(pl.col("reason") == "percent_format")
        .then(
            pl.format(
                "hiện «{}» vì ô có định dạng phần trăm, nhưng cột này không tính bằng %; hãy đặt lại định dạng số", raw
            )
        )
        .otherwise(pl.format("ghi «{}», không phải là số", raw))
    )
    en = (
        pl.when(pl.col("kind") == "error")
        .then(pl.format("holds the Excel error {}; mend the formula or type the figure", raw))
        .when(pl.col("kind") == "formula")
        .then(pl.format("holds the formula {} without a value; open it in Excel, recalculate and save", raw))
        .when(pl.col("why_en").is_not_null())
        .then("why_en")
        .when(pl.col("reason") == "too_large")
        .then(pl.format("holds '{}', more than any figure can be", raw))
        .when(pl.col("reason") == "percent_of_what")
        .then(pl.format("holds '{}', but this column is not in per cent", raw))
        .when(pl.col("reason") == "percent_format")
        .then(
            pl.format(
                "shows '{}' for its per-cent format, but this column is not in per cent; format it as a number", raw
            )
        )
        .otherwise(pl.format("holds '{}', which is no number", raw))
    )
    return (
        cells.filter(pl.col("state") == str(CellState.ILLEGIBLE))
        .join(rates, on=[*SHEET, "form", "row_code", "column_code"], how="left", maintain_order="left")
        .select(
            *SHEET,
            "form",
            pl.coalesce("rate_code", code).alias("code"),
            "row_code",
            "column_code",
            "address",
            "raw",
            "worked_out",
            pl.format("Ô {}: {}.", "address", pl.coalesce("rate_vi", vi).str.strip_chars_end(".")).alias("detail_vi"),
            pl.format("Cell {}: {}.", "address", pl.coalesce("rate_en", en).str.strip_chars_end(".")).alias(
                "detail_en"
            ),
        )
    )


def _missing_line_remarks(sheets: pl.DataFrame, positions: pl.DataFrame, required: pl.DataFrame) -> pl.DataFrame:
    """Report the rows and columns that a form should have and the sheet lacks."""
    return (
        sheets.join(required, on=["regime", "form"])
        .join(positions.filter("is_first"), on=[*SHEET, "axis", "code"], how="anti")
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


def _duplicate_line_remarks(positions: pl.DataFrame) -> pl.DataFrame:
    """Report rows and columns that stand twice; the first is the one read."""
    return positions.filter(pl.col("is_leading") & ~pl.col("is_first")).select(
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


def _label_mismatch_remarks(positions: pl.DataFrame) -> pl.DataFrame:
    """Report labels that contradict the code on the same line."""
    contradictions = positions.filter(
        ~pl.col("is_leading"), pl.col("taken_by").is_not_null(), pl.col("taken_by") != pl.col("code")
    )
    return contradictions.select(
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


def _blank_copies(cells: pl.DataFrame) -> pl.DataFrame:
    """Return file, sheet, form of blank sheets whose form is filled in on another sheet, or is blank on an earlier one.

    Sums that a spreadsheet made from blanks, or never computed, are nobody's figures.
    """
    is_unfilled = pl.col("state").is_in(SILENT) | (
        pl.col("is_computed")
        & ((pl.col("value") == 0).fill_null(False) | (pl.col("kind") == "formula")).fill_null(False)
    )
    sheets = (
        cells.group_by(*SHEET, "form")
        .agg(is_unfilled.all().alias("is_blank"))
        .sort("file", "form", "is_blank", "sheet")
    )
    is_read = pl.int_range(pl.len()).over("file", "form") == 0
    return sheets.filter("is_blank", ~is_read).select(*SHEET, "form")


def _blank_copy_remarks(copies: pl.DataFrame, names: pl.DataFrame) -> pl.DataFrame:
    """Report the blank copies of forms by the name of their sheet."""
    return copies.join(names.select(*SHEET, "name"), on=SHEET, maintain_order="left").select(
        *SHEET,
        "form",
        pl.lit("blank_copy").alias("code"),
        pl.format(
            "Trang «{}» là bản trống của biểu {}; biểu này được đọc ở trang khác trong tệp.", "name", "form"
        ).alias("detail_vi"),
        pl.format("Sheet '{}' is a blank copy of form {}, which is read on another sheet.", "name", "form").alias(
            "detail_en"
        ),
    )


def _unknown_row_remarks(
    raw: pl.DataFrame, cells: pl.DataFrame, columns: pl.DataFrame, rows: pl.DataFrame, sheets: pl.DataFrame
) -> pl.DataFrame:
    """Report figures below the first row that stand in a row which the form does not have.

    Where every row of the form stands on the sheet and is filled in, it is an additional row (``extra_row``). It may be a
    row of the form (``unknown_row``) where one is missing, or where it has no label and another row was left blank: unless
    its label says that it is a subtotal.
    """
    lines = axis_anchors().filter(pl.col("axis") == ROW).select("regime", "form", "code").unique()
    sheets_lacking_rows = (
        sheets.join(lines, on=["regime", "form"])
        .join(rows.filter("is_first"), on=[*SHEET, "code"], how="anti")
        .select(*SHEET, pl.lit(True).alias("lacks_row"))
        .unique()
    )
    sheets_with_blank_rows = (
        cells.group_by(*SHEET, "row_code")
        .agg((pl.col("state") == str(CellState.BLANK)).all().alias("is_hollow"))
        .filter("is_hollow")
        .select(*SHEET, pl.lit(True).alias("has_hollow_row"))
        .unique()
    )
    heads = columns.filter("is_first").select(*SHEET, "form", pl.col("at").alias("column"))
    first = rows.group_by(SHEET).agg(pl.col("at").min().alias("first_row"))
    left_edges = heads.group_by(SHEET).agg(pl.col("column").min().alias("left"))
    unknown_rows = (
        raw.join(heads, on=[*SHEET, "column"])
        .filter(_is_figure())
        .join(first, on=SHEET)
        .filter(pl.col("row") > pl.col("first_row"))
        .join(rows.select(*SHEET, pl.col("at").alias("row")), on=[*SHEET, "row"], how="anti")
        .sort(*SHEET, "row", "column")
        .unique([*SHEET, "row"], keep="first", maintain_order=True)
    )
    labels = (
        raw.filter(pl.col("kind") == "text")
        .join(unknown_rows.select(*SHEET, "row"), on=[*SHEET, "row"])
        .join(left_edges, on=SHEET)
        .filter(pl.col("column") < pl.col("left"), pl.col("key").str.contains(r"\p{L}"))
        .sort(*SHEET, "row", "column")
        .group_by(*SHEET, "row")
        .agg(
            pl.col("text").str.strip_chars().str.join(" ").alias("label"),
            pl.col("key").str.contains(SUBTOTAL).any().alias("is_subtotal"),
        )
    )
    is_unknown_row = ~pl.col("is_subtotal").fill_null(False) & (
        pl.col("lacks_row").fill_null(False) | (pl.col("label").is_null() & pl.col("has_hollow_row").fill_null(False))
    )
    label = pl.when(pl.col("label").is_not_null()).then(pl.format(" «{}»", "label")).otherwise(pl.lit(""))
    label_en = pl.when(pl.col("label").is_not_null()).then(pl.format(" '{}'", "label")).otherwise(pl.lit(""))
    return (
        unknown_rows.join(labels, on=[*SHEET, "row"], how="left", maintain_order="left")
        .join(sheets_lacking_rows, on=SHEET, how="left", maintain_order="left")
        .join(sheets_with_blank_rows, on=SHEET, how="left", maintain_order="left")
        .with_columns(
            addresses(pl.col("row"), pl.col("column")).alias("address"),
            shown_text().alias("raw"),
            pl.when(is_unknown_row).then(pl.lit("unknown_row")).otherwise(pl.lit("extra_row")).alias("code"),
        )
        .select(
            *SHEET,
            "form",
            "code",
            "address",
            "raw",
            pl.format("Ô {}: số {} nằm ở dòng{} không có trong mẫu biểu.", "address", "raw", label).alias("detail_vi"),
            pl.format("Cell {}: {} stands in a row{} that the form has not.", "address", "raw", label_en).alias(
                "detail_en"
            ),
        )
    )


def _unknown_column_remarks(
    raw: pl.DataFrame, positions: pl.DataFrame, columns: pl.DataFrame, rows: pl.DataFrame
) -> pl.DataFrame:
    """Report figures in the rows of a form, right of its first column, in a column which it does not have."""
    heads = columns.group_by(SHEET).agg(pl.col("at").min().alias("left"), pl.col("line").min().alias("head"))
    known_columns = positions.filter(pl.col("axis") == COLUMN).select(*SHEET, pl.col("at").alias("column"))
    extra_columns = (
        raw.join(rows.filter("is_first").select(*SHEET, "form", pl.col("at").alias("row")), on=[*SHEET, "row"])
        .filter(_is_figure())
        .join(heads, on=SHEET)
        .filter(pl.col("column") > pl.col("left"))
        .join(known_columns, on=[*SHEET, "column"], how="anti")
        .join(rows.select(*SHEET, pl.col("line").alias("column")), on=[*SHEET, "column"], how="anti")  # labels, codes
        .sort(*SHEET, "column", "row")
        .unique([*SHEET, "column"], keep="first", maintain_order=True)
    )
    labels = (
        raw.filter(pl.col("kind") == "text", pl.col("key").str.contains(r"\p{L}"))
        .join(extra_columns.select(*SHEET, "column", "head", pl.col("row").alias("first_row")), on=[*SHEET, "column"])
        .filter(pl.col("row") < pl.col("first_row"), pl.col("row") >= pl.col("head"))
        .sort(*SHEET, "column", "row")
        .group_by(*SHEET, "column")
        .agg(pl.col("text").first().str.strip_chars().alias("label"))
    )
    label = pl.when(pl.col("label").is_not_null()).then(pl.format(" «{}»", "label")).otherwise(pl.lit(""))
    label_en = pl.when(pl.col("label").is_not_null()).then(pl.format(" '{}'", "label")).otherwise(pl.lit(""))
    return (
        extra_columns.join(labels, on=[*SHEET, "column"], how="left", maintain_order="left")
        .with_columns(addresses(pl.col("row"), pl.col("column")).alias("address"), shown_text().alias("raw"))
        .select(
            *SHEET,
            "form",
            pl.lit("extra_column").alias("code"),
            "address",
            "raw",
            pl.format("Ô {}: số {} nằm ở cột{} không có trong mẫu biểu.", "address", "raw", label).alias("detail_vi"),
            pl.format("Cell {}: {} stands in a column{} that the form has not.", "address", "raw", label_en).alias(
                "detail_en"
            ),
        )
    )


def _is_figure() -> pl.Expr:
    """Select raw cells that hold a number, or a text that can be nothing else."""
    is_numeral = (pl.col("kind") == "text") & pl.col("text").str.contains(NUMERAL_TEXT).fill_null(False)
    return pl.col("kind").is_in(["number", "percent"]) | is_numeral


def _place() -> pl.Expr:
    is_row = pl.col("axis") == ROW
    return addresses(pl.when(is_row).then("at").otherwise("line"), pl.when(is_row).then("line").otherwise("at"))


def _axis_vi() -> pl.Expr:
    return pl.when(pl.col("axis") == ROW).then(pl.lit("dòng")).otherwise(pl.lit("cột"))
