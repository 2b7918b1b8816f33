"""The one gate: what a return says about itself becomes its place, or the reasons why it has none.

Readers turn what is written into a :class:`Claim`; only here does it become a unit, a scope and a statistical period,
whatever the format or origin. A return without a place is sent back and feeds no figure.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from pipeline.calendar.periods import is_statistical_year, period_id, statistical_year
from pipeline.cells.reading import report_id, submission_id
from pipeline.cells.submission import Submission
from pipeline.forms import Forms
from pipeline.registry.units import Unit, UnitRegistry
from pipeline.text.spelling import fold
from pipeline.vocabulary import Level, Origin, Scope, Vintage

SCOPE_OF_LEVEL = {Level.NATION: Scope.NATION, Level.PROVINCE: Scope.PROVINCE, Level.OFFICE: Scope.OFFICE}

#: Characters of a cell that a remark quotes: nobody writes a longer name or date.
MOST_QUOTED = 120


@dataclass(frozen=True)
class Quote:
    """A text as it stands in the file, and where."""

    text: str
    address: str | None = None


@dataclass(frozen=True)
class Claim:
    """What a return says about itself, as written, and where it says so."""

    sheet: str | None  # the sheet, or the file that has none
    period: tuple[date | None, date | None]  # first and last day, as far as they can be read
    period_quotes: tuple[Quote, ...] = ()
    unit: Quote | None = None
    unit_code: Quote | None = None
    parent: str | None = None
    scope: str | None = None
    forms: frozenset[str] = frozenset()
    place: str = "sheet"  # of gate.yaml
    origin: Origin = Origin.SUBMITTED
    vintage: str = str(Vintage.REPORTED)
    report: str = ""  # what distinguishes the report from others of its file
    source_ref: str | None = None  # where it is not the path of the file
    recognised: str | None = None  # key of the unit that a running text was found to mean
    series: str | None = None  # the name under which a printed report comes again
    is_name_shared: bool = False  # by reports of several units and periods
    revision: str | None = None
    reason: str | None = None
    signer: str | None = None
    in_answer_to: str | None = None
    is_simulated: bool = False
    #: Remarks on sheets that contradict each other, and whether it is the period that they contradict each other on.
    contradictions: tuple[dict, ...] = ()
    is_torn: bool = False


@dataclass(frozen=True)
class Placement:
    """Where a return belongs. None of it can be missing."""

    unit_key: str
    scope: Scope
    period_id: str
    period_start: date
    period_end: date
    regime: str
    forms: frozenset[str]
    doubts: tuple[dict, ...] = ()  # remarks


@dataclass(frozen=True)
class Rejection:
    """Why a return has no place, and as much of it as is known."""

    reasons: tuple[dict, ...]  # remarks, at least one
    unit_key: str | None = None
    scope: Scope | None = None
    period_id: str | None = None
    period_start: date | None = None
    period_end: date | None = None
    regime: str | None = None
    forms: frozenset[str] = field(default_factory=frozenset)

    def __post_init__(self) -> None:
        if not self.reasons:
            raise ValueError("nothing is set aside without a reason")


def place(claim: Claim, received_at: datetime | None, forms: Forms, registry: UnitRegistry) -> Placement | Rejection:
    """Return where a return that came at ``received_at`` belongs, or why it belongs nowhere.

    Its unit must exist on the last day of its period; the period must be a statistical one that had ended when the
    file arrived (on its last day it has: books are closed that afternoon); one form at least must be there.
    """
    start, end = claim.period
    reasons: list[dict] = []
    doubts: list[dict] = list(claim.contradictions)
    period = period_id(start, end) if start and end else None
    if period is None or end is None:
        reasons.append(_remark(claim, _period_problem(claim), claim.period_quotes))
    elif received_at and end > received_at.date():
        days = {"end": f"{end:%d/%m/%Y}", "arrived": f"{received_at:%d/%m/%Y}"}
        reasons.append(_remark(claim, "future_period", claim.period_quotes, **days))
        period = None
    elif "@" in period:
        doubts.append(_remark(claim, "part_of_a_month", claim.period_quotes))
    if claim.is_torn:  # the contradiction has its own remark
        period = None
    last = end if end and _is_sane(end) else None
    day = last or (received_at.date() if received_at else None)
    unit = _unit(claim, day, registry)
    if unit is None and last is None and day:  # where the day is not known, any unit that ever existed will do
        unit = _ended_unit(claim, day, registry)
    if unit is None:
        reasons.append(_unit_remark(claim, day, registry))
    elif (other_unit := _other_unit(claim, unit, day, registry)) and claim.unit_code:
        names = {"named": other_unit.name, "key": claim.unit_code.text, "keyed": unit.name}
        doubts.append(_remark(claim, "name_against_key", (claim.unit,), **names))
    if not claim.forms:
        reasons.append(_remark(claim, "no_form", ()))
    regime = next(iter(forms.in_force(last).values())).regime if last else None
    if regime and end and period and claim.origin == Origin.SUBMITTED and not regime.covers(end):
        details = {"regime": regime.name, "end": f"{end:%d/%m/%Y}"}
        doubts.append(_remark(claim, "no_regime", claim.period_quotes, **details))
    scope = _scope(claim, unit, forms) if unit else None
    if unit and scope and period and start and end and regime and claim.forms:
        return Placement(unit.key, scope, period, start, end, regime.name, claim.forms, tuple(doubts))
    return Rejection(
        reasons=(*reasons, *doubts),
        unit_key=unit.key if unit else None,
        scope=scope,
        period_id=period,
        period_start=start if period else None,
        period_end=end if period else None,
        regime=regime.name if regime else None,
        forms=claim.forms,
    )


def admit(claim: Claim, receipt: dict, forms: Forms, registry: UnitRegistry) -> tuple[Submission, list[dict]]:
    """Return the submission that a file's claim becomes at the gate, and the remarks on it."""
    identity = submission_id(receipt["sha256"], claim.report)
    outcome = place(claim, receipt["received_at"], forms, registry)
    file_submission = Submission.from_file(receipt, identity)
    submission = file_submission.with_changes(
        source_ref=claim.source_ref or receipt["path"],
        origin=str(claim.origin),
        vintage=claim.vintage,
        is_simulated=claim.is_simulated,
        report_id=_identity(claim, outcome) if isinstance(outcome, Placement) else None,
        unit_key=outcome.unit_key,
        unit_text=claim.unit.text if claim.unit else None,
        scope=str(outcome.scope) if outcome.scope else None,
        period_id=outcome.period_id,
        period_start=outcome.period_start,
        period_end=outcome.period_end,
        regime=outcome.regime,
        revision=_revision(claim.revision),
        reason=claim.reason,
        signer=claim.signer,
        in_answer_to=claim.in_answer_to,
    )
    remarks = outcome.doubts if isinstance(outcome, Placement) else outcome.reasons
    return submission, [remark | {"submission_id": identity} for remark in remarks]


def contradiction(sheet: str, quote: Quote, first_sheet: str, first: str) -> dict:
    """Return the remark on a cell that contradicts the same cell of an earlier sheet."""
    return {
        "code": "header_agreement",
        "sheet": sheet,
        "address": quote.address,
        "raw": quote.text,
        "detail_vi": f"Ô {quote.address} trang «{sheet}»: ghi «{quote.text}», còn trang «{first_sheet}» ghi «{first}».",
        "detail_en": f"Cell {quote.address} of sheet '{sheet}' reads '{quote.text}', sheet '{first_sheet}' reads '{first}'.",
    }


def _identity(claim: Claim, placement: Placement) -> str | None:
    """Return the identity of a report across its versions.

    A return is identified by unit, scope and period; a printed report by its series.
    """
    if claim.series is None:
        return report_id(
            claim.origin, placement.unit_key, placement.scope, placement.period_id, is_simulated=claim.is_simulated
        )
    origin = "simulated" if claim.is_simulated else str(claim.origin)
    place = f"/{placement.unit_key}/{placement.period_id}" if claim.is_name_shared else ""
    return f"{origin}/{claim.series}{place}"


def _unit(claim: Claim, day: date | None, registry: UnitRegistry) -> Unit | None:
    """Find the unit by its key, if it is valid on the day, else by its name."""
    unit_by_key = registry.units.get(claim.recognised or (claim.unit_code.text if claim.unit_code else ""))
    if unit_by_key and (day is None or unit_by_key.is_valid_on(day)):
        return unit_by_key
    return registry.find(claim.unit.text, day, claim.parent) if claim.unit and day else None


def _other_unit(claim: Claim, unit: Unit, day: date | None, registry: UnitRegistry) -> Unit | None:
    """Return the unit that the name means, where it is another than that of the key."""
    other = registry.find(claim.unit.text, day, claim.parent) if claim.unit and day else None
    return other if other and other.key != unit.key else None


def _unit_remark(claim: Claim, day: date | None, registry: UnitRegistry) -> dict:
    quotes = [quote for quote in (claim.unit, claim.unit_code) if quote and quote.text]
    if not quotes:
        reason = "no_unit_in_text" if claim.place == "text" else "no_unit"
        return _remark(claim, reason, (claim.unit, claim.unit_code))
    if day and (ended_unit := _ended_unit(claim, day, registry)):
        reason, heirs = "ended_unit", registry.successors(ended_unit.key, day)
        if not heirs and (parent := registry.units.get(ended_unit.parent or "")):
            reason, heirs = "ended_below", [parent] if parent.is_valid_on(day) else registry.successors(parent.key, day)
        details = {"ended": f"{ended_unit.valid_to:%d/%m/%Y}", "successors": ", ".join(unit.name for unit in heirs)}
        return _remark(claim, reason if heirs else "ended_without_successor", quotes[:1], **details)
    return _remark(claim, "unknown_unit", quotes[:1], day=f"{day:%d/%m/%Y}" if day else "")


def _ended_unit(claim: Claim, day: date, registry: UnitRegistry) -> Unit | None:
    """Return the unit that the claim means, if it ended before ``day``."""
    unit_by_key = registry.units.get(claim.unit_code.text if claim.unit_code else "")
    if unit_by_key and unit_by_key.valid_to <= day:
        return unit_by_key
    return registry.find_ended(claim.unit.text, day, claim.parent) if claim.unit else None


def _scope(claim: Claim, unit: Unit, forms: Forms) -> Scope:
    """Return the scope that the claim chooses among those of its unit; what is printed may choose freely."""
    if claim.origin == Origin.PUBLISHED:
        return Scope(claim.scope) if claim.scope else SCOPE_OF_LEVEL[Level(unit.level)]
    if unit.level != Level.PROVINCE:
        return SCOPE_OF_LEVEL[Level(unit.level)]
    scope_name = fold(claim.scope or "")
    choices = {fold(text): name for name, text in forms.header["scope"]["choices"].items()}
    return Scope.OWN if choices.get(scope_name, scope_name) == Scope.OWN else Scope.PROVINCE


def _period_problem(claim: Claim) -> str:
    if not any(quote.text for quote in claim.period_quotes):
        return "no_period_in_text" if claim.place == "text" else "no_period"
    return "no_statistical_period" if all(claim.period) else "unread_period"


def _revision(text: str | None) -> int:
    """Return the version that the header states, 1 where it states none."""
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 4 else 1


def _is_sane(day: date) -> bool:
    return is_statistical_year(statistical_year(day))


@cache
def _sentences() -> dict[str, Any]:
    return yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8"))


def _remark(claim: Claim, reason: str, quotes: Iterable[Quote | None], **details: str) -> dict:
    """Return a remark on the quoted cells, at the address of the first."""
    sentence, place_phrases = _sentences()[reason], _sentences()["where"]
    present_quotes = [quote for quote in quotes if quote]
    address = next((quote.address for quote in present_quotes if quote.address), None)
    raw = " - ".join(quote.text for quote in present_quotes)
    location = {"address": address, "sheet": claim.sheet or ""}
    place_code = claim.place if address else "nowhere_on_sheet" if claim.place == "sheet" else "nowhere_in_file"
    quotation = raw if len(raw) <= MOST_QUOTED else f"{raw[:MOST_QUOTED]}…"

    def detail(language: str) -> str:
        place_phrase = place_phrases[place_code][language].format(**location)
        return sentence[language].format(where=place_phrase, raw=quotation, **details)

    return {
        "code": sentence["code"],
        "sheet": claim.sheet,
        "address": address,
        "raw": raw or None,
        "detail_vi": detail("vi"),
        "detail_en": detail("en"),
    }
