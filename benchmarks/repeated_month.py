"""A home of many months out of a home of one: the loaded month again and again, in its warehouse and in its cells.

Loading 27 000 workbooks takes most of an hour; the bulletin does not care whether months differ. Figures are repeated
as they are, keys are told apart by their month.
"""

import shutil
from pathlib import Path

import duckdb
import polars as pl

from pipeline.home import Home
from pipeline.published.releases import live_release

#: Keys that must differ from month to month.
KEYS = ("report_id", "submission_id", "previous_submission_id", "supersedes", "alert_id", "finding_id")


def list_periods(years: list[int]) -> list[str]:
    """Return the periods of statistical years."""
    return [f"{year}-{months:02d}" for year in years for months in range(1, 13)]


def repeat_month(source: Home, target: Home, periods: list[str]) -> Path:
    """Fill ``target`` with the month of ``source`` in each of ``periods``; return the warehouse, its only release."""
    release = live_release(source)
    assert release
    folder = target.published / "releases"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"000001-{'0' * 16}.duckdb"
    shutil.copy(release.path, path)
    with duckdb.connect(str(path)) as connection:
        row = connection.execute("select period_id from mart_scorecard group by all order by count(*) desc").fetchone()
        assert row
        base = row[0]
        tables = connection.execute(
            "select table_name, list(column_name), list(data_type) from duckdb_columns() where schema_name = 'main' "
            "group by table_name having list_contains(list(column_name), 'period_id') and table_name <> 'dim_period'"
        ).fetchall()
        connection.execute("create temp table wanted as select unnest(?::varchar[]) as wanted_id", [periods])
        connection.execute(f"delete from wanted where wanted_id = '{base}'")
        connection.execute(
            "insert into dim_period select * exclude (wanted_id) replace (wanted_id as period_id, "
            "replace(label_vi, statistical_year::varchar, wanted_id[1:4]) as label_vi, "
            "replace(label_en, statistical_year::varchar, wanted_id[1:4]) as label_en, "
            "cast(wanted_id[1:4] as integer) as statistical_year) "
            "from dim_period, wanted where period_id[6:] = wanted_id[6:] and period_id[1:4] = ? "
            "and wanted_id not in (select period_id from dim_period)",
            [base[:4]],
        )
        for table, names, _ in tables:
            replacements = ["wanted_id as period_id"]
            replacements += [f"{key} || '/' || wanted_id as {key}" for key in KEYS if key in names]
            if "months" in names:
                replacements += [
                    "cast(wanted_id[6:7] as integer) as months",
                    "cast(wanted_id[1:4] as integer) as statistical_year",
                ]
            connection.execute(
                f"insert into {table} select * exclude (wanted_id) replace ({', '.join(replacements)}) "
                f"from {table}, wanted where period_id = '{base}'"
            )
    target.live.unlink(missing_ok=True)
    target.live.hardlink_to(path)
    _repeat_cells(source, target, [period for period in periods if period != base])
    return path


def _repeat_cells(source: Home, target: Home, periods: list[str]) -> None:
    shutil.rmtree(target.cells, ignore_errors=True)
    shutil.copytree(source.cells, target.cells)
    for batch in sorted(path for path in source.cells.iterdir() if path.is_dir()):
        for period in periods:
            folder = target.cells / f"{batch.name}-{period}"
            folder.mkdir()
            for name in ("cells", "submissions"):
                frame = pl.read_parquet(batch / f"{name}.parquet")
                key = pl.col("submission_id") + f"/{period}"
                frame.with_columns(key.alias("submission_id")).write_parquet(folder / f"{name}.parquet")
