"""Rules as data: what stands in ``expectations/packs/*.yaml``, read and checked once.

A rule is one entry with its own sentence in both languages. Its kind says how returns are turned into comparisons
(``expectations.comparisons``); Great Expectations says which comparisons fail (``expectations.suites``).
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

import polars as pl
import sqlglot
import yaml
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    TypeAdapter,
    ValidationError,
)
from sqlglot import exp

from pipeline import tables
from pipeline.vocabulary import OnFail, Origin, Scope, Severity

FOLDER = Path(__file__).parent / "packs"
FIRST_DAY, LAST_DAY = date(1, 1, 1), date(9999, 12, 31)
WHOLE_WORKBOOK = "*"

_TERM = re.compile(r"([+-])(?:(\d+(?:\.\d+)?)\*)?([a-z_]+)")


class PackError(ValueError):
    """A rule pack contradicts itself or is no pack; the message names file, rule and what to mend."""


@dataclass(frozen=True)
class Term:
    """A signed, possibly weighted column of a sum. An optional one may be left unprinted."""

    sign: int
    column: str
    factor: Decimal = Decimal(1)
    is_optional: bool = False

    @classmethod
    def parse(cls, text: str) -> "Term":
        """Read ``+due``, ``-completed``, ``+0.97*opening`` or the optional ``(-revoked)``."""
        bare = str(text).replace(" ", "")
        is_optional = bare[:1] == "(" and bare[-1:] == ")"
        match = _TERM.fullmatch(bare[1:-1] if is_optional else bare)
        if not match:
            raise ValueError(f"{text!r} is no term: write a sign, an optional factor and a column, e.g. '+0.97*opening'")
        sign, factor, column = match.groups()
        return cls(1 if sign == "+" else -1, column, Decimal(factor or 1), is_optional)


Terms = Annotated[tuple[Term, ...], BeforeValidator(lambda terms: tuple(Term.parse(term) for term in terms))]


#: What a condition may be made of; anything else - a subquery, a cast, a function that reads files - is refused.
_PLAIN = (
    exp.Column, exp.Identifier, exp.Literal, exp.Boolean, exp.Null, exp.Paren, exp.Binary, exp.Unary, exp.Between,
    exp.In, exp.Coalesce, exp.Abs, exp.Round, exp.Greatest, exp.Least, exp.Case, exp.If,
)  # fmt: skip


def _parsed_sql(condition: str) -> str:
    """Return a condition as the parser understood it; refuse what is not one plain SQL expression."""
    try:
        statements = sqlglot.parse(str(condition), read="duckdb")
    except sqlglot.errors.SqlglotError as error:
        raise ValueError(f"condition {condition!r} is not SQL: {str(error).splitlines()[0]}") from error
    (expression, *more) = statements or [None]
    foreign = {type(node).__name__ for node in (expression.walk() if expression else ()) if not isinstance(node, _PLAIN)}
    qualified = expression is not None and any(column.table for column in expression.find_all(exp.Column))
    if expression is None or more or foreign or qualified:
        named = f" (found {', '.join(sorted(foreign))})" if foreign else ""
        raise ValueError(f"condition {condition!r} may use columns, operators and plain functions only{named}")
    return expression.sql(dialect="duckdb", comments=False)


Condition = Annotated[str, BeforeValidator(_parsed_sql)]
#: Codes of forms, rows, columns and rules: they become part of the SQL of comparisons.
Code = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]+([.-][a-z0-9_]+)*$")]
Sentence = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class Story(BaseModel):
    """A likely cause: where ``when`` holds for a failing row, ``vi`` and ``en`` are told with the values of ``let``."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    when: Condition
    let: dict[Code, Condition] = {}
    vi: Sentence
    en: Sentence


class Rule(BaseModel):
    """What all kinds of rules have."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    id: Code
    forms: tuple[Code | Literal["*"], ...] = Field(min_length=1)
    severity: Severity = Severity.ERROR
    on_fail: OnFail
    vi: Sentence
    en: Sentence
    basis: str = ""
    valid_from: date = FIRST_DAY
    valid_to: date = LAST_DAY
    scopes: tuple[Scope, ...] = tuple(Scope)
    stories: tuple[Story, ...] = ()


class Balance(Rule):
    """``total`` equals the sum of ``terms``; of several ``alternatives`` the closest counts."""

    kind: Literal["balance"]
    total: Code
    terms: Terms = ()
    alternatives: tuple[Terms, ...] = ()
    absent: tuple[Code, ...] = ()
    tolerance: Decimal = Decimal(0)

    @property
    def sums(self) -> tuple[tuple[Term, ...], ...]:
        """All sums that may make up the total."""
        return self.alternatives or (self.terms,)


class Order(Rule):
    """The sum of ``lesser`` never exceeds the sum of ``greater``."""

    kind: Literal["order"]
    lesser: Terms
    greater: Terms
    absent: tuple[Code, ...] = ()


class RowOrder(Rule):
    """A figure of row ``lesser`` never exceeds the one of row ``greater`` in the same column."""

    kind: Literal["row_order"]
    lesser: Code
    greater: Code


class Integer(Rule):
    """Every figure is at least ``minimum`` and, where ``whole``, a whole number."""

    kind: Literal["integer"]
    whole: bool = True
    minimum: Decimal = Decimal(0)


class Rollup(Rule):
    """A printed total equals the sum of its rows along ``dimensions``, or of the offices below a province.

    ``partial``: some parts may be unprinted; then their sum may not exceed the total. ``open_lines``: the parts are
    lines to be used as needed; those left blank add nothing.
    """

    kind: Literal["rollup"]
    dimensions: tuple[Code, ...] = ()
    offices: bool = False
    partial: bool = False
    open_lines: bool = False


class PrintedRatio(Rule):
    """A printed percentage can come from the printed figures, read as intervals.

    The first of ``denominators`` that is printed serves as base. ``truncation``: ``allow`` fails only what fits neither
    rounding nor truncation; ``forbid`` fails what fits by truncation alone.
    """

    kind: Literal["printed_ratio"]
    column: Code
    numerator: Terms
    denominators: tuple[Terms, ...]
    truncation: Literal["allow", "forbid"] = "allow"


class MoneyPerCase(Rule):
    """Money per case lies between ``floor`` and ``ceiling`` (đồng): the best detector of unit slips."""

    kind: Literal["money_per_case"]
    cases: Code
    measures: tuple[Code, ...]
    rows: tuple[Code, ...]
    floor: Decimal
    ceiling: Decimal
    minimum_cases: int = 1


class Reading(Rule):
    """Reading stumbled over nothing of the kinds ``codes`` (``cells/remarks``)."""

    kind: Literal["reading", "header"]
    codes: tuple[Code, ...] = Field(min_length=1)


AnyRule = Annotated[
    Balance | Order | RowOrder | Integer | Rollup | PrintedRatio | MoneyPerCase | Reading, Field(discriminator="kind")
]


class Pack(BaseModel):
    """The rules of one regime, or those for published figures."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    pack: Code
    version: str
    origin: Origin
    regimes: tuple[str, ...] = ()
    basis: str
    rules: tuple[AnyRule, ...]
    digest: str = ""

    @property
    def full_version(self) -> str:
        """Version and content: two packs that differ never share it."""
        return f"{self.version}+{self.digest}"

    def rule(self, rule_id: str) -> AnyRule:
        """Return the rule called ``rule_id``."""
        return next(rule for rule in self.rules if rule.id == rule_id)


def read_pack(path: Path) -> Pack:
    """Read and check one pack; raises ``PackError`` with file, rule and reason."""
    content = path.read_bytes()
    try:
        entry, content = _extended(path, content)
        if not isinstance(entry, dict):
            raise PackError(f"{path}: no pack: write pack, version, origin, basis and rules")
        pack = TypeAdapter(Pack).validate_python({**entry, "digest": hashlib.sha256(content).hexdigest()[:8]})
    except yaml.YAMLError as error:
        raise PackError(f"{path}: not YAML: {error}") from error
    except ValidationError as error:
        raise PackError(f"{path}: " + "; ".join(_told(entry, problem) for problem in error.errors())) from error
    ids = [rule.id for rule in pack.rules]
    twice = sorted({rule_id for rule_id in ids if ids.count(rule_id) > 1})
    if twice:
        raise PackError(f"{path}: rule ids stand twice: {', '.join(twice)}; give each rule its own")
    return pack


def _extended(path: Path, content: bytes) -> tuple[Any, bytes]:
    """Return a pack's entry laid over the pack that it ``extends``, and the bytes of both.

    Rules are laid over those of the same id, key by key; ``forms`` takes over only what concerns these forms.
    """
    entry = yaml.safe_load(content)
    if not isinstance(entry, dict) or "extends" not in entry:
        return entry, content
    base_path = path.with_name(f"{entry.pop('extends')}.yaml")
    if not base_path.exists():
        raise PackError(f"{path}: extends {base_path.name}, which is not there; name a pack beside it")
    base, base_content = _extended(base_path, base_path.read_bytes())
    wanted, changes = entry.pop("forms", None), list(entry.get("rules") or ())
    rules = [
        rule | {"forms": kept}
        for rule in base["rules"]
        if (kept := [form for form in rule["forms"] if wanted is None or form in (*wanted, WHOLE_WORKBOOK)])
    ]
    inherited = {rule["id"] for rule in rules}
    by_id = {change.get("id"): change for change in changes}
    laid = [rule | by_id.get(rule["id"], {}) for rule in rules]
    added = [change for change in changes if change.get("id") not in inherited]
    return base | entry | {"rules": laid + added}, base_content + content


def _told(entry: dict[str, Any], problem: Any) -> str:
    place, message = problem["loc"], problem["msg"].removeprefix("Value error, ")
    if place[:1] == ("rules",) and len(place) > 1:
        rule = entry["rules"][place[1]]
        name = rule.get("id") if isinstance(rule, dict) else None
        within = ".".join(map(str, place[3:]))
        return f"rule {name or place[1] + 1}: {f'{within}: ' if within else ''}{message}"
    return f"{'.'.join(map(str, place))}: {message}"


@cache
def packs(folder: Path = FOLDER) -> tuple[Pack, ...]:
    """Return all packs, read once per process."""
    return tuple(read_pack(path) for path in sorted(folder.glob("*.yaml")))


def rules_frame(of: tuple[Pack, ...]) -> pl.DataFrame:
    """Return the rules as the table ``declared/rules``."""
    rows = [
        {
            "rule_id": rule.id,
            "pack": pack.pack,
            "pack_version": pack.full_version,
            "kind": rule.kind,
            "forms": list(rule.forms),
            "severity": rule.severity,
            "on_fail": rule.on_fail,
            "sentence_vi": rule.vi,
            "sentence_en": rule.en,
            "basis": rule.basis or pack.basis,
            "valid_from": rule.valid_from,
            "valid_to": rule.valid_to,
        }
        for pack in of
        for rule in pack.rules
    ]
    return pl.DataFrame(rows, schema=tables.RULES)
