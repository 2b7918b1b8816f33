"""What a materialization shows in the Dagster UI."""

from collections.abc import Iterable, Sequence

MOST_ROWS = 50


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a Markdown table of the first rows, and how many more there are; "none" without any."""
    told = [[_cell(value) for value in row] for row in rows]
    if not told:
        return "none"
    more = [[f"... {len(told) - MOST_ROWS} more", *[""] * (len(header) - 1)]] if len(told) > MOST_ROWS else []
    lines = [header, ["---"] * len(header), *told[:MOST_ROWS], *more]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(value: object) -> str:
    return "" if value is None else str(value).replace("|", "\\|").replace("\n", " ")
