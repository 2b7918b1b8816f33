"""Findings: every failing comparison with its cells, its difference, a sentence in both languages, a likely story."""

import hashlib
import string
from collections.abc import Iterable
from decimal import Decimal

import polars as pl

from expectations.explanation import ENGLISH, VIETNAMESE, FailedComparison
from expectations.rule import Rule
from expectations.rules import Pack
from expectations.terms import Story
from pipeline import tables
from pipeline.comparison.cells import RULE_PLACE, load_comparison_cells
from pipeline.comparison.database import JudgingDatabase
from pipeline.forms import Forms
from pipeline.text.amount import amount_en, amount_vi
from pipeline.vocabulary import Status

PLACE = ["submission_id", "form", "row_code", "column_code"]


def findings_frame(
    db: JudgingDatabase,
    failed_ids: list[int],
    waived_comparisons: pl.DataFrame,
    rule_packs: tuple[Pack, ...],
    declarations: Forms,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return one finding per failing comparison, and the waiver of each in ``waived_comparisons`` (``WAIVED_COMPARISONS``).

    As ``tables.FINDINGS`` and ``tables.WAIVERS``.
    """
    if not failed_ids:
        return pl.DataFrame(schema=tables.FINDINGS), pl.DataFrame(schema=tables.WAIVERS)
    rules: dict[tuple[str, str], Rule] = {(pack.pack, rule.id): rule for pack in rule_packs for rule in pack.rules}
    db.connection.register(
        "failed_in", pl.DataFrame({"comparison_id": failed_ids}, schema={"comparison_id": pl.Int64}).to_arrow()
    )
    comparisons = db.query(
        """
        select comparison.*, submission.period_id, arrival.received_on, arrival.due_on, remark.code as remark_code,
               remark.sheet as remark_sheet, remark.address as remark_address, remark.raw as remark_raw, remark.detail_vi, remark.detail_en,
               remark.form as remark_form
        from comparison
        semi join failed_in using (comparison_id)
        join submission using (submission_id)
        left join remark using (remark_id)
        left join arrival using (submission_id)
        order by submission_id, form, rule_id, row_code, column_code, remark_id
        """
    )
    cells = load_comparison_cells(db, comparisons, rules, declarations)
    stories = _stories(db, comparisons, rules, declarations)
    db.connection.unregister("failed_in")
    status = dict(waived_comparisons.select("comparison_id", "status").iter_rows())
    rows = [
        _finding(row, rules[row["pack"], row["rule_id"]], cells.get(row["comparison_id"], []), stories, declarations)
        | {"status": status.get(row["comparison_id"], str(Status.FAIL))}
        for row in comparisons.to_dicts()
    ]
    findings = pl.DataFrame(rows, schema=tables.FINDINGS)
    waivers = findings.select("submission_id", "period_id", "finding_id").with_columns(comparisons["comparison_id"])
    return findings, waivers.join(waived_comparisons, on="comparison_id").select(list(tables.WAIVERS))


def _finding(
    row: dict, rule: Rule, cells: list[dict], stories: dict[int, tuple[str, str]], declarations: Forms
) -> dict:
    is_remark = rule.is_about_remarks
    if is_remark:
        cells = [_remark_cell(row)] if row["remark_address"] else []
    first = cells[0] if cells else None
    unit = rule.unit(first, declarations)
    failure = FailedComparison(
        form=declarations.current.get(row["remark_form"] or row["form"]),
        row_code=row["row_code"],
        column_code=row["column_code"],
        found=row["found"],
        expected=row["expected"],
        low=row["low"],
        high=row["high"],
        unit=unit,
        cells=cells,
        remark_vi=row["detail_vi"],
        remark_en=row["detail_en"],
        sheet=row["remark_sheet"],
        received_on=row["received_on"],
        due_on=row["due_on"],
    )
    story_vi, story_en = stories.get(row["comparison_id"], (None, None))
    key = "|".join(
        str(row[name]) for name in ("submission_id", *RULE_PLACE, "remark_address", "remark_code", "remark_id")
    )
    return {
        "finding_id": hashlib.sha256(key.encode()).hexdigest()[:16],
        "submission_id": row["submission_id"],
        "period_id": row["period_id"],
        "pack": row["pack"],
        "rule_id": rule.id,
        "severity": str(rule.severity),
        "on_fail": str(rule.on_fail),
        "form": row["form"],
        "row_code": row["row_code"] or None,
        "column_code": row["column_code"] or None,
        "sheet": first["sheet"] if first else row["remark_sheet"],
        "cells": [{name: cell.get(name) for name in tables.CELL_OF_FINDING.to_schema()} for cell in cells],
        "expected": None if is_remark else row["expected"],
        "found": None if is_remark else row["found"],
        "difference": None if is_remark else row["found"] - row["expected"],
        "unit": unit.base if unit and not is_remark else None,
        "sentence_vi": rule.sentence(failure, VIETNAMESE),
        "sentence_en": rule.sentence(failure, ENGLISH),
        "story_vi": story_vi,
        "story_en": story_en,
    }


def _remark_cell(row: dict) -> dict:
    return {
        "role": "found",
        "sign": 1,
        "submission_id": row["submission_id"],
        "form": row["remark_form"],
        "row_code": row["row_code"] or None,
        "column_code": row["column_code"] or None,
        "sheet": row["remark_sheet"],
        "address": row["remark_address"],
        "raw": row["remark_raw"],
        "value": None,
    }


def _stories(
    db: JudgingDatabase, comparisons: pl.DataFrame, rules: dict[tuple[str, str], Rule], declarations: Forms
) -> dict[int, tuple[str, str]]:
    """Return the first story that holds for each failing comparison, in both languages, by comparison_id."""
    stories: dict[int, tuple[str, str]] = {}
    for pack, rule_id, form in comparisons.select("pack", "rule_id", "form").unique(maintain_order=True).iter_rows():
        rule = rules[pack, rule_id]
        for story in rule.stories:
            for comparison_id, factor, values in _story_values(db, story, pack, rule, form, declarations):
                if rule.uses_printed_units:
                    values = {name: value / factor for name, value in values.items()}
                sentences = (
                    story.vi.format_map({name: amount_vi(value) for name, value in values.items()}),
                    story.en.format_map({name: amount_en(value) for name, value in values.items()}),
                )
                stories.setdefault(comparison_id, sentences)
    return stories


def _story_values(
    db: JudgingDatabase, story: Story, pack: str, rule: Rule, form: str, declarations: Forms
) -> Iterable[tuple[int, int, dict[str, Decimal]]]:
    """Yield comparison_id, the factor of its printed unit, and the values that a story names, where the story holds."""
    names = {field for text in (story.vi, story.en) for _, field, _, _ in string.Formatter().parse(text) if field}
    columns = ", ".join(f"({story.let.get(name, name)})::decimal(30, 6) as {name}" for name in sorted(names))
    frame = db.query(
        f"""
        with failing as (
            select comparison.*, found - expected as difference
            from comparison semi join failed_in using (comparison_id)
            where pack = ? and rule_id = ? and form = ?
        ),
        seen as (
            select failing.*, wide.* exclude (submission_id, row_code), cell.unit as printed_unit
            from failing
            join form_{form} as wide using (submission_id, row_code)
            left join cell on cell.submission_id = failing.submission_id and cell.form = failing.form
                          and cell.row_code = failing.row_code and cell.column_code = failing.column_code
        )
        select comparison_id, printed_unit, {columns} from seen where {story.when}
        """,
        [pack, rule.id, form],
    )
    for row in frame.to_dicts():
        unit = declarations.units.get(row["printed_unit"])
        yield row["comparison_id"], unit.factor if unit else 1, {name: row[name] for name in names}
