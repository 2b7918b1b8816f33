"""What a home declares about its units: who need not send a form for a time, and by which keys a territory is divided.

Both are CSV files, one line a provision, laid over those that are shipped (``dbt_project/seeds``) like the register of
units: a line takes the place of the one with the same key. ``registry/<name>.csv`` holds what was imported,
``registry/history/<name>`` its earlier versions.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl

from pipeline import tables
from pipeline.file_history import VersionedFile
from pipeline.forms import forms
from pipeline.home import SEEDS, Home
from pipeline.registry.register import RegisterError, RegisterProblem, problem, read_lines, read_span, sort_by_line
from pipeline.registry.units import FOREVER, Unit, UnitRegistry

LONGEST_TEXT = 500
_SHARE = re.compile(r"[01](?:[.,]\d{1,9})?")

Row = dict[str, Any]
"""A provision by column, and ``line``: its line in the file at hand, 0 for one imported or shipped before."""


@dataclass(frozen=True)
class Provisions:
    """A kind of provision: its file, how a line is read, and what must hold between the lines."""

    name: str
    schema: Mapping[str, Any]
    needed: tuple[str, ...]
    key: tuple[str, ...]
    read: Callable[[int, dict[str, str], UnitRegistry], tuple[Row, list[RegisterProblem]]]
    fit: Callable[[list[Row], UnitRegistry], Iterator[RegisterProblem]]

    def versioned_file(self, home: Home) -> VersionedFile:
        """Return the file in which a home keeps what was imported."""
        return VersionedFile(home.registry / f"{self.name}.csv", home.registry / "history" / self.name)

    def key_of(self, row: Row) -> str:
        """Return the key that distinguishes a provision from the others."""
        return " ".join(str(row[name]) for name in self.key if row[name])


@dataclass(frozen=True)
class ProvisionChange:
    """What an import changes, by key."""

    added: list[str]
    changed: list[str]
    withdrawn: list[str]

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.withdrawn)


def provisions_frame(home: Home, kind: Provisions, registry: UnitRegistry) -> pl.DataFrame:
    """Return the provisions that hold in ``home``, shipped and imported, with the columns of the kind."""
    rows = _overlay(kind, _shipped(kind, registry), _own(home, kind, registry))
    return pl.DataFrame([_drop_line(row) for row in rows], schema=kind.schema).sort(kind.key)


def preview_change(
    home: Home, kind: Provisions, content: bytes, registry: UnitRegistry, *, replace: bool = False
) -> tuple[ProvisionChange, str]:
    """Return what a file would change in ``home``, and the text that would be kept; nothing is written.

    Raises ``RegisterError`` with every problem of the file by line and column.
    """
    imported = _read(kind, content, registry)
    earlier_rows = _own(home, kind, registry)
    rows = imported if replace else _overlay(kind, earlier_rows, imported)
    combined = _overlay(kind, _shipped(kind, registry), rows)
    if problems := list(kind.fit(combined, registry)):
        raise RegisterError(sort_by_line(problems))
    return _compare(kind, earlier_rows, rows), as_csv(kind, rows)


def import_provisions(
    home: Home, kind: Provisions, content: bytes, registry: UnitRegistry, *, replace: bool = False
) -> ProvisionChange:
    """Add the provisions of a file to those imported before, or replace these. Raises ``RegisterError``."""
    change, text = preview_change(home, kind, content, registry, replace=replace)
    kind.versioned_file(home).keep(text)
    return change


def undo(home: Home, kind: Provisions, registry: UnitRegistry) -> ProvisionChange | None:
    """Bring back what held before the last import; None where there was none."""
    versioned_file = kind.versioned_file(home)
    earlier = versioned_file.previous()
    if earlier is None:
        return None
    rows = _read_sound(kind, earlier.read_bytes(), registry)
    change = _compare(kind, _own(home, kind, registry), rows)
    earlier.replace(versioned_file.file)
    return change


def provisions_csv(
    home: Home, kind: Provisions, registry: UnitRegistry, *, everything: bool = False
) -> tuple[int, str]:
    """Return how many provisions were imported into ``home`` (``everything``: or are shipped), and a file of them."""
    own = _own(home, kind, registry)
    rows = _overlay(kind, _shipped(kind, registry), own) if everything else own
    return len(rows), as_csv(kind, rows)


def misfits(home: Home, registry: UnitRegistry) -> list[RegisterProblem]:
    """Return why provisions of ``home`` would no longer fit if ``registry`` were its registry of units."""
    misfit_problems = []
    for kind in KINDS:
        try:
            _read_sound(kind, kind.versioned_file(home).content, registry)
        except RegisterError as error:
            first = error.problems[0]
            path = kind.versioned_file(home).file
            misfit_problems.append(
                problem("still_needed", 1, found=f"{path}:{first.line}", why_vi=first.vi, why_en=first.en)
            )
    return misfit_problems


def as_csv(kind: Provisions, rows: Iterable[Row]) -> str:
    """Return provisions as a file that can be imported again."""
    frame = pl.DataFrame([_drop_line(row) for row in rows], schema=kind.schema).sort(kind.key)
    return frame.write_csv()


# --- reading


def _own(home: Home, kind: Provisions, registry: UnitRegistry) -> list[Row]:
    return [row | {"line": 0} for row in _read_sound(kind, kind.versioned_file(home).content, registry)]


def _shipped(kind: Provisions, registry: UnitRegistry) -> list[Row]:
    content = (SEEDS / f"{kind.name}.csv").read_bytes()
    return [row | {"line": 0} for row in _read_sound(kind, content, registry)]


def _read_sound(kind: Provisions, content: bytes, registry: UnitRegistry) -> list[Row]:
    """Return the provisions of a file that may be empty; raises ``RegisterError``."""
    if not content.partition(b"\n")[2].strip():
        return []
    rows = _read(kind, content, registry)
    if problems := list(kind.fit(rows, registry)):
        raise RegisterError(sort_by_line(problems))
    return rows


def _read(kind: Provisions, content: bytes, registry: UnitRegistry) -> list[Row]:
    lines, problems = read_lines(content, kind.needed, tuple(kind.schema))
    rows: list[Row] = []
    first_line: dict[str, int] = {}
    for line, field in lines:
        row, field_problems = kind.read(line, field, registry)
        key = kind.key_of(row)
        if not field_problems and first_line.setdefault(key, line) != line:
            field_problems = [problem("provision_twice", line, kind.key[0], found=key, other=first_line[key])]
        problems += field_problems
        rows.append(row | {"line": line})
    if problems:
        raise RegisterError(sort_by_line(problems))
    return rows


def _overlay(kind: Provisions, base_rows: list[Row], new_rows: list[Row]) -> list[Row]:
    replaced_keys = {kind.key_of(row) for row in new_rows}
    return [*(row for row in base_rows if kind.key_of(row) not in replaced_keys), *new_rows]


def _compare(kind: Provisions, old: list[Row], new: list[Row]) -> ProvisionChange:
    old_by_key, new_by_key = ({kind.key_of(row): _drop_line(row) for row in rows} for rows in (old, new))
    return ProvisionChange(
        added=sorted(new_by_key.keys() - old_by_key.keys()),
        changed=sorted(key for key in new_by_key.keys() & old_by_key.keys() if new_by_key[key] != old_by_key[key]),
        withdrawn=sorted(old_by_key.keys() - new_by_key.keys()),
    )


def _drop_line(row: Row) -> Row:
    return {name: value for name, value in row.items() if name != "line"}


def _unit(line: int, column: str, key: str, registry: UnitRegistry) -> tuple[Unit | None, list[RegisterProblem]]:
    unit = registry.units.get(key)
    if unit is None or unit.is_simulated:
        return None, [problem("unknown_unit", line, column, found=key)] if key else []
    return unit, []


def _texts(line: int, field: Mapping[str, str], needed: Iterable[str], texts: Iterable[str]) -> list[RegisterProblem]:
    return [
        *(problem("blank", line, name) for name in needed if not field[name]),
        # Also what a spreadsheet would take for a formula.
        *(
            problem("bad_text", line, name, limit=LONGEST_TEXT)
            for name in texts
            if len(field[name]) > LONGEST_TEXT or field[name][:1] in ("=", "+", "-", "@")
        ),
    ]


# --- who need not send a form


def _exemption(line: int, field: dict[str, str], registry: UnitRegistry) -> tuple[Row, list[RegisterProblem]]:
    problems = _texts(line, field, ("unit_key", "valid_from", "reason", "source"), ("reason", "source"))
    unit, field_problems = _unit(line, "unit_key", field["unit_key"], registry)
    problems += field_problems
    form = field["form"].zfill(2) if field["form"].isdecimal() else field["form"]  # a spreadsheet makes 1 of 01
    if form and form not in forms().current:
        problems.append(problem("unknown_form", line, "form", found=form, known=", ".join(forms().current)))
    start, end, field_problems = read_span(line, field)
    problems += field_problems
    if unit and start and not (start < unit.valid_to and unit.valid_from < (end or FOREVER)):
        problems.append(
            problem(
                "outside_unit", line, "valid_from", found=_span(start, end), expected=_span_of(unit), other=unit.key
            )
        )
    return {
        "unit_key": field["unit_key"],
        "form": form or None,
        "valid_from": start,
        "valid_to": end,
        "reason": field["reason"],
        "source": field["source"],
    }, problems


def _duplicate_exemptions(rows: list[Row], registry: UnitRegistry) -> Iterator[RegisterProblem]:
    """Yield exemptions that hold for the same form, unit and day as another; a blank ``form`` means all forms."""
    by_unit: dict[str, list[Row]] = {}
    for row in sorted(rows, key=lambda row: row["line"]):
        for other in by_unit.setdefault(row["unit_key"], []):
            is_same = row["form"] is None or other["form"] is None or row["form"] == other["form"]
            if (
                is_same
                and row["valid_from"] < (other["valid_to"] or FOREVER)
                and other["valid_from"] < (row["valid_to"] or FOREVER)
            ):
                overlap = f"{other['unit_key']} {other['form'] or '*'} {_span(other['valid_from'], other['valid_to'])}"
                yield problem("exempt_twice", row["line"], "valid_from", found=row["unit_key"], other=overlap)
        by_unit[row["unit_key"]].append(row)


# --- by which key a territory is divided


def _split_key(line: int, field: dict[str, str], registry: UnitRegistry) -> tuple[Row, list[RegisterProblem]]:
    problems = _texts(line, field, ("unit_key", "territory_key", "share", "source"), ("source",))
    units = {}
    for column in ("unit_key", "territory_key"):
        units[column], field_problems = _unit(line, column, field[column], registry)
        problems += field_problems
    share = Decimal(field["share"].replace(",", ".")) if _SHARE.fullmatch(field["share"]) else None
    if field["share"] and (share is None or not 0 < share < 1):
        problems.append(problem("bad_share", line, "share", found=field["share"]))
    whole, part = units["unit_key"], units["territory_key"]
    if whole and part:
        divisible = {key for keys in _related_units(whole.key, registry).values() if len(keys) > 1 for key in keys}
        if part.key not in divisible:
            problems.append(
                problem("not_divided", line, "territory_key", found=part.key, other=whole.key,
                        known=", ".join(sorted(divisible)) or "-")
            )  # fmt: skip
    return {
        "unit_key": field["unit_key"],
        "territory_key": field["territory_key"],
        "share": share,
        "source": field["source"],
    }, problems


def _incomplete_shares(rows: list[Row], registry: UnitRegistry) -> Iterator[RegisterProblem]:
    """Yield units whose shares do not add up, over their successors or over their predecessors."""
    by_unit: dict[str, list[Row]] = {}
    for row in rows:
        by_unit.setdefault(row["unit_key"], []).append(row)
    for unit, unit_rows in by_unit.items():
        for keys in _related_units(unit, registry).values():
            parts = [row for row in unit_rows if row["territory_key"] in keys]
            total = sum((row["share"] for row in parts), Decimal(0))
            if parts and total != 1:
                line = max(row["line"] for row in parts)
                share_list = ", ".join(f"{row['territory_key']} {row['share'].normalize():f}" for row in parts)
                missing = ", ".join(sorted(keys - {row["territory_key"] for row in parts})) or "-"
                yield problem("shares_not_one", line, "share", found=f"{total.normalize():f}", other=unit,
                              parts=share_list, missing=missing)  # fmt: skip


def _related_units(unit: str, registry: UnitRegistry) -> dict[str, set[str]]:
    """Return the keys of the units that a unit became, and of those that it was made from."""
    pairs = registry.succession.select("predecessor_key", "successor_key").rows()
    return {
        "later": {successor for predecessor, successor in pairs if predecessor == unit},
        "earlier": {predecessor for predecessor, successor in pairs if successor == unit},
    }


def _span(start: date, end: date | None) -> str:
    return f"{start:%d/%m/%Y} - {f'{end:%d/%m/%Y}' if end and end != FOREVER else '...'}"


def _span_of(unit: Unit) -> str:
    return _span(unit.valid_from, unit.valid_to)


EXEMPTIONS = Provisions(
    name="exemptions",
    schema=tables.EXEMPTIONS,
    needed=("unit_key", "form", "valid_from", "reason", "source"),
    key=("unit_key", "form", "valid_from"),
    read=_exemption,
    fit=_duplicate_exemptions,
)
SPLIT_KEYS = Provisions(
    name="split_keys",
    schema=tables.SPLIT_KEYS,
    needed=("unit_key", "territory_key", "share", "source"),
    key=("unit_key", "territory_key"),
    read=_split_key,
    fit=_incomplete_shares,
)
KINDS = (EXEMPTIONS, SPLIT_KEYS)
