"""Which cell is the source of which figure of the bulletin, and where it is in the files that were read."""

from collections.abc import Collection
from pathlib import Path

import polars as pl

from pipeline.home import Home

COUNTS = (
    "judgments_received",
    *(
        f"cases_{name}"
        for name in ("accepted_total", "opening", "newly_accepted", "due", "eligible", "completed", "carried_over")
    ),
)
AMOUNTS = tuple(f"{name.replace('cases_', 'money_')}_vnd" for name in COUNTS[1:])

#: column of the bulletin -> the cell behind it: form, row and measure.
HEADLINE: dict[str, tuple[str, str, str]] = {
    name: ("01", "total.total", name.removeprefix("cases_")) for name in COUNTS
} | {name: ("02", "total.total", name.removeprefix("money_").removesuffix("_vnd")) for name in AMOUNTS}
CONDUCT: dict[str, tuple[str, str, str]] = {
    **{name: ("09", "total", name) for name in ("visits", "people")},
    **{f"{name}_by_leaders": ("09", "leaders", name) for name in ("visits", "people")},
    **{name: ("08", "total", name) for name in ("received", "within_competence", "matters", "settled", "pending")},
    "people_disciplined": ("discipline", "total", "all_staff"),
    **{
        f"{sanction}s": ("discipline", sanction, "all_staff")
        for sanction in ("reprimand", "warning", "salary_cut", "demotion", "removal", "dismissal")
    },
}
CELLS = HEADLINE | CONDUCT
#: column of the bulletin -> the figures that it is the share of, in per cent.
SHARES = {
    "cases_completion_rate_pct": ("cases_completed", "cases_eligible"),
    "cases_eligible_share_pct": ("cases_eligible", "cases_due"),
    "money_completion_rate_pct": ("money_completed_vnd", "money_eligible_vnd"),
    "money_eligible_share_pct": ("money_eligible_vnd", "money_due_vnd"),
}
COLUMNS = ["submission_id", "form", "row_code", "column_code", "sheet", "address", "raw"]


def read_figure_cells(home: Home, submissions: Collection[str]) -> pl.DataFrame:
    """Return submission_id, form, row_code, column_code, sheet, address and raw of the figures that the pages show.

    Only the loads that read one of ``submissions`` are opened: the cost depends on the request, not on the history.
    """
    submission_ids = pl.Series("submission_id", sorted(submissions), dtype=pl.String)
    paths = [path for path in sorted(home.cells.glob("*/cells.parquet")) if _holds(path, submission_ids)]
    if not paths:
        return pl.DataFrame(schema=dict.fromkeys(COLUMNS, pl.String))
    places = pl.LazyFrame(sorted(set(CELLS.values())), schema=["form", "row_code", "column_code"], orient="row")
    return (
        pl.scan_parquet(paths)
        .filter(
            pl.col("row_code").is_in(sorted({row for _, row, _ in CELLS.values()})),
            pl.col("submission_id").is_in(submission_ids.implode()),
        )
        .select(COLUMNS)
        .join(places, on=["form", "row_code", "column_code"], how="semi")
        .collect()
    )


def _holds(cells: Path, submission_ids: pl.Series) -> bool:
    batch = pl.read_parquet(cells.with_name("submissions.parquet"), columns=["submission_id"])
    return bool(batch["submission_id"].is_in(submission_ids.implode()).any())
