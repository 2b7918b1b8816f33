"""Pieces of SQL that kinds of rules share: sums of columns of a form's wide table, and their rounding."""

from collections.abc import Iterable

from expectations.terms import Term

UNBOUNDED = "100000000000000000000"  # 1e20: beyond any amount in đồng
HAIR = "0.000001"  # ratios are computed in floating point: a bound gets the last place of its type as leeway


def signed_sum(terms: Iterable[Term], exact: bool = True) -> str:
    """Return the signed sum; NULL where a required term is not printed."""
    parts = []
    for term in terms:
        column = f"coalesce({term.column}, 0)" if term.is_optional else term.column
        weighted = column if term.factor == 1 else f"{column} * {term.factor}"
        parts.append(f"{'+' if term.sign > 0 else '-'} {weighted}")
    total = "0 " + " ".join(parts)
    return f"({total})" if exact else f"({total})::double"


def slack(terms: Iterable[Term]) -> str:
    """Return the sum of what rounding may have taken from the terms."""
    return "(0" + "".join(f" + coalesce({term.column}__rounding, 0)" for term in terms) + ")"


def reach(terms: Iterable[Term], direction: int) -> str:
    """Return how far unprinted optional terms may move the sum up (+1) or down (-1): any distance, or none."""
    conditions = [f"{term.column} is null" for term in terms if term.is_optional and term.sign == direction]
    return f"case when {' or '.join(conditions)} then {UNBOUNDED} else 0 end" if conditions else "0"


def all_printed(terms: Iterable[Term]) -> str:
    """Return the condition that every required term is printed."""
    return " and ".join([f"{term.column} is not null" for term in terms if not term.is_optional] or ["true"])


def and_none_printed(columns: Iterable[str]) -> str:
    """Return what to add to a condition so that it holds only where none of ``columns`` is printed."""
    return "".join(f" and {column} is null" for column in columns)


def code_list(codes: Iterable[str]) -> str:
    """Return codes as SQL lists them."""
    return ", ".join(f"'{code}'" for code in codes)
