"""The rules that checked a cell, with their outcomes."""

import re
from typing import Any

import duckdb

from expectations.rule import Rule
from expectations.rules import packs
from pipeline.forms import forms
from pipeline.trace.proof import LandedCell

Row = dict[str, Any]
_WORD = re.compile(r"[a-z_]+")
_TEXT_FIELDS = {"vi", "en", "basis", "stories", "story", "id"}


def rules_of(connection: duckdb.DuckDBPyConnection, cell: LandedCell) -> list[Row]:
    """Return rule, pack, status, number of comparisons and sentences of the rules that mention the cell's column.

    A rule that names no column mentions all of them. ``fails_here`` tells that it failed at this very cell.
    """
    outcomes = connection.execute(
        """
        select rule_id, pack, status, checked, failed from main.fct_outcome
        where submission_id = ? and coalesce(form, '*') in (?, '*') and status <> 'not_applicable'
        order by rule_id, pack
        """,
        [cell.submission_id, cell.form or "*"],
    ).fetchall()
    failing = {
        (pack, rule_id)
        for pack, rule_id in connection.execute(
            """
            select distinct pack, rule_id
            from (select pack, rule_id, unnest(cells) as cell from main.fct_finding where submission_id = ?)
            where cell.sheet = ? and cell.address = ?
            """,
            [cell.submission_id, cell.sheet, cell.address],
        ).fetchall()
    }
    declarations = {(pack.pack, rule.id): rule for pack in packs() for rule in pack.rules}
    return [
        {
            "rule_id": rule_id, "pack": pack, "status": status, "checked": checked, "failed": failed,
            "fails_here": (pack, rule_id) in failing, "vi": rule.vi, "en": rule.en,
        }
        for rule_id, pack, status, checked, failed in outcomes
        if (rule := declarations.get((pack, rule_id))) and _mentions(rule, cell.column_code)
    ]  # fmt: skip


def _mentions(rule: Rule, column: str) -> bool:
    terms = rule.model_dump(mode="json", exclude=_TEXT_FIELDS)
    measures = (
        set(_WORD.findall(str({key: value for key, value in terms.items() if key != "kind"}))) & forms().measures.keys()
    )
    return not measures or column in measures
