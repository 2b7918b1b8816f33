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
