"""The cells that take part in a comparison: those that were found, and those they are compared with."""

import polars as pl

from expectations.rule import Rule
from pipeline.comparison.database import JudgingDatabase
from pipeline.forms import Forms

#: The key of a comparison's rule and place.
RULE_PLACE = ["pack", "rule_id", "form", "row_code", "column_code"]


def load_comparison_cells(
    db: JudgingDatabase, comparisons: pl.DataFrame, rules: dict[tuple[str, str], Rule], declarations: Forms
) -> dict[int, list[dict]]:
    """Return the cells of each comparison (comparison_id, submission_id, beside, RULE_PLACE), found ones first, by comparison_id."""
    places = comparisons.select(RULE_PLACE).unique(maintain_order=True)
    participants = pl.DataFrame(
        [
            (
                *place,
                position,
                participant.role,
                participant.sign,
                participant.form,
                participant.row,
                participant.column,
                participant.is_partner,
            )
            for place in places.iter_rows()
            if place[2] in declarations.current
            for position, participant in enumerate(
                rules[place[0], place[1]].cells(declarations.current[place[2]], place[3], place[4])
            )
        ],
        schema=[*RULE_PLACE, "position", "role", "sign", "cell_form", "cell_row", "cell_column", "is_beside"],
        orient="row",
    )
    if participants.is_empty():
        return {}
    keys = comparisons.select("comparison_id", "submission_id", "beside", *RULE_PLACE).join(participants, on=RULE_PLACE)
    office_rules = pl.DataFrame(
        [key for key, rule in rules.items() if rule.compares_offices],
        schema={"pack": pl.String, "rule_id": pl.String},
        orient="row",
    )
    offices = db.query("select submission_id, form, part_submission_id from office_part")
    province_keys = keys.join(office_rules, on=["pack", "rule_id"], how="semi").filter(pl.col("role") == "found")
    own_keys = pl.concat([keys.join(office_rules, on=["pack", "rule_id"], how="anti"), province_keys]).with_columns(
        pl.when("is_beside").then("beside").otherwise("submission_id").alias("cell_submission")
    )
    office_keys = (
        province_keys.join(offices, on=["submission_id", "form"])
        .with_columns(pl.lit("term").alias("role"), pl.col("part_submission_id").alias("cell_submission"))
        .drop("part_submission_id")
    )
    cell_keys = pl.concat([own_keys, office_keys])
    db.connection.register("wanted_in", cell_keys.to_arrow())
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
