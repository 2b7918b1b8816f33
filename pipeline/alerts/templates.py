"""The templates of letters and digests, each filled in by the rules of its format."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import jinja2

from pipeline.text.markup import code

TEMPLATES = Path(__file__).parent


@cache
def environment(finalize: Callable[[Any], Any], *, is_html: bool = False) -> jinja2.Environment:
    """Return the environment of one format, with the templates of this folder."""
    result = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        autoescape=is_html,
        finalize=finalize,
    )
    result.filters["code"] = code
    return result
