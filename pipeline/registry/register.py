"""Reads a register of units from CSV: one line a unit, every field checked, all problems reported at once.

Columns: ``unit_key, name, level, parent_key, valid_from`` are needed; ``code, valid_to, aliases, successors, note`` may be
left out. ``aliases`` and ``successors`` hold several with ``|`` between them. Days are 2025-07-01 or 01/07/2025.
``pipeline.registry.soundness`` checks whether the units fit together.
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

import yaml

from pipeline.text.day import parse_day
from pipeline.text.spelling import decode
from pipeline.vocabulary import Level

NEEDED = ("unit_key", "name", "level", "parent_key", "valid_from")
COLUMNS = (*NEEDED, "code", "valid_to", "aliases", "successors", "note")
MOST_LINES = 20_000
LONGEST_NAME = 200

_KEY = re.compile(r"[a-z0-9]+(?:[.-][a-z0-9]+)*")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}|\d{1,2}/\d{1,2}/\d{4}")


@dataclass(frozen=True)
class RegisterProblem:
    """What is wrong with a register, where (line of the file, column), and in both languages what to do."""

    code: str
    line: int
    column: str | None
    vi: str
    en: str


class RegisterError(ValueError):
    """A register that cannot be taken; carries every problem of it, in order of the lines."""

    def __init__(self, problems: list[RegisterProblem]) -> None:
        super().__init__(f"{len(problems)} problems; the first, on line {problems[0].line}: {problems[0].en}")
        self.problems = problems


@dataclass(frozen=True)
class UnitEntry:
    """One line of a register, read. ``valid_to`` is None while the unit lasts."""

    line: int
    key: str
    name: str
    level: Level
    parent: str
    valid_from: date
    valid_to: date | None
    code: str | None
    aliases: tuple[str, ...]
    successors: tuple[str, ...]
    note: str | None


def problem(code: str, line: int, column: str | None = None, **details: object) -> RegisterProblem:
    """Return the problem of that code with its sentences filled in; an unknown code is a ``KeyError``."""
    sentences = _sentences()[code]
    values = {name: f"{value:%d/%m/%Y}" if isinstance(value, date) else value for name, value in details.items()}
    return RegisterProblem(
        code, line, column, *(sentences[language].format(**values | {"column": column}) for language in ("vi", "en"))
    )


def read_register(content: bytes) -> list[UnitEntry]:
    """Read the lines of a register; raises ``RegisterError`` with everything that is wrong with them."""
    lines, problems = read_lines(content, NEEDED, COLUMNS)
    entries, first_line = [], dict[str, int]()
    for line, field in lines:
        entry, field_problems = _entry(line, field)
        problems += field_problems
        key = field["unit_key"]
        if key and first_line.setdefault(key, line) != line:
            problems.append(problem("twice", line, "unit_key", found=key, other=first_line[key]))
        if entry:
            entries.append(entry)
    if problems:
        raise RegisterError(sort_by_line(problems))
    return entries


def read_lines(
    content: bytes, needed: Sequence[str], columns: Sequence[str]
) -> tuple[list[tuple[int, dict[str, str]]], list[RegisterProblem]]:
    """Return number and fields by column of every line of a CSV, and problems for lines of another width than the header.

    Raises ``RegisterError`` for any other file: no text, too many lines, other columns, nothing in it.
    """
    text = decode(content)
    if text is None:
        raise RegisterError([problem("not_text", 1)])
    lines = list(_lines(text))
    if len(lines) > MOST_LINES:
        raise RegisterError([problem("too_big", MOST_LINES, limit=MOST_LINES)])
    header = [name.strip().casefold() for name in lines[0][1]] if lines else []
    problems = [
        *(problem("missing_column", 1, name, needed=", ".join(needed)) for name in needed if name not in header),
        *(problem("unknown_column", 1, found=name, known=", ".join(columns)) for name in header if name not in columns),
    ]
    if problems:
        raise RegisterError(problems)
    if not lines[1:]:
        raise RegisterError([problem("no_rows", 1)])
    rows = []
    for line, fields in lines[1:]:
        if len(fields) == len(header):
            rows.append((line, dict(zip(header, (field.strip() for field in fields), strict=True))))
        else:
            problems.append(problem("wrong_width", line, found=len(fields), expected=len(header)))
    return rows, problems


def read_span(line: int, field: Mapping[str, str]) -> tuple[date | None, date | None, list[RegisterProblem]]:
    """Return ``valid_from`` and ``valid_to`` of a line, and what is wrong with them."""
    days: dict[str, date | None] = {}
    problems = []
    for column in ("valid_from", "valid_to"):
        text = field.get(column, "")
        days[column] = parse_day(text) if _DAY.fullmatch(text) else None
        if text and days[column] is None:
            problems.append(problem("bad_date", line, column, found=text))
    start, end = days["valid_from"], days["valid_to"]
    if start and end and end <= start:
        problems.append(problem("empty_span", line, "valid_to", found=start, other=end))
    return start, end, problems


def sort_by_line(problems: list[RegisterProblem]) -> list[RegisterProblem]:
    """Return problems in the order of their lines."""
    return sorted(problems, key=lambda entry: entry.line)


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield number and fields of every line that is not blank; a spreadsheet may have written ";" between them."""
    first = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=";" if first.count(";") > first.count(",") else ",")
    while True:
        first_line_number = reader.line_num + 1
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error:
            fields = []
        if any(field.strip() for field in fields):
            yield first_line_number, fields


def _entry(line: int, field: dict[str, str]) -> tuple[UnitEntry | None, list[RegisterProblem]]:
    """Return a line as an entry, or what is wrong with its fields."""
    problems = [
        problem("blank", line, name)
        for name in NEEDED
        if not field[name] and not (name == "parent_key" and field["level"] == Level.NATION)
    ]
    key, name, level, code = field["unit_key"], field["name"], field["level"], field.get("code") or None
    if key and not _KEY.fullmatch(key):
        problems.append(problem("bad_key", line, "unit_key", found=key))
    aliases = _split_list(field.get("aliases"))
    for column, text in [("name", name), *(("aliases", alias) for alias in aliases)]:
        # Also what a spreadsheet would take for a formula.
        if text and (len(text) > LONGEST_NAME or not (text[0].isalpha() or text[0] == "(")):
            problems.append(problem("bad_name", line, column, found=text[:LONGEST_NAME], limit=LONGEST_NAME))
    if level and level not in set(Level):
        problems.append(problem("bad_level", line, "level", found=level, known=", ".join(Level)))
    if code and level == Level.PROVINCE and re.fullmatch(r"\d{1,2}", code):
        code = code.zfill(2)  # a spreadsheet makes 8 of 08
    elif code:
        problems.append(problem("bad_code", line, "code", found=code))
    start, end, field_problems = read_span(line, field)
    problems += field_problems
    if problems or start is None:
        return None, problems
    return (
        UnitEntry(
            line=line,
            key=key,
            name=name,
            level=Level(level),
            parent=field["parent_key"],
            valid_from=start,
            valid_to=end,
            code=code,
            aliases=aliases,
            successors=_split_list(field.get("successors")),
            note=field.get("note") or None,
        ),
        [],
    )


def _split_list(text: str | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part.strip() for part in (text or "").split("|") if part.strip()))


@cache
def _sentences() -> dict[str, dict[str, str]]:
    return yaml.safe_load(Path(__file__).with_name("problems.yaml").read_text(encoding="utf-8"))
