"""Which cell stands behind which headline figure, and where it is in the files that were read."""

import polars as pl

from pipeline import tables
from pipeline.home import Home

COUNTS = (
    "judgments_received",
    *(
        f"cases_{name}"
        for name in ("accepted_total", "opening", "newly_accepted", "due", "eligible", "completed", "carried_over")
    ),
)
AMOUNTS = tuple(f"{name.replace('cases_', 'money_')}_vnd" for name in COUNTS[1:])

TOTAL_ROW = "total.total"
#: column of the bulletin -> the cell behind it: form and measure.
CELLS: dict[str, tuple[str, str]] = {name: ("01", name.removeprefix("cases_")) for name in COUNTS} | {
    name: ("02", name.removeprefix("money_").removesuffix("_vnd")) for name in AMOUNTS
}
#: column of the bulletin -> the figures that it is the share of, in per cent.
SHARES = {
    "cases_completion_rate_pct": ("cases_completed", "cases_eligible"),
    "cases_eligible_share_pct": ("cases_eligible", "cases_due"),
    "money_completion_rate_pct": ("money_completed_vnd", "money_eligible_vnd"),
    "money_eligible_share_pct": ("money_eligible_vnd", "money_due_vnd"),
}


def headline_cells(home: Home, versions: pl.DataFrame) -> pl.DataFrame:
    """Return report_id, form, column_code, sheet, address and raw of the total rows of the versions at hand."""
    wanted = ["report_id", "form", "column_code", "sheet", "address", "raw", "state"]
    paths = sorted(home.cells.glob("*/cells.parquet"))
    if not paths or versions.is_empty():
        return pl.DataFrame(schema=dict.fromkeys(wanted, pl.String))
    return (
        pl.scan_parquet(paths)
        .filter(
            pl.col("form").is_in(["01", "02"]),
            pl.col("row_code") == TOTAL_ROW,
            pl.col("column_code").is_in(sorted({measure for _, measure in CELLS.values()})),
        )
        .select(name for name in tables.CELLS if name in {*wanted, "submission_id"})
        .join(versions.lazy().select("report_id", "submission_id", "form"), on=["submission_id", "form"])
        .select(wanted)
        .collect()
    )
