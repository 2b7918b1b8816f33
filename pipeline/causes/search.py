"""The fewest, least far-fetched edits that explain all that fails in a return, one after the other."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from expectations.constraints import Constraint, Place, Ratio, Sum, UncalculatedFormula
from pipeline.causes.edits import edits
from pipeline.causes.laws import is_lawful
from pipeline.causes.returns import Edit, Return

MOST_CAUSES = 40
MOST_HYPOTHESES = 5
#: Edits that are looked at for one return: where hundreds of sums fail, what is left after so many is told without a cause.
MOST_EDITS = 6000
NOT_RECALCULATED = "not_recalculated"
#: The rule that tells of a sheet with another period or unit than the others.
AGREEMENT = "header.agreement"


@dataclass(frozen=True)
class Hypothesis:
    """An edit with the findings that it would close; it breaks nothing that holds, and proposes nothing that cannot be."""

    edit: Edit
    closes: frozenset[str]

    @property
    def order(self) -> tuple:
        """Likeliest first: what was not recalculated, then what closes most, then what is least far-fetched."""
        return (not self.is_of_formulas, -len(self.closes), self.edit.cost, len(self.edit.changes), self.edit.root)

    @property
    def is_of_formulas(self) -> bool:
        """Tell whether it says that the workbook was not recalculated: told before any input is doubted."""
        return self.edit.kind == NOT_RECALCULATED

    def is_alike(self, other: "Hypothesis") -> bool:
        """Tell whether the figures do not tell it from another: each changes one cell and its totals, closes as much, and is as likely."""
        return (
            all(len(one.changes) == 1 or one.said.get("carried") for one in (self.edit, other.edit))
            and (self.closes, self.edit.cost) == (other.closes, other.edit.cost)
            and self.edit.root != other.edit.root
        )


@dataclass(frozen=True)
class Cause:
    """Findings with one root, and hypotheses about it, the likeliest first."""

    findings: tuple[str, ...]
    hypotheses: tuple[Hypothesis, ...]
    root: Place | None
    #: Two documents say two things, and nothing of it is about what one of them says alone.
    is_contradiction: bool = False


def causes_of(of: Return) -> list[Cause]:
    """Group the failing constraints of a return by root cause; every one of them is in exactly one cause."""
    failing = {c.finding_id: c for c in of.constraints if c.finding_id is not None}
    of = replace(of, values=dict(of.values), of_place={})
    causes: list[Cause] = list(_of_whole_forms(of, failing))
    looked_at = 0
    while failing and len(causes) < MOST_CAUSES and looked_at < MOST_EDITS:
        proposed = list(edits(of, failing.values()))
        looked_at += len(proposed)
        hypotheses = sorted(
            (weighed for edit in proposed if (weighed := _weighed(of, edit, failing))),
            key=lambda hypothesis: hypothesis.order,
        )
        if not hypotheses:
            break
        best = hypotheses[0]
        causes.append(_cause(best, hypotheses, failing))
        of.values.update(best.edit.changes)
        for finding in best.closes:
            del failing[finding]
    return _joined(causes, list(failing.values()), of)


def _of_whole_forms(of: Return, failing: dict[str, Constraint]) -> Iterator[Cause]:
    """Yield the causes that are a whole form of another report, and take what they explain out of ``failing``.

    A form that was copied from last month, or a sheet that names another period or unit: where it contradicts other forms
    and reports, nobody need look for a wrong figure.
    """
    copies = [known for known in failing.values() if known.rule.detects_copy]
    agreements = [known for known in failing.values() if known.rule.id == AGREEMENT] if of.foreign_forms else []
    for remarks, forms in [*(([copy], {copy.form}) for copy in copies), (agreements, of.foreign_forms)]:
        told = [known for known in remarks if known.finding_id in failing]  # a form may be a copy of two others
        if not told:
            continue
        explained = [known for known in failing.values() if _looks_beyond(of, known, forms)]
        names = sorted({known.finding_id or "" for known in (*told, *explained)})
        for name in names:
            failing.pop(name, None)
        yield Cause(tuple(names), (), _root_of(of, told[0]))


def _looks_beyond(of: Return, known: Constraint, forms: Collection[str]) -> bool:
    """Tell whether a comparison holds one of these forms against another form or report."""
    is_of_them = [of.is_own(place) and place.form in forms for place in known.places]
    return any(is_of_them) and not all(is_of_them) and not known.is_contradiction


def _root_of(of: Return, constraint: Constraint) -> Place:
    own = next((place for place in constraint.places if of.is_own(place)), None)
    return own or Place(of.submission_id, constraint.form, constraint.row, constraint.column)


def _weighed(of: Return, edit: Edit, failing: dict[str, Constraint]) -> Hypothesis | None:
    """Return an edit with what it closes; nothing where it closes nothing, breaks what holds or cannot be."""
    is_of_formulas = edit.kind == NOT_RECALCULATED
    touched = dict.fromkeys(constraint for place in edit.changes for constraint in of.of_place.get(place, ()))
    after = Edited(of.values, edit.changes)
    closes = {name for name, one in failing.items() if is_of_formulas and isinstance(one, UncalculatedFormula)}
    for constraint in touched:
        holds = constraint.holds(after)
        if constraint.finding_id in failing:
            if holds or _is_rounded_away(of, edit, constraint, after):
                closes.add(constraint.finding_id)
        elif not holds and not is_of_formulas and constraint.holds(of.values):
            return None
    if not closes or not (is_of_formulas or is_lawful(of, edit, after)):
        return None
    return Hypothesis(edit, frozenset(closes))


def _is_rounded_away(of: Return, edit: Edit, constraint: Constraint, after: Mapping[Place, Decimal]) -> bool:
    """Tell whether a sum or a rate is off by no more than the digits that a smaller scale has cost its cells."""
    exponent = int(str(edit.said.get("exponent", 0)))
    if exponent >= 0 or not isinstance(constraint, Sum | Ratio):
        return False
    unit = of.declared.units.get(of.cells[edit.root].unit or "")
    lost = Decimal(unit.factor if unit else 1).scaleb(-exponent)
    if isinstance(constraint, Ratio):
        return constraint.holds(after, lost)
    return constraint.excess(after) <= len(constraint.signed_cells) * lost


class Edited(dict):
    """Figures with some of them changed, without a copy of all."""

    def __init__(self, values: dict[Place, Decimal], changes: Mapping[Place, Decimal]) -> None:
        super().__init__(changes)
        self._values = values

    def __missing__(self, place: Place) -> Decimal:
        return self._values[place]


def _cause(best: Hypothesis, hypotheses: list[Hypothesis], failing: Mapping[str, Constraint]) -> Cause:
    """Return the cause with its best hypothesis and others about the same findings, each place and figure once."""
    told: dict[tuple, Hypothesis] = {}
    for hypothesis in hypotheses:
        if hypothesis.closes & best.closes and (hypothesis == best or not best.is_of_formulas):
            edit = hypothesis.edit
            told.setdefault((edit.root, edit.changes.get(edit.root)), hypothesis)
    return Cause(
        tuple(sorted(best.closes)),
        tuple(told.values())[:MOST_HYPOTHESES],
        best.edit.root,
        is_contradiction=all(failing[finding].is_contradiction for finding in best.closes),
    )


def _joined(causes: list[Cause], rest: Iterable[Constraint], of: Return) -> list[Cause]:
    """Put what no edit closes to the cause whose cell it shares, else make causes of their own by the cell found.

    That two documents contradict each other stands apart from what is wrong within one, unless one edit closes both:
    the sentence of an incident is that of one finding, and must not speak of the one and be silent of the other.
    """
    by_root: dict[tuple[Place, bool], list[str]] = {}
    grown = [list(cause.findings) for cause in causes]
    for constraint in rest:
        own = [place for place in constraint.places if of.is_own(place)]
        shared = next(
            (
                n
                for n, cause in enumerate(causes)
                if cause.hypotheses
                and set(own) & set(cause.hypotheses[0].edit.changes)
                and cause.is_contradiction == constraint.is_contradiction
            ),
            None,
        )
        if shared is not None:
            grown[shared].append(constraint.finding_id or "")
        else:
            by_root.setdefault((_root_of(of, constraint), constraint.is_contradiction), []).append(
                constraint.finding_id or ""
            )
    return [
        *(replace(cause, findings=tuple(sorted(found))) for cause, found in zip(causes, grown, strict=True)),
        *(Cause(tuple(sorted(found)), (), root, is_apart) for (root, is_apart), found in by_root.items()),
    ]
