"""Rules as data: the entries of ``expectations/packs/*.yaml``, read and checked once.

A rule is one entry with its own sentence in both languages. Its kind (``expectations.kinds``) says how returns are turned
into comparisons (``expectations.comparisons``), and answers everything else (``expectations.rule``); Great Expectations says which comparisons fail (``expectations.suites``).
"""

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import yaml
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from expectations.kinds import AnyRule
from expectations.terms import Code
from pipeline import tables
from pipeline.vocabulary import Origin

FOLDER = Path(__file__).parent / "packs"
WHOLE_WORKBOOK = "*"


class PackError(ValueError):
    """A rule pack contradicts itself or is no pack; the message names the file, the rule and what to correct."""


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
        entry, content = _extend(path, content)
        if not isinstance(entry, dict):
            raise PackError(f"{path}: no pack: write pack, version, origin, basis and rules")
        pack = TypeAdapter(Pack).validate_python({**entry, "digest": hashlib.sha256(content).hexdigest()[:8]})
    except yaml.YAMLError as error:
        raise PackError(f"{path}: not YAML: {error}") from error
    except ValidationError as error:
        raise PackError(f"{path}: " + "; ".join(_error_text(entry, problem) for problem in error.errors())) from error
    ids = [rule.id for rule in pack.rules]
    duplicate_ids = sorted({rule_id for rule_id in ids if ids.count(rule_id) > 1})
    if duplicate_ids:
        raise PackError(f"{path}: rule ids stand twice: {', '.join(duplicate_ids)}; give each rule its own")
    return pack


def _extend(path: Path, content: bytes) -> tuple[Any, bytes]:
    """Return a pack's entry merged into the pack that it ``extends``, and the bytes of both.

    A rule overrides the one of the same id, key by key; ``forms`` inherits only what concerns these forms.
    """
    entry = yaml.safe_load(content)
    if not isinstance(entry, dict) or "extends" not in entry:
        return entry, content
    base_path = path.with_name(f"{entry.pop('extends')}.yaml")
    if not base_path.exists():
        raise PackError(f"{path}: extends {base_path.name}, which is not there; name a pack beside it")
    base, base_content = _extend(base_path, base_path.read_bytes())
    form_codes, changes = entry.pop("forms", None), list(entry.get("rules") or ())
    rules = [
        rule | {"forms": rule_forms}
        for rule in base["rules"]
        if (
            rule_forms := [
                form for form in rule["forms"] if form_codes is None or form in (*form_codes, WHOLE_WORKBOOK)
            ]
        )
    ]
    inherited_ids = {rule["id"] for rule in rules}
    by_id = {change.get("id"): change for change in changes}
    merged_rules = [rule | by_id.get(rule["id"], {}) for rule in rules]
    new_rules = [change for change in changes if change.get("id") not in inherited_ids]
    return base | entry | {"rules": merged_rules + new_rules}, base_content + content


def _error_text(entry: dict[str, Any], problem: Any) -> str:
    place, message = problem["loc"], problem["msg"].removeprefix("Value error, ")
    if place[:1] == ("rules",) and len(place) > 1:
        rule = entry["rules"][place[1]]
        name = rule.get("id") if isinstance(rule, dict) else None
        field = ".".join(map(str, place[3:]))
        return f"rule {name or place[1] + 1}: {f'{field}: ' if field else ''}{message}"
    return f"{'.'.join(map(str, place))}: {message}"


@cache
def packs(folder: Path = FOLDER) -> tuple[Pack, ...]:
    """Return all packs, read once per process."""
    return tuple(read_pack(path) for path in sorted(folder.glob("*.yaml")))


def rule_version(rule: AnyRule) -> str:
    """Return a hash of everything a rule says: an answer to it holds for no other wording."""
    return hashlib.sha256(rule.model_dump_json().encode()).hexdigest()[:12]


def rules_frame(rule_packs: tuple[Pack, ...]) -> pl.DataFrame:
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
        for pack in rule_packs
        for rule in pack.rules
    ]
    return pl.DataFrame(rows, schema=tables.RULES)
