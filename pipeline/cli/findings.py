"""Findings as a person reads them, and as a machine does."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import polars as pl
from rich.console import Console
from rich.text import Text

#: The worst first.
ON_FAIL = ("return", "query", "note")
#: How many findings of one group are printed.
MOST_EXAMPLES = 3
COLOURS = {"return": "red", "query": "yellow", "note": "cyan"}
WORDS = {"return": "TRẢ LẠI · RETURN", "query": "HỎI LẠI · QUERY", "note": "LƯU Ý · NOTE"}


def as_objects(findings: pl.DataFrame) -> list[dict[str, Any]]:
    """Return findings as plain objects: submission, pack, rule, severity, status, form, row, sheet, cells, figures, sentences."""
    return [
        {
            "submission_id": row["submission_id"],
            "pack": row["pack"],
            "rule": row["rule_id"],
            "severity": row["severity"],
            "on_fail": row["on_fail"],
            "status": row["status"],
            "form": row["form"],
            "row": row["row_code"],
            "column": row["column_code"],
            "sheet": row["sheet"],
            "cells": [
                {
                    "sheet": cell["sheet"],
                    "address": cell["address"],
                    "role": cell["role"],
                    "column": cell["column_code"],
                    "row": cell["row_code"],
                    "raw": cell["raw"],
                    "value": plain_number(cell["value"]),
                }
                for cell in row["cells"]
            ],
            "expected": plain_number(row["expected"]),
            "found": plain_number(row["found"]),
            "difference": plain_number(row["difference"]),
            "unit": row["unit"],
            "sentence_vi": row["sentence_vi"],
            "sentence_en": row["sentence_en"],
            "story_vi": row["story_vi"],
            "story_en": row["story_en"],
        }
        for row in findings.to_dicts()
    ]


def plain_number(value: Any) -> Any:
    """Return a decimal as a whole number where it is one, else as a float; anything else as it is."""
    if value is None or not hasattr(value, "is_nan"):
        return value
    return int(value) if value == value.to_integral_value() else float(value)


def plain_text(value: Decimal | None) -> str | None:
    """Return a decimal as text without the zeros that its type fills it up with."""
    if value is None:
        return None
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


@dataclass
class FindingGroup:
    """Findings printed together: those of one cause, or of one rule where no cause is known."""

    is_cause: bool
    rows: list[dict[str, Any]] = field(default_factory=list)

    def examples(self) -> list[dict[str, Any]]:
        """Return the findings that stand for all: as many different rules as there are."""
        if len(self.rows) <= MOST_EXAMPLES:
            return self.rows
        first_by_rule = {(row["pack"], row["rule_id"]): row for row in reversed(self.rows)}.values()
        examples = sorted(first_by_rule, key=_order)[:MOST_EXAMPLES]
        examples += [row for row in self.rows if row not in examples][: MOST_EXAMPLES - len(examples)]
        return sorted(examples, key=_order)


def group_findings(
    findings: pl.DataFrame, causes: pl.DataFrame | None = None, cause_findings: pl.DataFrame | None = None
) -> list[FindingGroup]:
    """Return findings in blocks, the worst first (``tables.CAUSES`` and ``CAUSE_FINDINGS`` say what causes them)."""
    cause_of: dict[str, str] = {}
    if causes is not None and cause_findings is not None:
        known_causes = causes.filter(pl.col("kind") != "unknown").select("cause_id").unique()
        cause_of = dict(
            cause_findings.join(known_causes, on="cause_id", how="semi").select("finding_id", "cause_id").iter_rows()
        )
    groups: dict[object, FindingGroup] = {}
    for row in sorted(findings.to_dicts(), key=_order):
        cause = cause_of.get(row["finding_id"])
        key = (row["submission_id"], cause or (row["pack"], row["rule_id"]))
        groups.setdefault(key, FindingGroup(cause is not None)).rows.append(row)
    return list(groups.values())


def print_findings(
    findings: pl.DataFrame,
    console: Console,
    causes: pl.DataFrame | None = None,
    cause_findings: pl.DataFrame | None = None,
) -> None:
    """Print each finding: what it does to the return, the sentence in Vietnamese, in English, and the likely story.

    Of many that have one cause, or break one rule, a count and three examples are printed.
    """
    for group in group_findings(findings, causes, cause_findings):
        count, shown = len(group.rows), group.examples()
        if count > len(shown):
            vi, en = ("một nguyên nhân", "one cause") if group.is_cause else ("một quy tắc", "one rule")
            rules = ", ".join(dict.fromkeys(row["rule_id"] for row in group.rows))
            console.print()
            title = f"{WORDS[group.rows[0]['on_fail']]}  {vi.capitalize()}, {count} chỗ · {en}, {count} places: {rules}"
            console.print(Text(title, style=f"bold {COLOURS[group.rows[0]['on_fail']]}"))
        for row in shown:
            _print_finding(row, console)
        if count > len(shown):
            rest = count - len(shown)
            vi = f"  … và {rest} chỗ nữa; có đủ trong --json và trong tệp đã đánh dấu"
            en = f"  … and {rest} more; all of them stand in --json and in the marked file"
            console.print()
            console.print(Text(vi))
            console.print(Text(en, style="dim"))


def _print_finding(row: dict[str, Any], console: Console) -> None:
    console.print()
    console.print(Text(f"{WORDS[row['on_fail']]}  {row['rule_id']}", style=f"bold {COLOURS[row['on_fail']]}"))
    console.print(Text(f"  {row['sentence_vi']}"))
    if row["story_vi"]:
        console.print(Text(f"  → {row['story_vi']}.", style="italic"))
    console.print(Text(f"  {row['sentence_en']}", style="dim"))
    if row["story_en"]:
        console.print(Text(f"  → {row['story_en']}.", style="dim italic"))


def _order(row: dict[str, Any]) -> tuple[int, str, str]:
    return ON_FAIL.index(row["on_fail"]), row["form"] or "", row["rule_id"]
