"""Forms as data: what stands in ``pipeline/forms/**.yaml``, read and checked once.

From one declaration follow the blank template, the reader, the judged tables, the labels and the docs.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cache, cached_property
from itertools import product
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from pipeline import tables

FOLDER = Path(__file__).parent
FOREVER = date(9999, 12, 31)
NAME = "unit_name"  # unit of measure of columns that hold no figure


class DeclarationError(ValueError):
    """A declaration contradicts itself; the message names the file and what to mend."""


@dataclass(frozen=True)
class UnitOfMeasure:
    """A unit as printed: ``factor`` turns a printed figure into ``base`` units."""

    code: str
    base: str
    factor: int
    vi: str
    en: str
    aliases: tuple[str, ...] = ()
    is_rounded: bool = False

    def in_base(self, figure: Decimal) -> Decimal:
        """Return a printed figure in base units."""
        return figure * self.factor


@dataclass(frozen=True)
class Measure:
    """A quantity with its code, official term and definition."""

    code: str
    kind: str
    vi: str
    en: str
    definition: str
    unit: str | None = None
    other: tuple[str, ...] = ()


@dataclass(frozen=True)
class FormTerm:
    """A signed column of a sum."""

    sign: int
    column: str

    @classmethod
    def parse(cls, text: str) -> "FormTerm":
        """Read ``+due`` or ``-completed``."""
        if text[:1] not in "+-":
            raise DeclarationError(f"term {text!r} needs a sign: write '+{text}' or '-{text}'")
        return cls(1 if text[0] == "+" else -1, text[1:])

    def __str__(self) -> str:
        return f"{'+' if self.sign > 0 else '-'}{self.column}"


@dataclass(frozen=True)
class FormRow:
    """A line of a form. ``attributes`` place it in its dimensions, e.g. ``{"case_kind": "civil"}``.

    An open line is there to be used or not: an office has as many as it has people to fill them.
    """

    code: str
    vi: str
    en: str
    attributes: dict[str, str] = field(default_factory=dict)
    unit: str | None = None
    is_total: bool = False
    is_open: bool = False


@dataclass(frozen=True)
class FormColumn:
    """A column of a form; ``equals`` and ``ratio`` say how the template computes it."""

    code: str
    vi: str
    en: str
    labels: tuple[str, ...]
    unit: str | None = None
    equals: tuple[FormTerm, ...] = ()
    ratio: tuple[str, str] | None = None

    @property
    def is_name(self) -> bool:
        """Tell whether the column asks for a name and not for a figure."""
        return self.unit == NAME


@dataclass(frozen=True)
class FormRollup:
    """A printed total row and the rows that it sums, along one dimension."""

    total: str
    parts: tuple[str, ...]
    dimension: str


@dataclass(frozen=True)
class Regime:
    """A circular and the half-open interval of reporting dates in which its forms are due."""

    name: str
    folder: str
    valid_from: date
    valid_to: date
    amended_by: tuple[str, ...] = ()

    @property
    def circulars(self) -> tuple[str, ...]:
        """The circular and those that amended it: a form may name any of them."""
        return (self.name, *self.amended_by)

    def covers(self, day: date) -> bool:
        """Tell whether the regime is in force on ``day``."""
        return self.valid_from <= day < self.valid_to


@dataclass(frozen=True)
class Form:
    """One form of one regime."""

    code: str
    regime: Regime
    number: str
    vi: str
    en: str
    unit: str
    fact: str | None
    rows: tuple[FormRow, ...]
    columns: tuple[FormColumn, ...]
    rollups: tuple[FormRollup, ...]
    version: str

    @property
    def table(self) -> str:
        """Name of the wide table in which the form is judged."""
        return f"form_{self.code}"

    @cached_property
    def row(self) -> dict[str, FormRow]:
        """Rows by code."""
        return {row.code: row for row in self.rows}

    @cached_property
    def column(self) -> dict[str, FormColumn]:
        """Columns by code."""
        return {column.code: column for column in self.columns}

    def unit_of(self, row: str, column: str) -> str:
        """Return the unit of measure of a cell: the column's own, else the row's, else the form's."""
        return self.column[column].unit or self.row[row].unit or self.unit


class Forms:
    """All declared forms, measures, dimensions and units of measure."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self.folder = folder
        self.units = {
            code: UnitOfMeasure(code, **{**entry, "aliases": tuple(entry.get("aliases", ()))})
            for code, entry in _read(folder / "units_of_measure.yaml").items()
        }
        self.measures = {
            code: Measure(code, **{**entry, "other": tuple(entry.get("other", ()))})
            for code, entry in _read(folder / "measures.yaml").items()
        }
        self.dimensions: dict[str, dict[str, dict[str, Any]]] = {
            name: dict(_members(members)) for name, members in _read(folder / "dimensions.yaml").items()
        }
        self.header: dict[str, dict[str, Any]] = _read(folder / "header.yaml")
        self.published: dict[str, Any] = _read(folder / "published.yaml")
        self.measures |= {measure.code: measure for measure in self._changes()}
        self.regimes: dict[str, Regime] = {}
        self.all: list[Form] = []
        for path in sorted(folder.glob("*/regime.yaml")):
            entry = _read(path)
            regime = Regime(
                name=entry["regime"],
                folder=path.parent.name,
                valid_from=entry["valid_from"],
                valid_to=entry.get("valid_to") or FOREVER,
                amended_by=tuple(entry.get("amended_by", ())),
            )
            self.regimes[regime.name] = regime
            self.all += [self._form(form_path, regime) for form_path in _form_paths(path)]

    def in_force(self, day: date) -> dict[str, Form]:
        """Return the forms due for a period that ends on ``day``, by code.

        Outside every declared regime the nearest one serves; the rule ``header.regime`` reports it.
        """
        regime = next((r for r in self.regimes.values() if r.covers(day)), None) or min(
            self.regimes.values(), key=lambda r: min(abs((r.valid_from - day).days), abs((r.valid_to - day).days))
        )
        return {form.code: form for form in self.all if form.regime == regime}

    def applied_in(self, regime: Regime) -> dict[str, Form]:
        """Return the forms by which figures of a regime are judged, by code.

        Articles print figures of forms that are declared for later regimes only; then the first of those serves.
        """
        later_first = sorted(self.all, key=lambda form: form.regime.valid_from, reverse=True)
        return {form.code: form for form in later_first} | {f.code: f for f in self.all if f.regime == regime}

    def measures_of(self, code: str) -> list[str]:
        """Return the columns that a form has or had in any regime, those of the newest first."""
        newest_first = sorted(self.all, key=lambda form: form.regime.valid_from, reverse=True)
        return list(dict.fromkeys(name for form in newest_first if form.code == code for name in form.column))

    @cached_property
    def current(self) -> dict[str, Form]:
        """The newest declaration of each form, by code."""
        return {form.code: form for form in sorted(self.all, key=lambda form: form.regime.valid_from)}

    @cached_property
    def unit_aliases(self) -> dict[str, str]:
        """Spellings of units of measure, lower case, to their codes."""
        return {
            alias.lower(): unit.code
            for unit in self.units.values()
            for alias in (unit.vi, unit.en, unit.code, *unit.aliases)
        }

    @cached_property
    def change_endings(self) -> dict[str, tuple[str, int]]:
        """Ending of an indicator of a change -> ending of its measure's code, and sign of its figure."""
        return {
            ending: (entry.get("suffix", name), sign)
            for name, entry in self.published["changes"].items()
            for ending, sign in entry["printed"].items()
        }

    def _changes(self) -> Iterator[Measure]:
        """Yield the change on last year of every measure that reports print."""
        codes = [*self.published["measures"].values(), *(e["measure"] for e in self.published["indicators"].values())]
        for code in dict.fromkeys(codes):
            measure = self.measures[code]
            for name, entry in self.published["changes"].items():
                if measure.kind in entry["of"]:
                    yield Measure(
                        code=code + entry.get("suffix", name),
                        kind=entry["kind"],
                        vi=entry["vi"].format(
                            measure=measure.vi if entry["vi"][0] == "{" else _uncapitalise(measure.vi)
                        ),
                        en=entry["en"].format(measure=_uncapitalise(measure.en)),
                        definition=entry["definition"],
                        unit=entry.get("unit"),
                    )

    def _form(self, path: Path, regime: Regime) -> Form:
        entry, content = _read_extended(path)
        try:
            rows, rollups = self._rows(entry["rows"])
            return Form(
                code=str(entry["form"]),
                regime=regime,
                number=entry["number"],
                vi=entry["title"]["vi"],
                en=entry["title"]["en"],
                unit=self.units[entry["unit"]].code,
                fact=entry.get("fact"),
                rows=rows,
                columns=tuple(self._column(column) for column in entry["columns"]),
                rollups=rollups,
                version=f"{regime.folder}/{entry['form']}@{hashlib.sha256(content).hexdigest()[:8]}",
            )
        except KeyError as missing:
            raise DeclarationError(f"{path}: {missing} is not declared") from missing

    def _column(self, entry: str | dict[str, Any]) -> FormColumn:
        spec = {"code": entry} if isinstance(entry, str) else entry
        measure = self.measures[spec["code"]]
        unit = spec.get("unit") or measure.unit
        return FormColumn(
            code=measure.code,
            vi=spec.get("vi", measure.vi),
            en=spec.get("en", measure.en),
            labels=(spec.get("vi", measure.vi), *measure.other),
            unit=self.units[unit].code if unit else None,
            equals=tuple(FormTerm.parse(term) for term in spec.get("equals", ())),
            ratio=tuple(spec["ratio"]) if "ratio" in spec else None,
        )

    def _rows(self, entry: dict[str, Any] | list[dict[str, Any]]) -> tuple[tuple[FormRow, ...], tuple[FormRollup, ...]]:
        if isinstance(entry, list):
            rows = tuple(FormRow(**row) for row in entry)
            return rows, ()
        names: list[str] = entry["cross"]
        axes = [list(self.dimensions[name]) for name in names]
        combinations = [dict(zip(names, members, strict=True)) for members in product(*axes)]
        rows = tuple(self._combined_row(attributes) for attributes in combinations)
        if not entry.get("sum", True):
            return rows, ()
        rollups = tuple(
            FormRollup(_code(attributes), tuple(_code({**attributes, name: part}) for part in parts), name)
            for attributes in combinations
            for name in names
            if (parts := self._parts(name, attributes[name]))
        )
        return rows, rollups

    def _combined_row(self, attributes: dict[str, str]) -> FormRow:
        members = [(name, member, self.dimensions[name][member]) for name, member in attributes.items()]
        specific_entries = [entry for name, member, entry in members if not self._is_total(name, member)]
        # A total is named by what it totals; the first axis stays in the label so that every label is unique.
        label_entries = [members[0][2], *[entry for entry in specific_entries if entry is not members[0][2]]]
        return FormRow(
            code=_code(attributes),
            vi=" - ".join(entry["vi"] for entry in label_entries),
            en=" - ".join(entry["en"] for entry in label_entries),
            attributes=attributes,
            unit=next((entry["unit"] for _, _, entry in members if "unit" in entry), None),
            is_total=any(self._is_total(name, member) for name, member, _ in members),
            is_open=any(entry.get("is_open") for _, _, entry in members),
        )

    def _is_total(self, dimension: str, member: str) -> bool:
        return bool(self.dimensions[dimension][member].get("is_total"))

    def _parts(self, dimension: str, member: str) -> list[str]:
        """Return what a total sums: the members that it names, else all that are no totals themselves."""
        members = self.dimensions[dimension]
        if not self._is_total(dimension, member):
            return []
        return members[member].get("sums") or [part for part in members if not self._is_total(dimension, part)]

    def forms_frame(self) -> pl.DataFrame:
        """Return the forms as the table ``declared/forms``."""
        rows = [
            (
                f.code,
                f.regime.name,
                f.number,
                f.vi,
                f.en,
                f.unit,
                f.fact,
                f.regime.valid_from,
                f.regime.valid_to,
                f.version,
            )
            for f in self.all
        ]
        return pl.DataFrame(rows, schema=tables.FORMS, orient="row")

    def lines_frame(self) -> pl.DataFrame:
        """Return every row of every form as the table ``declared/lines``."""
        dimensions = list(tables.LINES)[6:-1]
        rows = [
            (
                *(form.code, form.regime.name, position, row.code, row.vi, row.en),
                *(row.attributes.get(name) for name in dimensions),
                row.is_total,
            )
            for form in self.all
            for position, row in enumerate(form.rows, start=1)
        ]
        return pl.DataFrame(rows, schema=tables.LINES, orient="row")

    def measures_frame(self) -> pl.DataFrame:
        """Return every measure as the table ``declared/measures``."""
        forms_with = {code: [form for form in self.all if code in form.column] for code in self.measures}
        rows = [
            (m.code, m.vi, m.en, m.kind, m.definition, _circulars(forms_with[m.code])) for m in self.measures.values()
        ]
        return pl.DataFrame(rows, schema=tables.MEASURES, orient="row")


def _members(entries: dict[str, dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the members of a dimension; ``officer_{n}`` that is ``numbered: 30`` stands for thirty open lines."""
    for member, entry in entries.items():
        shared_entry = {key: value for key, value in entry.items() if key != "numbered"}
        for n in range(1, entry["numbered"] + 1) if "numbered" in entry else ():
            labels = {language: shared_entry[language].format(n=n) for language in ("vi", "en")}
            yield member.format(n=f"{n:02}"), shared_entry | labels | {"is_open": True}
        if "numbered" not in entry:
            yield member, entry


def _form_paths(regime: Path) -> list[Path]:
    """Return the declarations of a regime's forms: its own, and those of the regime that it extends."""
    entry = _read(regime)
    inherited = _form_paths(regime.parent.parent / entry["extends"] / regime.name) if "extends" in entry else []
    own = [path for path in regime.parent.glob("*.yaml") if path != regime]
    by_name = {path.name: path for path in (*inherited, *own)}
    return [by_name[name] for name in sorted(by_name)]


def _read_extended(path: Path) -> tuple[dict[str, Any], bytes]:
    """Return a form's entry laid over the one that it ``extends``, and the bytes of both."""
    content = path.read_bytes()
    entry = yaml.safe_load(content)
    if "extends" not in entry:
        return entry, content
    base_path = (path.parent / entry.pop("extends")).resolve()
    if not base_path.exists():
        raise DeclarationError(f"{path}: extends {base_path.name}, which is not there; name a file beside it")
    base, base_content = _read_extended(base_path)
    return base | entry, base_content + content


def _circulars(forms_with_measure: list[Form]) -> str:
    """Return the circulars that ask for a measure; what no form asks for is known from published reports only."""
    return "; ".join(sorted({form.regime.name for form in forms_with_measure})) or "published reports"


def _uncapitalise(label: str) -> str:
    return label[:1].lower() + label[1:]


def _code(attributes: dict[str, str]) -> str:
    return ".".join(attributes.values())


def _read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


@cache
def forms() -> Forms:
    """Return the declared forms, read once per process."""
    return Forms()
