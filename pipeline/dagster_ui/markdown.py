"""Markdown of materializations and checks: bounded, and text from strangers' files stays text."""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import TypeVar

from pipeline.text.markup import Raw, markdown

MOST_ROWS = 50
NONE = "none"

Entry = TypeVar("Entry")


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[object]], *, extra_count: int = 0) -> str:
    """Return the first rows as a table, and how many more there are, ``extra_count`` of them not in ``rows``; or "none"."""
    first_entries, rest_count = _take_first(rows)
    if not first_entries:
        return NONE
    lines = [header, ["---"] * len(header), *([markdown(value) for value in row] for row in first_entries)]
    if rest_count + extra_count:
        lines.append([f"... {rest_count + extra_count} more", *[""] * (len(header) - 1)])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def linked_list(entries: Iterable[tuple[str, str]]) -> str:
    """Return the first of (name, address) as a list of links, and how many more there are, or "none"."""
    first_entries, rest_count = _take_first(entries)
    more = [f"- ... {rest_count} more"] if rest_count else []
    return "\n".join([*(f"- {link(name, address)}" for name, address in first_entries), *more]) or NONE


def link(name: str, address: str) -> Raw:
    """Return a link for use in a table; ``address`` is one of ours (:class:`pipeline.dagster_ui.links.Links`)."""
    return Raw(f"[{markdown(name)}]({address})")


def _take_first(entries: Iterable[Entry]) -> tuple[list[Entry], int]:
    remaining = iter(entries)
    return list(islice(remaining, MOST_ROWS)), sum(1 for _ in remaining)
