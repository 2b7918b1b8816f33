"""Which faults go into which reports, alone or several together, so that none hides another."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

from pipeline.simulator.faults import FAULTS, Fault, FaultError, fault_named
from pipeline.simulator.report import Report, Slot
from pipeline.simulator.truth import PlantedFault
from pipeline.vocabulary import Scope

TRIES = 40


@dataclass(frozen=True)
class Planned:
    """A fault that a report is to get; one drawn at random may be exchanged for another where it finds no room."""

    id: str
    fault: Fault
    is_drawn: bool = False


def plan_faults(
    wanted: Sequence[str], slots: Sequence[Slot], forms: Sequence[str], seed: int, together: int = 1
) -> dict[Slot, list[Planned]]:
    """Choose the reports into which faults go, ``together`` of those that name no report into each.

    Raises ``FaultError`` for a fault that there is not, or that fits no report on these ``forms``.
    """
    rng = Random(f"{seed}/faults")
    named: list[tuple[str, bool]] = []
    for text in wanted:
        named += [(name, True) for name in _drawn(int(text), slots, forms, rng, together)] if text.isdigit() else []
        named += [] if text.isdigit() else [(text, False)]
    numbered = [(f"F{number}", *kind) for number, kind in enumerate(named, start=1)]
    planned: dict[Slot, list[Planned]] = defaultdict(list)
    # Those that name their report come first, so that no random one takes it.
    for id, text, is_drawn in (one for one in numbered if "@" in one[1]):
        name, _, where = text.partition("@")
        fault = fault_named(name)
        planned[_aimed(fault, where, _fitting(fault, slots, forms))].append(Planned(id, fault, is_drawn))
    unplaced = [Planned(id, fault_named(name), is_drawn) for id, name, is_drawn in numbered if "@" not in name]
    groups = [unplaced[first : first + together] for first in range(0, len(unplaced), together)]
    # Those that fit few reports choose first.
    for faults in sorted(groups, key=lambda group: -max(_choosiness(one.fault) for one in group)):
        planned[_free(faults, slots, forms, planned, rng)] += faults
    return planned


def plant(report: Report, planned: Sequence[Planned], seed: int) -> tuple[Report, list[PlantedFault]]:
    """Return the report with its faults and what was done; no two faults share a line of a form.

    Raises ``FaultError`` when faults that were named cannot stand beside each other.
    """
    made: list[PlantedFault] = []
    for one in planned:
        taken = {(change.form, change.row) for fault in made for change in fault.changes}
        for candidate, rng in _attempts(one, report, made, seed):
            trial = report.copy()
            try:
                planted = candidate.plant(trial, rng, one.id)
            except FaultError:
                if made or one.is_drawn:
                    continue
                raise
            if not taken & {(change.form, change.row) for change in planted.changes}:
                report, made = trial, [*made, planted]
                break
        else:
            raise FaultError(f"{one.fault.name}: finds no room beside {', '.join(fault.kind for fault in made)}")
    return report, made


def _attempts(one: Planned, report: Report, made: Sequence[PlantedFault], seed: int) -> Iterator[tuple[Fault, Random]]:
    """Yield the fault with ever new luck, and then, if it was drawn at random, others in its place."""
    luck = f"{seed}/{one.id}/{report.slot.path}"
    yield one.fault, Random(luck)
    for attempt in range(TRIES):
        yield one.fault, Random(f"{luck}/{attempt}")
    if one.is_drawn:
        others = [fault for fault in FAULTS.values() if _is_mixable(fault) and fault.fits(list(report.forms))]
        others = [fault for fault in others if fault.name not in {fault.kind for fault in made}]
        Random(f"{luck}/others").shuffle(others)
        yield from ((fault, Random(f"{luck}/{fault.name}")) for fault in others)


def _drawn(number: int, slots: Sequence[Slot], forms: Sequence[str], rng: Random, together: int) -> Iterator[str]:
    """Draw kinds at random: each once, or for mixtures as many as are asked for, each once in a report."""
    harmful = [
        name
        for name, fault in FAULTS.items()
        if not fault.is_harmless and _fitting(fault, slots, forms) and (together == 1 or _is_mixable(fault))
    ]
    if (number if together == 1 else together) > len(harmful):
        raise FaultError(f"{number} faults were asked for; {len(harmful)} kinds fit these reports")
    if together == 1:
        yield from rng.sample(harmful, number)
        return
    for first in range(0, number, together):
        yield from rng.sample(harmful, min(together, number - first))


def _choosiness(fault: Fault) -> int:
    return 2 * bool(fault.months) + 4 * fault.needs_offices + len(fault.beside) + (Scope.OFFICE not in fault.scopes)


def _is_mixable(fault: Fault) -> bool:
    if fault.is_whole or fault.is_harmless or fault.beside or fault.needs_offices:
        return False
    return Scope.OFFICE in fault.scopes and not fault.months


def _fitting(fault: Fault, slots: Sequence[Slot], forms: Sequence[str]) -> list[Slot]:
    there = set(slots)

    def fits(slot: Slot) -> bool:
        return (
            slot.scope in fault.scopes
            and (not fault.months or slot.period.months in fault.months)
            and all(beside in there for beside in fault.looks_at(slot, there))
        )

    return [slot for slot in slots if fits(slot)] if fault.fits(forms) else []


def _aimed(fault: Fault, where: str, fitting: Sequence[Slot]) -> Slot:
    stem, _, period = where.partition(":")
    found = [slot for slot in fitting if stem in (slot.stem, slot.unit) and period in ("", slot.period.id)]
    if not found:
        raise FaultError(f"{fault.name}@{where}: no report of that name and period takes this fault")
    return found[-1]


def _free(
    faults: Sequence[Planned],
    slots: Sequence[Slot],
    forms: Sequence[str],
    planned: dict[Slot, list[Planned]],
    rng: Random,
) -> Slot:
    """Choose a report that has no fault yet and takes all of these."""
    fitting = [set(_fitting(one.fault, slots, forms)) for one in faults]
    # A report that another is compared with stays as it is: one that is returned is compared with nothing.
    kept = {beside for slot, made in planned.items() for one in made for beside in one.fault.looks_at(slot, slots)}
    free = [
        slot
        for slot in slots
        if slot not in planned
        and slot not in kept
        and all(slot in fits for fits in fitting)
        and not any(beside in planned for one in faults for beside in one.fault.looks_at(slot, slots))
    ]
    if not free:
        names = ", ".join(one.fault.name for one in faults)
        raise FaultError(f"{names}: no report is left into which it fits")
    from_months = max(one.fault.from_months for one in faults)
    return rng.choice([slot for slot in free if slot.period.months >= from_months] or free)
