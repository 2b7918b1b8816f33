"""Findings as a person reads them, and as a machine does."""

from typing import Any

import polars as pl
from rich.console import Console
from rich.text import Text

COLOURS = {"return": "red", "query": "yellow", "note": "cyan"}
WORDS = {"return": "TRẢ LẠI · RETURN", "query": "HỎI LẠI · QUERY", "note": "LƯU Ý · NOTE"}


def as_objects(findings: pl.DataFrame) -> list[dict[str, Any]]:
    """Return findings as plain objects: pack, rule, severity, status, form, row, sheet, cells, figures, sentences."""
    return [
        {
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
                    "value": plain(cell["value"]),
                }
                for cell in row["cells"]
            ],
            "expected": plain(row["expected"]),
            "found": plain(row["found"]),
            "difference": plain(row["difference"]),
            "unit": row["unit"],
            "sentence_vi": row["sentence_vi"],
            "sentence_en": row["sentence_en"],
            "story_vi": row["story_vi"],
            "story_en": row["story_en"],
        }
        for row in findings.to_dicts()
    ]


def plain(value: Any) -> Any:
    """Return a decimal as a whole number where it is one, else as a float; anything else as it is."""
    if value is None or not hasattr(value, "is_nan"):
        return value
    return int(value) if value == value.to_integral_value() else float(value)


def print_findings(findings: pl.DataFrame, console: Console) -> None:
    """Print each finding: what it does to the return, the sentence in Vietnamese, in English, and the likely story."""
    order = {"return": 0, "query": 1, "note": 2}
    for row in sorted(findings.to_dicts(), key=lambda row: (order[row["on_fail"]], row["form"], row["rule_id"])):
        console.print()
        console.print(Text(f"{WORDS[row['on_fail']]}  {row['rule_id']}", style=f"bold {COLOURS[row['on_fail']]}"))
        console.print(Text(f"  {row['sentence_vi']}"))
        if row["story_vi"]:
            console.print(Text(f"  → {row['story_vi']}.", style="italic"))
        console.print(Text(f"  {row['sentence_en']}", style="dim"))
        if row["story_en"]:
            console.print(Text(f"  → {row['story_en']}.", style="dim italic"))
