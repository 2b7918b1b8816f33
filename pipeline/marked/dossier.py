"""All that is told to an office about one version of its report, and which of its cells that touches."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from pipeline.vocabulary import OnFail, Severity, Status, Verdict

Row = dict[str, Any]

#: The worst first.
ON_FAIL = [OnFail.RETURN, OnFail.QUERY, OnFail.NOTE]
SEVERITIES = [Severity.ERROR, Severity.WARNING, Severity.INFO]
#: Cells that one hypothesis has coloured and unlocked; a whole form in another unit has hundreds.
MOST_NAMED = 60
UNEXPLAINED = "unknown"  # kind of a cause that no figure closes


@dataclass(frozen=True)
class Cause:
    """Findings that one slip may explain, and the hypotheses about it, the likeliest first."""

    findings: list[Row]  # tables.FINDINGS
    hypotheses: list[Row]  # tables.CAUSES


@dataclass(frozen=True)
class Dossier:
    """One version of a report with what fails in it; ``causes`` in the order in which they are told."""

    submission: Row  # tables.SUBMISSIONS
    verdict: str
    version: int | None
    causes: list[Cause]
    silenced: int = 0  # findings that are explained or known, and are not told

    @property
    def findings(self) -> list[Row]:
        """Return all findings in the order in which they are told."""
        return [finding for cause in self.causes for finding in cause.findings]

    def own_cells(self, finding: Row) -> list[Row]:
        """Return the finding's cells that stand in this file; an office's neighbours have cells of their own."""
        mine = self.submission["submission_id"]
        return [cell for cell in finding["cells"] if cell["submission_id"] in (mine, None) and cell["address"]]


@dataclass
class Mark:
    """What is shown at one cell: the worst severity of what fails there, else that it is part of a sum that fails."""

    severity: Severity | None = None
    findings: list[Row] = field(default_factory=list)
    hypotheses: list[Row] = field(default_factory=list)
    is_named: bool = False  # by a hypothesis, as a cell to look at

    @property
    def is_to_mend(self) -> bool:
        """Tell whether this is a cell to mend, and not only one of a sum."""
        return self.severity is not None or self.is_named


def dossiers(
    submissions: pl.DataFrame,
    verdicts: pl.DataFrame,
    findings: pl.DataFrame,
    causes: pl.DataFrame,
    cause_findings: pl.DataFrame,
) -> Iterator[Dossier]:
    """Yield a dossier per submission, in their order; frames as in ``pipeline.tables``."""
    ranked = findings.with_columns(
        pl.col("on_fail").replace_strict({str(word): place for place, word in enumerate(ON_FAIL)}).alias("rank")
    ).sort("rank", "form", "sheet", "rule_id", "finding_id", nulls_last=True)
    of_submission = _by(ranked, "submission_id")
    guesses = _by(causes.sort("submission_id", "cause_id", "rank"), "submission_id")
    groups = {row["finding_id"]: row["cause_id"] for row in cause_findings.to_dicts()}
    judged = {row["submission_id"]: row for row in verdicts.to_dicts()}
    for submission in submissions.to_dicts():
        identity = submission["submission_id"]
        told, silenced = [], 0
        for finding in of_submission.get(identity, []):
            if finding["status"] == Status.FAIL:
                told.append(finding)
            else:
                silenced += 1
        yield Dossier(
            submission,
            judged.get(identity, {}).get("verdict") or str(Verdict.ACCEPTED),
            judged.get(identity, {}).get("version"),
            _causes(told, guesses.get(identity, []), groups),
            silenced,
        )


def marks(dossier: Dossier) -> dict[tuple[str, str], Mark]:
    """Return what is shown at each cell of the file, by sheet and address."""
    shown: dict[tuple[str, str], Mark] = {}
    for cause in dossier.causes:
        for finding in cause.findings:
            for cell in dossier.own_cells(finding):
                mark = shown.setdefault((cell["sheet"], cell["address"]), Mark())
                if cell["role"] == "found":
                    mark.findings.append(finding)
                    known = [mark.severity] if mark.severity else []
                    mark.severity = min([*known, Severity(finding["severity"])], key=SEVERITIES.index)
        for hypothesis in cause.hypotheses[:1]:
            if hypothesis["address"] and hypothesis["kind"] != UNEXPLAINED:
                place = (hypothesis["sheet"], hypothesis["address"])
                shown.setdefault(place, Mark()).hypotheses.append(hypothesis)
        for hypothesis in cause.hypotheses:
            if hypothesis["kind"] != UNEXPLAINED:
                for change in (hypothesis["changes"] or [])[:MOST_NAMED]:
                    if change["address"]:
                        shown.setdefault((change["sheet"], change["address"]), Mark()).is_named = True
    return shown


def _causes(findings: list[Row], hypotheses: list[Row], groups: dict[str, Any]) -> list[Cause]:
    """Group findings by cause, in the order of the first finding of each; one without a cause stands alone."""
    told: dict[str, list[Row]] = {}
    for finding in findings:
        told.setdefault(groups.get(str(finding["finding_id"]), str(finding["finding_id"])), []).append(finding)
    return [
        Cause(group, [guess for guess in hypotheses if guess["cause_id"] == cause]) for cause, group in told.items()
    ]


def _by(frame: pl.DataFrame, key: str) -> dict[str, list[Row]]:
    rows: dict[str, list[Row]] = {}
    for row in frame.iter_rows(named=True):
        rows.setdefault(row[key], []).append(row)
    return rows
