"""The words of the pages in both languages, and the labels of measures from the declarations."""

from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import yaml
from markupsafe import Markup, escape

from expectations.kinds import KINDS
from pipeline.forms import forms


@cache
def words() -> dict[str, dict[str, dict[str, str]]]:
    """Return ``words.yaml`` with the titles of the kinds of rules: group, code, language."""
    written = yaml.safe_load((Path(__file__).parent / "words.yaml").read_text(encoding="utf-8"))
    titles = {code: {"vi": vi, "en": en} for kind in KINDS for code, (vi, en) in kind.titles.items()}
    return written | {"rule_kind": titles}


@lru_cache(maxsize=4096)
def bilingual(vi: str, en: str) -> Markup:
    """Return a text in both languages; the switch of the page shows one."""
    return Markup(f'<span lang="vi">{escape(vi)}</span><span lang="en">{escape(en)}</span>')


@cache
def word(group: str, code: Any) -> Markup:
    """Return a word of ``words.yaml``; raises ``KeyError`` for one that is missing there."""
    entry = words()[group][str(code)]
    return bilingual(entry["vi"], entry["en"])


@cache
def measure(code: str) -> Markup:
    """Return the official term of a measure."""
    declaration = forms().measures[code]
    return bilingual(declaration.vi, declaration.en)


@cache
def column_word(column: str) -> Markup:
    """Return what a column of the scorecard shows, and whether by cases or by money."""
    basis, _, code = column.removesuffix("_vnd").removesuffix("_pct").partition("_")
    if column == "judgments_received":
        return measure(column)
    term = words()["figure"].get(code) or {"vi": forms().measures[code].vi, "en": forms().measures[code].en}
    by_vi, by_en = ("về việc", "by cases") if basis == "cases" else ("về tiền", "by money")
    return bilingual(f"{term['vi']}, {by_vi}", f"{term['en']}, {by_en}")


@cache
def period_word(period_id: str | None) -> Markup:
    """Return a period as a table names it: ``9T/2023`` is the nine months of 2023, never September."""
    if not period_id:
        return Markup("–")
    months, _, end_date = period_id.partition("@")
    year, number = months.split("-")
    vi, en = f"{int(number)}T/{year}", f"{int(number)}M/{year}"
    if end_date:
        day = "/".join(reversed(end_date.split("-")))
        vi, en = f"{vi} (đến {day})", f"{en} (to {day})"
    return bilingual(vi, en)


@cache
def state_mark(code: str) -> Markup:
    """Return the sign for the state of a report that was owed, with its meaning as tooltip and for screen readers."""
    sign = {"silent": "○", "returned": "✕", "unreadable": "✕", "accepted": "●"}.get(code, "◐")
    entry = words()["verdict"].get(code) or words()["record"][code]
    style = ' class="down"' if sign in "○✕" else ""
    return Markup(
        f'<span{style} role="img" aria-label="{entry["vi"]} · {entry["en"]}" title="{entry["vi"]}">{sign}</span>'
    )
