"""Which faults go into which reports, alone or several together, so that none hides another."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

from pipeline.simulator.faults import FAULTS, Fault, FaultError, find_fault
from pipeline.simulator.report import SimulatedReport, Slot
from pipeline.simulator.truth import PlantedFault
from pipeline.vocabulary import Scope

TRIES = 40


@dataclass(frozen=True)
class PlannedFault:
    """A fault that a report is to get; one drawn at random may be exchanged for another where it finds no room."""

    id: str
    fault: Fault
    is_drawn: bool = False


def plan_faults(
    requests: Sequence[str], slots: Sequence[Slot], forms: Sequence[str], seed: int, faults_per_report: int = 1
) -> dict[Slot, list[PlannedFault]]:
    """Choose the reports into which faults go; each gets ``faults_per_report`` of those that name no report.

    Raises ``FaultError`` for an unknown fault, or one that fits no report on these ``forms``.
    """
    rng = Random(f"{seed}/faults")
    requested_faults: list[tuple[str, bool]] = []
    for text in requests:
        requested_faults += (
            [(name, True) for name in _draw_kinds(int(text), slots, forms, rng, faults_per_report)]
            if text.isdigit()
            else []
        )
        requested_faults += [] if text.isdigit() else [(text, False)]
    numbered = [(f"F{number}", *kind) for number, kind in enumerate(requested_faults, start=1)]
    plan: dict[Slot, list[PlannedFault]] = defaultdict(list)
    # Those that name their report come first, so that no random one takes it.
    for id, text, is_drawn in (entry for entry in numbered if "@" in entry[1]):
        name, _, target = text.partition("@")
        fault = find_fault(name)
        plan[_find_target(fault, target, _fitting_slots(fault, slots, forms))].append(PlannedFault(id, fault, is_drawn))
    untargeted_faults = [
        PlannedFault(id, find_fault(name), is_drawn) for id, name, is_drawn in numbered if "@" not in name
    ]
    groups = [
        untargeted_faults[start : start + faults_per_report]
        for start in range(0, len(untargeted_faults), faults_per_report)
    ]
    # Those that fit few reports choose first.
    for faults in sorted(groups, key=lambda group: -max(_choosiness(entry.fault) for entry in group)):
        plan[_choose_slot(faults, slots, forms, plan, rng)] += faults
    return plan


def plant(
    report: SimulatedReport, planned: Sequence[PlannedFault], seed: int
) -> tuple[SimulatedReport, list[PlantedFault]]:
    """Return the report with its faults and what was done; no two faults share a line of a form.

    Raises ``FaultError`` when faults that were named cannot be in one report.
    """
    planted_faults: list[PlantedFault] = []
    for planned_fault in planned:
        used_lines = {(change.form, change.row) for fault in planted_faults for change in fault.changes}
        for candidate, rng in _attempts(planned_fault, report, planted_faults, seed):
            trial_report = report.copy()
            try:
                planted_fault = candidate.plant(trial_report, rng, planned_fault.id)
            except FaultError:
                if planted_faults or planned_fault.is_drawn:
                    continue
                raise
            if not used_lines & {(change.form, change.row) for change in planted_fault.changes}:
                report, planted_faults = trial_report, [*planted_faults, planted_fault]
                break
        else:
            raise FaultError(
                f"{planned_fault.fault.name}: finds no room beside {', '.join(fault.kind for fault in planted_faults)}"
            )
    return report, planted_faults


def _attempts(
    planned_fault: PlannedFault, report: SimulatedReport, planted_faults: Sequence[PlantedFault], seed: int
) -> Iterator[tuple[Fault, Random]]:
    """Yield the fault with ever new luck, and then, if it was drawn at random, others in its place."""
    luck = f"{seed}/{planned_fault.id}/{report.slot.path}"
    yield planned_fault.fault, Random(luck)
    for attempt in range(TRIES):
        yield planned_fault.fault, Random(f"{luck}/{attempt}")
    if planned_fault.is_drawn:
        substitutes = [fault for fault in FAULTS.values() if _is_mixable(fault) and fault.fits(list(report.forms))]
        substitutes = [fault for fault in substitutes if fault.name not in {fault.kind for fault in planted_faults}]
        Random(f"{luck}/others").shuffle(substitutes)
        yield from ((fault, Random(f"{luck}/{fault.name}")) for fault in substitutes)


def _draw_kinds(
    number: int, slots: Sequence[Slot], forms: Sequence[str], rng: Random, faults_per_report: int
) -> Iterator[str]:
    """Draw kinds at random: each once, or for mixtures as many as are asked for, each once in a report."""
    harmful = [
        name
        for name, fault in FAULTS.items()
        if not fault.is_harmless
        and _fitting_slots(fault, slots, forms)
        and (faults_per_report == 1 or _is_mixable(fault))
    ]
    if (number if faults_per_report == 1 else faults_per_report) > len(harmful):
        raise FaultError(f"{number} faults were asked for; {len(harmful)} kinds fit these reports")
    if faults_per_report == 1:
        yield from rng.sample(harmful, number)
        return
    for start in range(0, number, faults_per_report):
        yield from rng.sample(harmful, min(faults_per_report, number - start))


def _choosiness(fault: Fault) -> int:
    return (
        2 * bool(fault.months)
        + 4 * fault.needs_offices
        + len(fault.related_reports)
        + (Scope.OFFICE not in fault.scopes)
    )


def _is_mixable(fault: Fault) -> bool:
    if fault.is_whole or fault.is_harmless or fault.related_reports or fault.needs_offices:
        return False
    return Scope.OFFICE in fault.scopes and not fault.months


def _fitting_slots(fault: Fault, slots: Sequence[Slot], forms: Sequence[str]) -> list[Slot]:
    slot_set = set(slots)

    def fits(slot: Slot) -> bool:
        return (
            slot.scope in fault.scopes
            and (not fault.months or slot.period.months in fault.months)
            and all(related_slot in slot_set for related_slot in fault.related_slots(slot, slot_set))
        )

    return [slot for slot in slots if fits(slot)] if fault.fits(forms) else []


def _find_target(fault: Fault, target: str, candidates: Sequence[Slot]) -> Slot:
    stem, _, period = target.partition(":")
    matches = [slot for slot in candidates if stem in (slot.stem, slot.unit) and period in ("", slot.period.id)]
    if not matches:
        raise FaultError(f"{fault.name}@{target}: no report of that name and period takes this fault")
    return matches[-1]


def _choose_slot(
    faults: Sequence[PlannedFault],
    slots: Sequence[Slot],
    forms: Sequence[str],
    plan: dict[Slot, list[PlannedFault]],
    rng: Random,
) -> Slot:
    """Choose a report that has no fault yet and takes all of these."""
    candidates = [set(_fitting_slots(planned_fault.fault, slots, forms)) for planned_fault in faults]
    # A report that another is compared with stays as it is: one that is returned is compared with nothing.
    protected_slots = {
        related_slot
        for slot, planned_faults in plan.items()
        for planned_fault in planned_faults
        for related_slot in planned_fault.fault.related_slots(slot, slots)
    }
    free_slots = [
        slot
        for slot in slots
        if slot not in plan
        and slot not in protected_slots
        and all(slot in candidate_slots for candidate_slots in candidates)
        and not any(
            related_slot in plan
            for planned_fault in faults
            for related_slot in planned_fault.fault.related_slots(slot, slots)
        )
    ]
    if not free_slots:
        names = ", ".join(planned_fault.fault.name for planned_fault in faults)
        raise FaultError(f"{names}: no report is left into which it fits")
    from_months = max(planned_fault.fault.from_months for planned_fault in faults)
    return rng.choice([slot for slot in free_slots if slot.period.months >= from_months] or free_slots)
