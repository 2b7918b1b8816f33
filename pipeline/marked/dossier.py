"""All that an office is told about one version of its report, and which cells it concerns."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from pipeline.vocabulary import OnFail, Severity, Status, Verdict

Row = dict[str, Any]

#: The worst first.
ON_FAIL = [OnFail.RETURN, OnFail.QUERY, OnFail.NOTE]
SEVERITIES = [Severity.ERROR, Severity.WARNING, Severity.INFO]
#: How many cells one hypothesis may colour and unlock; a whole form in the wrong unit has hundreds.
MOST_NAMED = 60
UNEXPLAINED = "unknown"  # kind of a cause that no figure closes


@dataclass(frozen=True)
class Cause:
    """Findings that one slip may explain, and the hypotheses about it, the likeliest first."""

    findings: list[Row]  # tables.FINDINGS
    hypotheses: list[Row]  # tables.CAUSES


@dataclass(frozen=True)
class Dossier:
    """One version of a report with what fails in it; ``causes`` in the order in which they are listed."""

    submission: Row  # tables.SUBMISSIONS
    verdict: str
    version: int | None
    causes: list[Cause]
    silenced: int = 0  # findings that are explained or known, and are not listed

    @property
    def findings(self) -> list[Row]:
        """Return all findings in the order in which they are listed."""
        return [finding for cause in self.causes for finding in cause.findings]

    def own_cells(self, finding: Row) -> list[Row]:
        """Return the finding's cells in this file; it may name cells of neighbouring offices too."""
        submission_id = self.submission["submission_id"]
        return [cell for cell in finding["cells"] if cell["submission_id"] in (submission_id, None) and cell["address"]]


@dataclass
class CellMark:
    """What is shown at one cell: the worst severity of its findings; without any, it is part of a sum that fails."""

    severity: Severity | None = None
    findings: list[Row] = field(default_factory=list)
    hypotheses: list[Row] = field(default_factory=list)
    is_named: bool = False  # by a hypothesis, as a cell to look at

    @property
    def is_to_mend(self) -> bool:
        """Tell whether this cell is to be mended, and is not merely part of a sum."""
        return self.severity is not None or self.is_named


def build_dossiers(
    submissions: pl.DataFrame,
    verdicts: pl.DataFrame,
    findings: pl.DataFrame,
    causes: pl.DataFrame,
    cause_findings: pl.DataFrame,
) -> Iterator[Dossier]:
    """Yield a dossier per submission, in their order; frames as in ``pipeline.tables``."""
    ordered = findings.with_columns(
        pl.col("on_fail").replace_strict({str(word): place for place, word in enumerate(ON_FAIL)}).alias("rank")
    ).sort("rank", "form", "sheet", "rule_id", "finding_id", nulls_last=True)
    findings_by_submission = _group_by(ordered, "submission_id")
    hypotheses_by_submission = _group_by(causes.sort("submission_id", "cause_id", "rank"), "submission_id")
    groups = {row["finding_id"]: row["cause_id"] for row in cause_findings.to_dicts()}
    verdict_rows = {row["submission_id"]: row for row in verdicts.to_dicts()}
    for submission in submissions.to_dicts():
        identity = submission["submission_id"]
        failures, silenced = [], 0
        for finding in findings_by_submission.get(identity, []):
            if finding["status"] == Status.FAIL:
                failures.append(finding)
            else:
                silenced += 1
        yield Dossier(
            submission,
            verdict_rows.get(identity, {}).get("verdict") or str(Verdict.ACCEPTED),
            verdict_rows.get(identity, {}).get("version"),
            _causes(failures, hypotheses_by_submission.get(identity, []), groups),
            silenced,
        )


def marks(dossier: Dossier) -> dict[tuple[str, str], CellMark]:
    """Return what is shown at each cell of the file, by sheet and address."""
    marks_by_cell: dict[tuple[str, str], CellMark] = {}
    for cause in dossier.causes:
        for finding in cause.findings:
            for cell in dossier.own_cells(finding):
                mark = marks_by_cell.setdefault((cell["sheet"], cell["address"]), CellMark())
                if cell["role"] == "found":
                    mark.findings.append(finding)
                    severities = [mark.severity] if mark.severity else []
                    mark.severity = min([*severities, Severity(finding["severity"])], key=SEVERITIES.index)
        for hypothesis in cause.hypotheses[:1]:
            if hypothesis["address"] and hypothesis["kind"] != UNEXPLAINED:
                place = (hypothesis["sheet"], hypothesis["address"])
                marks_by_cell.setdefault(place, CellMark()).hypotheses.append(hypothesis)
        for hypothesis in cause.hypotheses:
            if hypothesis["kind"] != UNEXPLAINED:
                for change in (hypothesis["changes"] or [])[:MOST_NAMED]:
                    if change["address"]:
                        marks_by_cell.setdefault((change["sheet"], change["address"]), CellMark()).is_named = True
    return marks_by_cell


def _causes(findings: list[Row], hypotheses: list[Row], groups: dict[str, Any]) -> list[Cause]:
    """Group findings by cause, in the order of the first finding of each; one without a cause stands alone."""
    findings_by_cause: dict[str, list[Row]] = {}
    for finding in findings:
        findings_by_cause.setdefault(groups.get(str(finding["finding_id"]), str(finding["finding_id"])), []).append(
            finding
        )
    return [
        Cause(cause_findings, [hypothesis for hypothesis in hypotheses if hypothesis["cause_id"] == cause])
        for cause, cause_findings in findings_by_cause.items()
    ]


def _group_by(frame: pl.DataFrame, key: str) -> dict[str, list[Row]]:
    rows: dict[str, list[Row]] = {}
    for row in frame.iter_rows(named=True):
        rows.setdefault(row[key], []).append(row)
    return rows
