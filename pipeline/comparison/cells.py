"""The cells that take part in a comparison: those that were found, and those that they were held against."""

import polars as pl

from expectations.rule import Rule
from pipeline.comparison.database import JudgingDatabase
from pipeline.forms import Forms

#: What tells one comparison's place in the rules from all others.
RULE = ["pack", "rule_id", "form", "row_code", "column_code"]


def cells_of(
    db: JudgingDatabase, compared: pl.DataFrame, rules: dict[tuple[str, str], Rule], declared: Forms
) -> dict[int, list[dict]]:
    """Return the cells of each comparison (comparison_id, submission_id, beside, RULE), found ones first, by its id."""
    places = compared.select(RULE).unique(maintain_order=True)
    taking_part = pl.DataFrame(
        [
            (*place, order, p.role, p.sign, p.form, p.row, p.column, p.is_partner)
            for place in places.iter_rows()
            if place[2] in declared.current
            for order, p in enumerate(rules[place[0], place[1]].cells(declared.current[place[2]], place[3], place[4]))
        ],
        schema=[*RULE, "position", "role", "sign", "cell_form", "cell_row", "cell_column", "is_beside"],
        orient="row",
    )
    if taking_part.is_empty():
        return {}
    keys = compared.select("comparison_id", "submission_id", "beside", *RULE).join(taking_part, on=RULE)
    across = pl.DataFrame(
        [key for key, rule in rules.items() if rule.compares_offices],
        schema={"pack": pl.String, "rule_id": pl.String},
        orient="row",
    )
    offices = db.query("select submission_id, form, part_submission_id from office_part")
    of_offices = keys.join(across, on=["pack", "rule_id"], how="semi").filter(pl.col("role") == "found")
    own = pl.concat([keys.join(across, on=["pack", "rule_id"], how="anti"), of_offices]).with_columns(
        pl.when("is_beside").then("beside").otherwise("submission_id").alias("cell_submission")
    )
    below = (
        of_offices.join(offices, on=["submission_id", "form"])
        .with_columns(pl.lit("term").alias("role"), pl.col("part_submission_id").alias("cell_submission"))
        .drop("part_submission_id")
    )
    wanted = pl.concat([own, below])
    db.connection.register("wanted_in", wanted.to_arrow())
    frame = db.query(
        """
        select wanted_in.comparison_id, wanted_in.role, wanted_in.sign, cell.submission_id, cell.period_id, cell.form,
               cell.row_code, cell.column_code, cell.sheet, cell.address, cell.raw, cell.value, cell.unit
        from wanted_in
        join (
            select submission_id, period_id, form, row_code, column_code, sheet, address, raw, value, unit from cell
            union all
            select submission_id, period_id, form, row_code, column_code, sheet, address, raw, value, unit from standing
            where submission_id not in (select submission_id from submission)
        ) as cell on cell.submission_id = wanted_in.cell_submission and cell.form = wanted_in.cell_form
                 and cell.row_code = wanted_in.cell_row and cell.column_code = wanted_in.cell_column
        where cell.value is not null
        order by wanted_in.comparison_id, wanted_in.role, wanted_in.position, cell.submission_id
        """
    )
    db.connection.unregister("wanted_in")
    cells: dict[int, list[dict]] = {}
    for row in frame.to_dicts():
        cells.setdefault(row.pop("comparison_id"), []).append(row)
    return cells
