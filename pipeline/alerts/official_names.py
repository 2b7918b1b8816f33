"""How agencies are addressed on a day: official names, written out, and the successor of an agency that ended.

The names are data, in ``official_names.yaml``; the register knows an agency by a shorter one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

import yaml

from pipeline.alerts.templates import TEMPLATES


@dataclass(frozen=True)
class Agency:
    """An agency as the published warehouse knows it."""

    key: str
    name: str
    level: str
    parent_key: str | None
    valid_to: date | None = None
    successor_key: str | None = None


def official_name(agency: Agency, agencies: Mapping[str, Agency], day: date) -> str:
    """Return the name of an agency in a letter of that day, e.g. ``Cục Thi hành án dân sự tỉnh Kiên Giang``."""
    names = _names()
    # An agency that ended keeps its last name.
    day = min(day, date.fromordinal(agency.valid_to.toordinal() - 1)) if agency.valid_to else day
    pattern = next(line for line in names[agency.level] if "valid_to" not in line or day < line["valid_to"])["vi"]
    parent = agencies.get(agency.parent_key or "")
    name = _expand(agency.name)
    if agency.level == "office" and parent and parent.name in agency.name:
        pattern = "{name}"
    return pattern.format(name=name, place=_place(agency.name), province=parent.name if parent else "").removesuffix(
        " - "
    )


def addressee(agency: Agency, agencies: Mapping[str, Agency], day: date) -> Agency:
    """Return who answers for an agency on a day: itself, else its successor, else that of the agency above it."""
    visited: set[str] = set()
    while agency.valid_to and agency.valid_to <= day and agency.key not in visited:
        visited.add(agency.key)
        successor = agencies.get(agency.successor_key or "") or agencies.get(agency.parent_key or "")
        if successor is None:
            break
        agency = successor
    return agency


def national_body(day: date) -> tuple[str, str]:
    """Return the name of the national body on a day, in Vietnamese and English."""
    line = next(line for line in _names()["nation"] if "valid_to" not in line or day < line["valid_to"])
    return line["vi"], line["en"]


def department() -> str:
    """Return the department of the national body that signs where the contacts name no sender."""
    return _names()["department"]


def _place(name: str) -> str:
    short_name = name.removeprefix("Thành phố ").removeprefix("TP. ").removeprefix("TP ")
    return f"{'thành phố' if short_name in _names()['cities'] else 'tỉnh'} {short_name}"


def _expand(name: str) -> str:
    for short, full in _names()["written_out"]:
        name = name.replace(short, full)
    return name


@cache
def _names() -> dict[str, Any]:
    return yaml.safe_load((TEMPLATES / "official_names.yaml").read_text(encoding="utf-8"))
