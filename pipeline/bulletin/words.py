"""The words of the pages in both languages, and the labels of measures from the declarations."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml
from markupsafe import Markup, escape

from pipeline.forms import forms


@cache
def words() -> dict[str, dict[str, dict[str, str]]]:
    """Return ``words.yaml``: group, code, language."""
    return yaml.safe_load((Path(__file__).parent / "words.yaml").read_text(encoding="utf-8"))


def both(vi: str, en: str) -> Markup:
    """Return a text in both languages; the switch of the page shows one."""
    return Markup(f'<span lang="vi">{escape(vi)}</span><span lang="en">{escape(en)}</span>')


@cache
def word(group: str, code: Any) -> Markup:
    """Return a word of ``words.yaml``; raises ``KeyError`` for one that nobody wrote."""
    entry = words()[group][str(code)]
    return both(entry["vi"], entry["en"])


@cache
def measure(code: str) -> Markup:
    """Return the official term of a measure."""
    found = forms().measures[code]
    return both(found.vi, found.en)


@cache
def column_word(column: str) -> Markup:
    """Return what a column of the scorecard shows, and whether by cases or by money."""
    basis, _, code = column.removesuffix("_vnd").removesuffix("_pct").partition("_")
    term = words()["figure"].get(code) or {"vi": forms().measures[code].vi, "en": forms().measures[code].en}
    by_vi, by_en = ("về việc", "by cases") if basis == "cases" else ("về tiền", "by money")
    return both(f"{term['vi']}, {by_vi}", f"{term['en']}, {by_en}")


@cache
def unit_word(column: str, form: str) -> Markup:
    """Return the unit in which a column is printed: tỷ đồng for money, else what its form counts."""
    if column.endswith("_vnd"):
        return both("tỷ đồng", "billion đồng")
    code = {"visits": "visit", "people": "person", "discipline": "person"}.get(column.split("_by_")[0])
    code = code or {"01": "case", "08": "letter", "discipline": "person"}[form]
    if form == "08" and column in ("matters", "settled", "pending"):
        code = "case"
    unit = forms().units[code]
    return both(unit.vi, unit.en)
