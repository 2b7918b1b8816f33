"""The fewest and least far-fetched edits that explain everything that fails in a return, one after another."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from expectations.constraints import Constraint, Place, Ratio, Sum, UncalculatedFormula
from pipeline.causes.edits import propose_edits
from pipeline.causes.laws import is_lawful
from pipeline.causes.returns import Edit, Return

MOST_CAUSES = 40
MOST_HYPOTHESES = 5
#: Edits that are tried for one return: where hundreds of sums fail, whatever remains after so many gets no cause.
MOST_EDITS = 6000
NOT_RECALCULATED = "not_recalculated"
#: The rule about a sheet with another period or unit than the others.
AGREEMENT = "header.agreement"


@dataclass(frozen=True)
class Hypothesis:
    """An edit with the findings that it would close; it breaks nothing that holds, and proposes nothing impossible."""

    edit: Edit
    closed_findings: frozenset[str]

    @property
    def order(self) -> tuple:
        """Likeliest first: what was not recalculated, then what closes most, then what is least far-fetched."""
        return (
            not self.is_recalculation,
            -len(self.closed_findings),
            self.edit.cost,
            len(self.edit.changes),
            self.edit.root,
        )

    @property
    def is_recalculation(self) -> bool:
        """Tell whether it says that the workbook was not recalculated: this comes before any doubt about an input."""
        return self.edit.kind == NOT_RECALCULATED

    def is_equally_likely(self, other: "Hypothesis") -> bool:
        """Tell whether the figures cannot decide between it and another: each changes one cell and its totals, closes as much, and is as likely."""
        return (
            all(len(edit.changes) == 1 or edit.details.get("carried") for edit in (self.edit, other.edit))
            and (self.closed_findings, self.edit.cost) == (other.closed_findings, other.edit.cost)
            and self.edit.root != other.edit.root
        )


@dataclass(frozen=True)
class RootCause:
    """Findings with one root, and hypotheses about it, the likeliest first."""

    findings: tuple[str, ...]
    hypotheses: tuple[Hypothesis, ...]
    root: Place | None
    #: Two documents contradict each other, and no finding is about one of them alone.
    is_contradiction: bool = False


def find_causes(office_return: Return) -> list[RootCause]:
    """Group the failing constraints of a return by root cause; every one of them is in exactly one cause."""
    failures = {
        constraint.finding_id: constraint
        for constraint in office_return.constraints
        if constraint.finding_id is not None
    }
    office_return = replace(office_return, values=dict(office_return.values), constraints_by_place={})
    causes: list[RootCause] = list(_whole_form_causes(office_return, failures))
    edit_count = 0
    while failures and len(causes) < MOST_CAUSES and edit_count < MOST_EDITS:
        candidates = list(propose_edits(office_return, failures.values()))
        edit_count += len(candidates)
        hypotheses = sorted(
            (hypothesis for edit in candidates if (hypothesis := _weigh(office_return, edit, failures))),
            key=lambda hypothesis: hypothesis.order,
        )
        if not hypotheses:
            break
        best = hypotheses[0]
        causes.append(_make_cause(best, hypotheses, failures))
        office_return.values.update(best.edit.changes)
        for finding in best.closed_findings:
            del failures[finding]
    return _attach_unexplained(causes, list(failures.values()), office_return)


def _whole_form_causes(office_return: Return, failures: dict[str, Constraint]) -> Iterator[RootCause]:
    """Yield the causes in which a whole form belongs to another report, and remove what they explain from ``failures``.

    A form that was copied from last month, or a sheet that names another period or unit: where it contradicts other forms
    and reports, nobody need look for a wrong figure.
    """
    copies = [constraint for constraint in failures.values() if constraint.rule.detects_copy]
    agreements = (
        [constraint for constraint in failures.values() if constraint.rule.id == AGREEMENT]
        if office_return.foreign_forms
        else []
    )
    for remarks, forms in [*(([copy], {copy.form}) for copy in copies), (agreements, office_return.foreign_forms)]:
        # A form may be a copy of two others: what the first copy explained is explained.
        open_remarks = [constraint for constraint in remarks if constraint.finding_id in failures]
        if not open_remarks:
            continue
        explained_constraints = [
            constraint for constraint in failures.values() if _crosses_forms(office_return, constraint, forms)
        ]
        finding_ids = sorted({constraint.finding_id or "" for constraint in (*open_remarks, *explained_constraints)})
        for finding_id in finding_ids:
            failures.pop(finding_id, None)
        yield RootCause(tuple(finding_ids), (), _root_place(office_return, open_remarks[0]))


def _crosses_forms(office_return: Return, constraint: Constraint, forms: Collection[str]) -> bool:
    """Tell whether a comparison sets one of these forms against another form or report."""
    memberships = [office_return.is_own(place) and place.form in forms for place in constraint.places]
    return any(memberships) and not all(memberships) and not constraint.is_contradiction


def _root_place(office_return: Return, constraint: Constraint) -> Place:
    own_place = next((place for place in constraint.places if office_return.is_own(place)), None)
    return own_place or Place(office_return.submission_id, constraint.form, constraint.row, constraint.column)


def _weigh(office_return: Return, edit: Edit, failures: dict[str, Constraint]) -> Hypothesis | None:
    """Return an edit with what it closes; None where it closes nothing, breaks what holds or is impossible."""
    is_recalculation = edit.kind == NOT_RECALCULATED
    constraints = dict.fromkeys(
        constraint for place in edit.changes for constraint in office_return.constraints_by_place.get(place, ())
    )
    edited_values = EditedValues(office_return.values, edit.changes)
    closed_findings = {
        name
        for name, constraint in failures.items()
        if is_recalculation and isinstance(constraint, UncalculatedFormula)
    }
    for constraint in constraints:
        holds = constraint.holds(edited_values)
        if constraint.finding_id in failures:
            if holds or _is_rounded_away(office_return, edit, constraint, edited_values):
                closed_findings.add(constraint.finding_id)
        elif not holds and not is_recalculation and constraint.holds(office_return.values):
            return None
    if not closed_findings or not (is_recalculation or is_lawful(office_return, edit, edited_values)):
        return None
    return Hypothesis(edit, frozenset(closed_findings))


def _is_rounded_away(
    office_return: Return, edit: Edit, constraint: Constraint, edited_values: Mapping[Place, Decimal]
) -> bool:
    """Tell whether a sum or a rate is off by no more than the digits that a smaller scale has cost its cells."""
    exponent = int(str(edit.details.get("exponent", 0)))
    if exponent >= 0 or not isinstance(constraint, Sum | Ratio):
        return False
    unit = office_return.declarations.units.get(office_return.cells[edit.root].unit or "")
    rounding_loss = Decimal(unit.factor if unit else 1).scaleb(-exponent)
    if isinstance(constraint, Ratio):
        return constraint.holds(edited_values, rounding_loss)
    return constraint.excess(edited_values) <= len(constraint.signed_cells) * rounding_loss


class EditedValues(dict):
    """Figures with some of them changed, without a copy of all."""

    def __init__(self, values: dict[Place, Decimal], changes: Mapping[Place, Decimal]) -> None:
        super().__init__(changes)
        self._values = values

    def __missing__(self, place: Place) -> Decimal:
        return self._values[place]


def _make_cause(best: Hypothesis, hypotheses: list[Hypothesis], failures: Mapping[str, Constraint]) -> RootCause:
    """Return the cause with its best hypothesis and others about the same findings, each place and figure once."""
    distinct_hypotheses: dict[tuple, Hypothesis] = {}
    for hypothesis in hypotheses:
        if hypothesis.closed_findings & best.closed_findings and (hypothesis == best or not best.is_recalculation):
            edit = hypothesis.edit
            distinct_hypotheses.setdefault((edit.root, edit.changes.get(edit.root)), hypothesis)
    return RootCause(
        tuple(sorted(best.closed_findings)),
        tuple(distinct_hypotheses.values())[:MOST_HYPOTHESES],
        best.edit.root,
        is_contradiction=all(failures[finding].is_contradiction for finding in best.closed_findings),
    )


def _attach_unexplained(
    causes: list[RootCause], unexplained_constraints: Iterable[Constraint], office_return: Return
) -> list[RootCause]:
    """Add what no edit closes to the cause whose cell it shares, or else to a cause of its own, one for each root cell.

    A contradiction of two documents is kept apart from what is wrong within one, unless one edit closes both:
    the sentence of an incident is that of one finding, and must not mention the one and pass over the other.
    """
    by_root: dict[tuple[Place, bool], list[str]] = {}
    grouped_findings = [list(cause.findings) for cause in causes]
    for constraint in unexplained_constraints:
        own_places = [place for place in constraint.places if office_return.is_own(place)]
        index = next(
            (
                position
                for position, cause in enumerate(causes)
                if cause.hypotheses
                and set(own_places) & set(cause.hypotheses[0].edit.changes)
                and cause.is_contradiction == constraint.is_contradiction
            ),
            None,
        )
        if index is not None:
            grouped_findings[index].append(constraint.finding_id or "")
        else:
            by_root.setdefault((_root_place(office_return, constraint), constraint.is_contradiction), []).append(
                constraint.finding_id or ""
            )
    return [
        *(
            replace(cause, findings=tuple(sorted(findings)))
            for cause, findings in zip(causes, grouped_findings, strict=True)
        ),
        *(
            RootCause(tuple(sorted(findings)), (), root, is_contradiction)
            for (root, is_contradiction), findings in by_root.items()
        ),
    ]
