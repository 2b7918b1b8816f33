"""Printed ratios and changes, each with its verdict: fits, fits only by truncation, impossible."""

import polars as pl

from pipeline import tables
from pipeline.comparison.database import JudgingDatabase
from pipeline.vocabulary import RatioVerdict


def ratios_frame(db: JudgingDatabase) -> pl.DataFrame:
    """Return every printed percentage, point and change with what it should be, as ``tables.RATIOS``."""
    return db.query(
        f"""
            with judged as (
                select submission_id, form, row_code, column_code, pack, rule_id, expected,
                       coalesce(verdict, case when found between low and high then '{RatioVerdict.FITS}'
                                              else '{RatioVerdict.IMPOSSIBLE}' end) as verdict
                from comparison
                where rule_id like 'ratio.%' and rule_id <> 'ratio.truncated'
            )
            select cell.submission_id, cell.period_id, cell.form, cell.row_code, cell.column_code, cell.unit,
                   cell.value as printed, cell.rounding, judged.expected as computed, judged.pack,
                   judged.rule_id,
                   coalesce(judged.verdict, '{RatioVerdict.NOT_APPLICABLE}') as verdict,
                   cell.raw, cell.sheet, cell.address
            from cell
            left join judged using (submission_id, form, row_code, column_code)
            where cell.value is not null and (cell.unit in ('percent', 'point') or ends_with(cell.column_code, '_change'))
            order by cell.submission_id, cell.form, cell.row_code, cell.column_code
            """
    ).cast(tables.RATIOS)
