"""Findings as a validation report in the European statistical system's JSON shape, for machines.

Source: *Generic validation report structure*, ESSnet ValiDat Integration, version 1.0.0 (2017-08-15): an array of
validations, each with id, event (time, actor, agent, trigger), rule (language, expression, severity, description), data
(source, target, description) and value: "1" where the rule holds, "0" where it does not.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from expectations.rules import packs
from pipeline.home import VIETNAM
from pipeline.vocabulary import Severity, Status

Row = Mapping[str, Any]

ACTOR = "THADS"
LANGUAGE = "THADS rule pack"
SEVERITIES = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "information"}
HOLDS, FAILS = "1", "0"
_LABEL = re.compile(r"\*([^*]+)\*")


def validation_report(
    submission: Row, findings: Iterable[Row], outcomes: Iterable[Row], *, trigger: str
) -> list[dict[str, Any]]:
    """Return one validation for each comparison that fails, and one for each rule and form that holds.

    A rule that compared nothing validated nothing and is left out. Rows are of ``tables.SUBMISSIONS``, ``FINDINGS`` and
    ``OUTCOMES`` of one submission; the event's time is when the return was received, so the report of the same
    return is the same.
    """
    results = list(outcomes)
    version = {row["pack"]: row["pack_version"] for row in results}
    received = submission["received_at"]

    def event(pack: str) -> dict[str, str]:
        return {
            "time": received.replace(tzinfo=VIETNAM).isoformat() if received else "",
            "actor": ACTOR,
            "agent": f"{pack} {version.get(pack, '')}".strip(),
            "trigger": trigger,
        }

    failures = [
        {
            "id": row["finding_id"],
            "type": "validation",
            "event": event(row["pack"]),
            "rule": _rule(row["pack"], row["rule_id"], Severity(row["severity"]), row["sentence_vi"]),
            "data": {
                "source": [_cell(submission, cell) for cell in row["cells"]],
                "target": [_cell(submission, cell) for cell in row["cells"] if cell["role"] == "found"]
                or [_place(submission, row["form"], row["row_code"], row["column_code"])],
                "description": row["sentence_en"] + ("" if row["status"] == Status.FAIL else f" ({row['status']})"),
            },
            "value": FAILS,
        }
        for row in findings
    ]
    passes = [
        {
            "id": _identity(submission["submission_id"], row["pack"], row["rule_id"], row["form"]),
            "type": "validation",
            "event": event(row["pack"]),
            "rule": _rule(
                row["pack"],
                row["rule_id"],
                *_severities_and_sentences().get((row["pack"], row["rule_id"]), (Severity.ERROR, "")),
            ),
            "data": {
                "source": [_place(submission, row["form"])],
                "target": [_place(submission, row["form"])],
                "description": f"{row['checked']} compared",
            },
            "value": HOLDS,
        }
        for row in results
        if row["status"] == Status.PASS
    ]
    return failures + passes


def as_json(report: list[dict[str, Any]]) -> str:
    """Return the report as text, a validation a line."""
    lines = ",\n".join(json.dumps(entry, ensure_ascii=False, separators=(",", ":")) for entry in report)
    return f"[\n{lines}\n]\n" if report else "[]\n"


def _rule(pack: str, rule_id: str, severity: Severity, sentence: str) -> dict[str, str]:
    return {
        "language": LANGUAGE,
        "expression": _expressions().get((pack, rule_id), rule_id),
        "severity": SEVERITIES[severity],
        "description": f"{rule_id}: {sentence}",
    }


@cache
def _expressions() -> dict[tuple[str, str], str]:
    """Return what each rule compares, as its first formula, by pack and rule."""
    return {
        (pack.pack, rule.id): _LABEL.sub(r"«\1»", next(rule.formulas()).replace("`", ""))
        for pack in packs()
        for rule in pack.rules
    }


@cache
def _severities_and_sentences() -> dict[tuple[str, str], tuple[Severity, str]]:
    return {(pack.pack, rule.id): (rule.severity, rule.vi) for pack in packs() for rule in pack.rules}


def _cell(submission: Row, cell: Row) -> str:
    address = f"{cell['sheet']}!{cell['address']}" if cell["address"] else ""
    place = _place(submission, cell["form"], cell["row_code"], cell["column_code"], submission_id=cell["submission_id"])
    return f"{place} {address}".strip()


def _place(submission: Row, *place: str | None, submission_id: str | None = None) -> str:
    """Return a key of data: version, form, row, column."""
    return "/".join(str(part) for part in (submission_id or submission["submission_id"], *place) if part)


def _identity(*parts: str | None) -> str:
    return hashlib.sha256("|".join(str(part) for part in parts).encode()).hexdigest()[:16]
