"""Pieces of the formulas in which a rule says what it compares, with codes and with labels, for the page of rules."""

from collections.abc import Iterable, Iterator
from decimal import Decimal

from expectations.terms import Term
from pipeline.forms import forms

#: Columns that judging adds beside the printed ones (``pipeline.comparison.database``).
TARGETS = {
    "own_target": ("chỉ tiêu giao riêng cho đơn vị", "the unit's own target"),
    "own_pro_rata_target": ("chỉ tiêu giao riêng, tính theo số tháng", "the unit's own target pro rata"),
    "national_target": ("chỉ tiêu toàn quốc", "the nation's target"),
    "national_pro_rata_target": ("chỉ tiêu toàn quốc, tính theo số tháng", "the nation's target pro rata"),
}


def equation(left_terms: Iterable[Term], relation: str, right_terms: Iterable[Term]) -> str:
    """Return the relation of two sums, first with codes, then with labels."""
    left_terms, right_terms = tuple(left_terms), tuple(right_terms)
    code_equation = f"{coded_sum(left_terms)} {relation} {coded_sum(right_terms)}"
    return f"`{code_equation}`: {labelled_sum(left_terms)} {relation} {labelled_sum(right_terms)}"


def absence(columns: tuple[str, ...]) -> Iterator[str]:
    """Yield the sentence that a rule holds only where none of ``columns`` is printed, if there are any."""
    if columns:
        yield f"Only where none of these is printed: {code_list(columns)}"


def code_list(codes: Iterable[str]) -> str:
    """Return codes as a list in Markdown."""
    return ", ".join(f"`{code}`" for code in codes)


def coded_sum(terms: Iterable[Term]) -> str:
    """Return a sum with the codes of its columns."""
    return _sum_text((term, term.column) for term in terms)


def labelled_sum(terms: Iterable[Term]) -> str:
    """Return a sum with the Vietnamese labels of its columns."""
    return _sum_text((term, f"*{label(term.column)}*") for term in terms)


def label(column: str) -> str:
    """Return what a form, or a decision on targets, calls a column."""
    return TARGETS[column][0] if column in TARGETS else forms().measures[column].vi


def figure(number: Decimal | int) -> str:
    """Write a number with thin groups of thousands."""
    return f"{number:,}".replace(",", " ")


def _sum_text(named_terms: Iterable[tuple[Term, str]]) -> str:
    text = ""
    for term, name in named_terms:
        sign = "-" if term.sign < 0 else "+"
        weighted = name if term.factor == 1 else f"{term.factor} × {name}"
        signed = f"{sign} {weighted}" if text or term.sign < 0 else weighted
        text += (" " if text else "") + (f"[{signed}]" if term.is_optional else signed)
    return text
