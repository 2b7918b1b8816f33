"""Checks that the units of a register fit together and with those that exist already: parents, successors, names.

Only problems that lines of the register take part in are reported, each at the line that can mend it.
"""

from collections.abc import Iterator

from pipeline.registry.register import RegisterProblem, UnitEntry, problem
from pipeline.registry.units import FOREVER, Unit, UnitRegistry
from pipeline.text.spelling import fold
from pipeline.vocabulary import Level

PARENT_LEVEL = {Level.OFFICE: Level.PROVINCE, Level.PROVINCE: Level.NATION}


def soundness_problems(
    entries: list[UnitEntry], shipped_registry: UnitRegistry, combined: UnitRegistry
) -> list[RegisterProblem]:
    """Return what does not fit, in order of the lines; ``combined`` is ``shipped_registry`` with ``entries`` laid over it."""
    in_file = {entry.key: entry for entry in entries}
    problems = [
        *_wrong_kind(entries, shipped_registry),
        *_wrong_parents(entries, combined),
        *_outlasting_children(in_file, combined),
        *_wrong_successors(entries, combined),
        *_broken_successions(in_file, combined),
        *_orphans(entries, combined),
        *_twins(in_file, combined),
    ]
    return sorted(problems, key=lambda one: (one.line, one.code))


def _wrong_kind(entries: list[UnitEntry], shipped_registry: UnitRegistry) -> Iterator[RegisterProblem]:
    for entry in entries:
        shipped_unit = shipped_registry.units.get(entry.key)
        if shipped_unit and shipped_unit.is_simulated:
            yield problem("reserved_key", entry.line, "unit_key", found=entry.key)
        if entry.level == Level.NATION and entry.key != shipped_registry.nation:
            yield problem("second_nation", entry.line, "level", other=shipped_registry.nation)


def _wrong_parents(entries: list[UnitEntry], combined: UnitRegistry) -> Iterator[RegisterProblem]:
    for entry in entries:
        if entry.level == Level.NATION:
            continue
        unit, parent = combined.units[entry.key], combined.units.get(entry.parent)
        if parent is None:
            yield problem("unknown_parent", entry.line, "parent_key", found=entry.parent)
        elif parent.level != PARENT_LEVEL[entry.level]:
            yield problem("wrong_parent", entry.line, "parent_key", found=entry.parent)
        elif not _is_within(unit, parent):
            column = "valid_from" if unit.valid_from < parent.valid_from else "valid_to"
            yield problem(
                "outside_parent", entry.line, column, found=_span(unit), other=parent.key, expected=_span(parent)
            )


def _outlasting_children(in_file: dict[str, UnitEntry], combined: UnitRegistry) -> Iterator[RegisterProblem]:
    """Yield units that are not in the file and that would outlast their parent in it."""
    for unit in combined.units.values():
        parent = in_file.get(unit.parent or "")
        if parent and unit.key not in in_file and not _is_within(unit, combined.units[parent.key]):
            yield problem(
                "child_outside",
                parent.line,
                "valid_to",
                found=_span(combined.units[parent.key]),
                other=unit.key,
                expected=_span(unit),
            )


def _wrong_successors(entries: list[UnitEntry], combined: UnitRegistry) -> Iterator[RegisterProblem]:
    for entry in entries:
        for key in entry.successors:
            successor = combined.units.get(key)
            if successor is None:
                yield problem("unknown_successor", entry.line, "successors", found=key)
            elif key == entry.key or successor.level != entry.level:
                yield problem("wrong_successor", entry.line, "successors", found=key)


def _broken_successions(in_file: dict[str, UnitEntry], combined: UnitRegistry) -> Iterator[RegisterProblem]:
    """Yield predecessors that do not end on the day on which their successors begin."""
    for predecessor, successor in combined.succession.select("predecessor_key", "successor_key").iter_rows():
        entry = in_file.get(predecessor) or in_file.get(successor)
        old, new = combined.units.get(predecessor), combined.units.get(successor)
        if entry is None or old is None or new is None or predecessor == successor:
            continue
        if old.valid_to == FOREVER:
            yield problem("open_end", entry.line, "valid_to", found=successor, expected=new.valid_from)
        elif old.valid_to != new.valid_from:
            code = "gap" if old.valid_to < new.valid_from else "overlap"
            column = "valid_to" if predecessor in in_file else "valid_from"
            yield problem(code, entry.line, column, found=old.valid_to, other=successor, expected=new.valid_from)


def _orphans(entries: list[UnitEntry], combined: UnitRegistry) -> Iterator[RegisterProblem]:
    """Yield units that end without a successor while their parent goes on: nobody would have their cases.

    Where others of the parent begin on that day it was reorganised, and who took over what may not be known.
    """
    succeeded = set(combined.succession["predecessor_key"])
    starts = {(unit.parent, unit.valid_from) for unit in combined.units.values()}
    for entry in entries:
        parent = combined.units.get(entry.parent)
        if not (entry.valid_to and parent and entry.valid_to < parent.valid_to):
            continue
        if entry.key not in succeeded and (entry.parent, entry.valid_to) not in starts:
            yield problem("nobody_after", entry.line, "successors", found=entry.valid_to, other=parent.key)


def _twins(in_file: dict[str, UnitEntry], combined: UnitRegistry) -> Iterator[RegisterProblem]:
    """Yield codes, and names below one parent, that two units have on the same day."""
    holders: dict[tuple[str, ...], list[Unit]] = {}
    for unit in combined.units.values():
        for claim in [("code", unit.code)] * bool(unit.code) + [(unit.parent or "", name) for name in unit.names]:
            holders.setdefault(tuple(map(str, claim)), []).append(unit)
    for key, entry in in_file.items():
        unit = combined.units[key]
        others = [(name, holders[(unit.parent or "", fold(name))]) for name in (unit.name, *unit.aliases)]
        for code, column, value, units in [
            *([("same_code", "code", unit.code, holders[("code", str(unit.code))])] if unit.code else []),
            *(("same_name", "name" if name == unit.name else "aliases", name, units) for name, units in others),
        ]:
            for other in units:
                # Of two lines of the file the later one is reported.
                if other.key != key and unit.meets(other) and in_file.get(other.key, entry).line <= entry.line:
                    yield problem(code, entry.line, column, found=value, other=other.key)


def _is_within(unit: Unit, parent: Unit) -> bool:
    return parent.valid_from <= unit.valid_from and unit.valid_to <= parent.valid_to


def _span(unit: Unit) -> str:
    return f"{unit.valid_from:%d/%m/%Y} - {'…' if unit.valid_to == FOREVER else format(unit.valid_to, '%d/%m/%Y')}"
