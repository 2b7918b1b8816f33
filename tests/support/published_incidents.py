"""A published warehouse that holds nothing but incidents, drawn by what differs from one of them."""

import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import duckdb
import polars as pl

from pipeline.calendar.deadlines import SCHEMA as DEADLINES
from pipeline.home import Home
from pipeline.published import publish

ALERT = {
    "alert_id": "a1", "rule_id": "balance.carried_over", "unit_key": "go-quao", "form": "01", "period_id": "2023-09",
    "scope": "office", "origin": "submitted", "is_simulated": False, "source_ref": "go-quao.xlsx", "on_fail": "return",
    "state": "open", "opened_version": 1, "opened_at": datetime(2023, 7, 3, 8), "findings": 1,
    "last_failing_submission_id": "11111111aa", "resolved_by": None, "resolved_version": None,
    "sentence_vi": "Số chuyển kỳ sau (ô T14) in 8.122, phải là 20.352 − 12.056 = 8.296, lệch −174.",
    "sentence_en": "Carried over (cell T14) reads 8,122; 20,352 − 12,056 = 8,296; off by −174.",
    "story_vi": "Có thể số phải thi hành là 20.178", "story_en": "Due may be 20,178",
    "severity": "error", "standing": "opened", "assigned_to": None, "resolved_at": None, "finding_ids": ["f1"],
}  # fmt: skip
ALERT_TYPES = {"opened_version": pl.Int32, "resolved_version": pl.Int32, "resolved_by": pl.String, "assigned_to": pl.String, "form": pl.String,
               "unit_key": pl.String, "period_id": pl.String, "scope": pl.String, "resolved_at": pl.Datetime}  # fmt: skip
UNITS = [
    ("go-quao", "Chi cục THADS huyện Gò Quao", "kien-giang"),
    ("kien-giang", "Kiên Giang", "viet-nam"),
    ("viet-nam", "Việt Nam", None),
]
#: Units and the day on which they end; the offices of the province that came after it have no successors of their own.
ENDED = {"go-quao": date(2025, 7, 1), "kien-giang": date(2025, 7, 1)}


def declare_deadlines(home: Home) -> Home:
    """Declare when the period's reports are due; return the home."""
    home.declared.mkdir(parents=True)
    due = [("2023-09", "office", date(2023, 7, 4)), ("2023-09", "province", date(2023, 7, 6))]
    pl.DataFrame(due, schema=DEADLINES, orient="row").write_parquet(home.declared / "deadlines.parquet")
    return home


def night(
    home: Home,
    *alerts: dict[str, Any],
    units: Sequence[tuple[str, str, str | None]] = UNITS,
    successors: Sequence[tuple[str, str]] = (),
    problem: str | None = None,
    places: Sequence[str] = ("T14",),
) -> None:
    """Publish a warehouse that holds these incidents; each says what differs from the one above.

    ``successors`` are pairs of units, ``problem`` why the file could not be read, ``places`` where a finding stands.
    """
    rows = [ALERT | alert for alert in alerts]
    path = home.warehouse / "build.duckdb"
    path.parent.mkdir(parents=True, exist_ok=True)
    tables = {
        "fct_alert": pl.DataFrame(rows, schema_overrides=ALERT_TYPES).with_columns(cells=pl.lit(None, pl.String)),
        "dim_unit": pl.DataFrame(
            [(*unit, _level(*unit), ENDED.get(unit[0])) for unit in units],
            schema={
                "unit_key": pl.String,
                "name": pl.String,
                "parent_key": pl.String,
                "level": pl.String,
                "valid_to": pl.Date,
            },
            orient="row",
        ),
        "bridge_unit_succession": pl.DataFrame(
            list(successors), schema={"predecessor_key": pl.String, "successor_key": pl.String}, orient="row"
        ),
        "fct_finding": pl.DataFrame(
            {
                "submission_id": sorted({row["last_failing_submission_id"] for row in rows}),
                "finding_id": "f1",
            }
        ).with_columns(cells=pl.lit([{"role": "found", "address": place} for place in places])),
        "fct_submission": pl.DataFrame(
            {
                "submission_id": sorted({row["last_failing_submission_id"] for row in rows}),
                "file_name": "go-quao.xlsx",
                "source_ref": "go-quao.xlsx",
                "regime": "06/2019/TT-BTP",
            }
        ).with_columns(problem=pl.lit(problem, pl.String)),
        "dim_form": pl.DataFrame(
            {"form": ["01"], "regime": ["06/2019/TT-BTP"], "form_number": ["01/TK-THA"], "title_vi": ["Kết quả"]}
        ),
    }
    with duckdb.connect(str(path)) as connection:
        for name, frame in tables.items():
            connection.register("frame", frame.to_arrow())
            connection.execute(f"create table {name} as from frame")
            connection.unregister("frame")
    publish(home, path, f"{abs(hash(json.dumps(rows, default=str))):064x}"[::-1])


def _level(key: str, name: str, parent: str | None) -> str:
    if parent is None:
        return "nation"
    return "office" if name.startswith(("Chi cục", "Phòng")) else "province"
