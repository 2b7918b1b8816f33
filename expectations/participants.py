"""The cells of a comparison: the one that should agree, and those it is compared with."""

from collections.abc import Iterable
from dataclasses import dataclass

from expectations.terms import Term
from pipeline.forms import Form


@dataclass(frozen=True)
class Participant:
    """A cell of a finding: ``role`` is ``found`` or ``term``; with ``is_partner`` it stands in the partner's report."""

    role: str
    sign: int
    form: str
    row: str
    column: str
    is_partner: bool = False


def summands(
    terms: Iterable[Term], form: Form, row: str, role: str = "term", is_partner: bool = False
) -> list[Participant]:
    """Return the cells of a sum in one row of ``form``."""
    return [Participant(role, term.sign, form.code, row, term.column, is_partner) for term in terms]


def cell_with_partner(form: Form, row: str, column: str) -> list[Participant]:
    """Return a cell and the same one in the partner's report."""
    return [
        Participant("found", 1, form.code, row, column),
        Participant("term", 1, form.code, row, column, is_partner=True),
    ]
