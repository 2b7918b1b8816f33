"""Which cell of a form is the source of a column of a fact: the fact's SQL, traced backwards."""

from typing import Any

import duckdb

from pipeline.trace.question import Untraceable

Row = dict[str, Any]

#: Facts whose columns are rows of the form: ending of the column -> row, the longest first.
ROW_OF_ENDING: dict[str, dict[str, str]] = {
    "fct_reception": {"_by_leaders": "leaders", "": "total"},
    **{
        fact: {"_cases_pct": "cases", "_money_pct": "money", "_cases": "cases", "_vnd": "money"}
        for fact in ("fct_credit_results", "fct_exemptions", "fct_budget_collections", "fct_state_compensation")
    },
}
PRINTED = "printed_"
#: Dimensions of a fact that are columns of the form, not rows.
COLUMN_DIMENSION: dict[str, tuple[str, str, dict[str, str]]] = {
    "fct_discipline": ("people", "staff_group", {"total": "all_staff"})
}
FORM_OF_BASIS: dict[str, dict[str, str]] = {"fct_officer_results": {"cases": "04", "money": "05"}}


def place_of(connection: duckdb.DuckDBPyConnection, fact: str, column: str, row: Row) -> tuple[str, str | None, str]:
    """Return form, row and column of the cell behind ``column`` of a row of ``fact``; raises ``Untraceable``.

    The row is None where the form has only one.
    """
    form = _form(connection, fact, row)
    lines = _lines(connection, form)
    if fact in COLUMN_DIMENSION:
        measure, dimension, codes = COLUMN_DIMENSION[fact]
        if column == measure:
            staff = str(row[dimension])
            return form, _row(lines, row), codes.get(staff, staff)
    elif fact in ROW_OF_ENDING:
        for ending, row_code in ROW_OF_ENDING[fact].items():
            if column.endswith(ending):
                code = column.removeprefix(PRINTED).removesuffix(ending)
                return form, row_code, code
    elif column in row:
        return form, _row(lines, row), column.removesuffix("_vnd")
    raise Untraceable(f"{fact}.{column} is no figure of a form; ask for one of its measures")


def _form(connection: duckdb.DuckDBPyConnection, fact: str, row: Row) -> str:
    if fact in FORM_OF_BASIS:
        return FORM_OF_BASIS[fact][row["basis"]]
    forms = connection.execute("select distinct form from main.dim_form where fact_table = ?", [fact]).fetchall()
    if not forms:
        raise Untraceable(f"{fact} holds no figures of a form; trace a fact or a mart, e.g. fct_case_results")
    return forms[0][0]


def _lines(connection: duckdb.DuckDBPyConnection, form: str) -> list[Row]:
    relation = connection.execute("select * from main.dim_line where form = ? order by position", [form])
    names = [column[0] for column in relation.description]
    return [dict(zip(names, line, strict=True)) for line in relation.fetchall()]


def _row(lines: list[Row], row: Row) -> str | None:
    """Return the line with the dimensions of the row; raises ``Untraceable`` where it is not exactly one."""
    if len(lines) == 1:
        return None
    excluded = {"form", "row_code", "position", "label_vi", "label_en", "is_total"}
    dimensions = {name for line in lines for name in line if line[name] is not None and name in row} - excluded
    row_codes = [line["row_code"] for line in lines if all(line[name] == row[name] for name in dimensions)]
    if len(row_codes) != 1:
        raise Untraceable(
            f"no single line of the form has {', '.join(f'{name}={row[name]}' for name in sorted(dimensions))}"
        )
    return row_codes[0]
