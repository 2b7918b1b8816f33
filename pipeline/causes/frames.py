"""Causes as tables: every failing finding in exactly one cause, every cause with at least one hypothesis."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

import polars as pl

from expectations.constraints import BlankCell, Cell, Comparison, Constraint, Place, UncalculatedFormula
from expectations.rule import Rule
from expectations.rules import Pack
from pipeline import tables
from pipeline.causes.laws import rate_parts
from pipeline.causes.returns import Edit, Return
from pipeline.causes.search import AGREEMENT, Hypothesis, RootCause, find_causes
from pipeline.causes.sentences import (
    copied_form_sentences,
    foreign_sheet_sentences,
    hypothesis_sentences,
    missing_base_sentences,
    unexplained_sentences,
)
from pipeline.comparison.cells import load_comparison_cells
from pipeline.comparison.database import JudgingDatabase
from pipeline.forms import Forms
from pipeline.vocabulary import Status

#: Rules of reading about a cell of a form without a figure.
WITHOUT_FIGURE = (
    *("reading.number", "reading.excel_error", "reading.rate_error"),
    *("reading.blank_total", "reading.blank_part"),
)
#: Those about a formula that was not calculated: with no value, or with an outdated one.
UNCALCULATED = ("reading.formula_without_value", "reading.stale_formula")
#: A rule makes at most one comparison at a place; those of reading make none that could be closed.
PLACE_KEY = ["submission_id", "pack", "rule_id", "form", "row_code", "column_code"]


@dataclass(frozen=True)
class Causes:
    """Frames as in ``pipeline.tables``: CAUSES and CAUSE_FINDINGS."""

    causes: pl.DataFrame
    cause_findings: pl.DataFrame


def likely_causes(
    db: JudgingDatabase,
    findings: pl.DataFrame,
    submissions: pl.DataFrame,
    rule_packs: tuple[Pack, ...],
    declarations: Forms,
) -> Causes:
    """Return the likely causes of the findings that fail, as ``tables.CAUSES`` and ``tables.CAUSE_FINDINGS``.

    Reads the comparisons of ``db``: those that fail, and those that pass and would break.
    """
    failures = findings.filter(pl.col("status") == Status.FAIL)
    if failures.is_empty():
        return Causes(pl.DataFrame(schema=tables.CAUSES), pl.DataFrame(schema=tables.CAUSE_FINDINGS))
    rules = {(pack.pack, rule.id): rule for pack in rule_packs for rule in pack.rules}
    headers = {
        row["submission_id"]: row for row in submissions.join(failures, on="submission_id", how="semi").to_dicts()
    }
    findings_by_id = _findings_by_id(failures)
    causes: list[dict] = []
    members: list[dict] = []
    for office_return in _returns(db, failures, rules, declarations, headers):
        for cause in _merge(office_return, find_causes(office_return)):
            root = cause.root or Place(office_return.submission_id, "", "", "")
            common = {
                "submission_id": office_return.submission_id,
                "period_id": headers[office_return.submission_id]["period_id"],
                "cause_id": _cause_id(headers[office_return.submission_id], root, cause.is_contradiction),
            }
            members += [common | {"finding_id": finding} for finding in cause.findings]
            causes += [common | row for row in _rows(office_return, cause, root, findings_by_id)]
    return Causes(
        pl.DataFrame(causes, schema=tables.CAUSES).sort("submission_id", "cause_id", "rank"),
        pl.DataFrame(members, schema=tables.CAUSE_FINDINGS).sort("submission_id", "cause_id", "finding_id"),
    )


def _rows(office_return: Return, cause: RootCause, root: Place, findings_by_id: dict[str, dict]) -> Iterator[dict]:
    count = len(cause.findings)
    for rank, hypothesis in enumerate(cause.hypotheses, start=1):
        alternative = next(
            (other.edit for other in cause.hypotheses[rank:] if other.is_equally_likely(hypothesis)), None
        )
        yield {"rank": rank, "of": count} | _hypothesis(
            office_return, hypothesis, count, alternative if rank == 1 else None
        )
    if not cause.hypotheses:
        members = sorted(
            (findings_by_id[name] for name in cause.findings),
            key=lambda finding: (
                finding["rule_id"] != AGREEMENT,
                (finding["form"], finding["row_code"], finding["column_code"]) != root[1:],
            ),
        )
        representative = next((finding for finding in members if finding["address"]), members[0])
        kind, (sentence_vi, sentence_en) = _kind_and_sentences(office_return, cause, root, representative)
        cell = office_return.cells.get(root)
        yield {
            "rank": 1,
            "kind": kind,
            "form": representative["form"],
            "row_code": representative["row_code"],
            "column_code": representative["column_code"],
            "sheet": cell.sheet if cell else representative["sheet"],
            "address": cell.address if cell else representative["address"],
            "cells": [address] if (address := cell.address if cell else representative["address"]) else [],
            "changes": [],
            "found": cell.value if cell else None,
            "would_be": None,
            "unit": None,
            "closes": 0,
            "of": count,
            "sentence_vi": sentence_vi,
            "sentence_en": sentence_en,
        }


def _kind_and_sentences(
    office_return: Return, cause: RootCause, root: Place, representative: dict
) -> tuple[str, tuple[str, str]]:
    """Return kind and sentences of a cause that proposes no figure; ``representative`` is the finding that stands for it."""
    if office_return.foreign_forms and representative["rule_id"] == AGREEMENT:
        return "foreign_sheet", foreign_sheet_sentences(representative["sheet"], len(cause.findings))
    if any(
        constraint.rule.detects_copy
        for constraint in office_return.constraints
        if constraint.finding_id in cause.findings
    ):
        return "last_month_copied", copied_form_sentences(office_return, root)
    return "unknown", (missing_base_sentences if _lacks_base(office_return, root) else unexplained_sentences)(
        office_return, root
    )


def _hypothesis(office_return: Return, hypothesis: Hypothesis, count: int, alternative: Edit | None) -> dict:
    edit, root = hypothesis.edit, office_return.cells[hypothesis.edit.root]
    sentence_vi, sentence_en = hypothesis_sentences(office_return, hypothesis, count, alternative)
    changes = [_change(office_return, place, edit.changes[place]) for place in sorted(edit.changes)]
    unit = office_return.declarations.units.get(root.unit or "")
    return {
        "kind": edit.kind,
        "form": root.place.form,
        "row_code": root.place.row,
        "column_code": root.place.column,
        "sheet": root.sheet,
        "address": root.address,
        "cells": [change["address"] for change in changes],
        "changes": changes,
        "found": root.value,
        "would_be": edit.changes.get(root.place),
        "unit": unit.base if unit else None,
        "closes": len(hypothesis.closed_findings),
        "sentence_vi": sentence_vi,
        "sentence_en": sentence_en,
    }


def _lacks_base(office_return: Return, place: Place) -> bool:
    """Tell whether a cell is a rate without a figure whose base is 0."""
    parts = rate_parts(office_return, place)
    return parts is not None and place not in office_return.values and office_return.values.get(parts[1]) == 0


def _change(office_return: Return, place: Place, proposed_value: object) -> dict:
    cell = office_return.cells[place]
    return {
        "form": place.form,
        "row_code": place.row,
        "column_code": place.column,
        "sheet": cell.sheet,
        "address": cell.address,
        "found": cell.value,
        "would_be": proposed_value,
    }


def _merge(office_return: Return, causes: list[RootCause]) -> list[RootCause]:
    """Merge causes that are one: those with the same root, which identifies an incident, and those of the same slip.

    A row or a table that could not be read leaves many remarks; a row left blank is blank in every cell.
    """
    constraints = {
        constraint.finding_id: constraint for constraint in office_return.constraints if constraint.finding_id
    }
    causes_by_slip: dict[object, RootCause] = {}
    for cause in causes:
        slip_key = _slip_key(cause, [constraints[finding] for finding in cause.findings])
        merged_cause = causes_by_slip.get(slip_key)
        causes_by_slip[slip_key] = (
            cause
            if merged_cause is None
            else replace(
                merged_cause,
                findings=(*merged_cause.findings, *cause.findings),
                hypotheses=merged_cause.hypotheses or cause.hypotheses,
            )
        )
    return list(causes_by_slip.values())


def _slip_key(cause: RootCause, constraints: list[Constraint]) -> object:
    """Return a key that is the same for all causes of one slip."""
    (rule, form, row), *other_keys = {
        (constraint.rule.id, constraint.form, constraint.row) for constraint in constraints
    }
    if not other_keys and row and rule in ("reading.blank_total", "reading.blank_part"):
        return rule, form, row
    if not cause.hypotheses and all(constraint.rule.is_about_remarks for constraint in constraints):
        rules_and_forms = {(constraint.rule.id, constraint.form) for constraint in constraints}
        if len(rules_and_forms) == 1:
            return rules_and_forms.pop()
    return cause.root, cause.is_contradiction


def _cause_id(header: dict, root: Place, is_contradiction: bool) -> str:
    """Return an id that the same root keeps in every version of the report."""
    place_key = (header["origin"], header["is_simulated"], header["unit_key"], header["scope"], header["period_id"])
    report = header["report_id"] if header["origin"] == "published" or None in place_key else None
    key = [
        *place_key,
        report or (header["submission_id"] if None in place_key else ""),
        root.form,
        root.row,
        root.column,
    ]
    key += ["another document"] if is_contradiction else []
    return hashlib.sha256("|".join(map(str, key)).encode()).hexdigest()[:16]


def _findings_by_id(failures: pl.DataFrame) -> dict[str, dict]:
    first = pl.col("cells").list.first()
    fields = failures.select(
        "finding_id",
        "rule_id",
        "form",
        "row_code",
        "column_code",
        "sheet",
        first.struct.field("address").alias("address"),
    )
    return {row["finding_id"]: row for row in fields.to_dicts()}


def _returns(
    db: JudgingDatabase,
    failures: pl.DataFrame,
    rules: dict[tuple[str, str], Rule],
    declarations: Forms,
    headers: dict[str, dict],
) -> Iterator[Return]:
    """Yield every failing return with the constraints near its failures."""
    cells_by_submission, calculated_values = _own_cells(db, failures), _calculated_values(db, failures)
    pack_by_submission = dict(db.query("select submission_id, pack from submission").iter_rows())
    comparisons = _comparisons(db, failures)
    cells_by_comparison = load_comparison_cells(db, comparisons, rules, declarations)
    rows_by_submission: dict[str, list[dict]] = {}
    for row in comparisons.to_dicts():
        rows_by_submission.setdefault(row["submission_id"], []).append(row)
    findings_by_submission: dict[str, list[dict]] = {}
    for row in failures.select(*PLACE_KEY, "finding_id", "cells", "sheet").to_dicts():
        findings_by_submission.setdefault(row["submission_id"], []).append(row)
    for submission_id in sorted(findings_by_submission):
        cells = dict(cells_by_submission.get(submission_id, {}))
        constraints: list[Constraint] = []
        for row in rows_by_submission.get(submission_id, ()):
            comparison_cells = cells_by_comparison.get(row["comparison_id"], [])
            cells |= {(own_cell := _cell(cell)).place: own_cell for cell in comparison_cells}
            rule = rules[row["pack"], row["rule_id"]]
            constraints.append(rule.constraint(Comparison(rule, row, comparison_cells, submission_id)))
        compared_ids = {constraint.finding_id for constraint in constraints}
        for finding in findings_by_submission[submission_id]:
            if finding["finding_id"] not in compared_ids:
                calculated_value = calculated_values.get(
                    (submission_id, *(finding[name] or "" for name in PLACE_KEY[2:]))
                )
                constraints.append(constraint := _finding_constraint(finding, rules, submission_id, calculated_value))
                if isinstance(constraint, BlankCell):
                    (cell,) = finding["cells"]
                    cells.setdefault(
                        constraint.places[0], _cell(cell | {"submission_id": submission_id, "value": None})
                    )
        foreign_forms = _foreign_forms(submission_id, cells, findings_by_submission[submission_id])
        regime = headers[submission_id]["regime"]
        applied_forms = (
            declarations.applied_in(declarations.regimes[regime])
            if regime in declarations.regimes
            else declarations.current
        )
        yield Return(
            submission_id,
            cells,
            constraints,
            applied_forms,
            declarations,
            _orders(rules, pack_by_submission.get(submission_id)),
            foreign_forms=foreign_forms,
        )


def _foreign_forms(submission_id: str, cells: dict[Place, Cell], findings: list[dict]) -> frozenset[str]:
    """Return the forms on sheets that name another period or unit than most; none unless they are the minority."""
    sheets = {finding["sheet"] for finding in findings if finding["rule_id"] == AGREEMENT and finding["sheet"]}
    own_forms = {(cell.sheet, place.form) for place, cell in cells.items() if place.submission_id == submission_id}
    foreign_forms = frozenset(form for sheet, form in own_forms if sheet in sheets)
    return foreign_forms if 2 * len(foreign_forms) < len({form for _, form in own_forms}) else frozenset()


def _comparisons(db: JudgingDatabase, failures: pl.DataFrame) -> pl.DataFrame:
    """Return the comparisons of the failing returns in every row and column in which something fails."""
    failing_cells = failures.select("submission_id", "cells").explode("cells").unnest("cells", separator="_")
    failing_places = pl.concat(
        [
            failures.select("submission_id", "row_code", "column_code"),
            failing_cells.filter(pl.col("cells_submission_id") == pl.col("submission_id")).select(
                "submission_id",
                pl.col("cells_row_code").alias("row_code"),
                pl.col("cells_column_code").alias("column_code"),
            ),
        ]
    ).drop_nulls()
    failing_keys = failures.select("finding_id", *PLACE_KEY).with_columns(
        pl.col("row_code", "column_code").fill_null("")
    )
    connection = db.connection
    connection.register("touched_in", failing_places.unique().to_arrow())
    connection.register("named_in", failing_keys.to_arrow())
    try:
        return db.query(
            """
            select comparison.*, named_in.finding_id
            from comparison
            left join named_in using (submission_id, pack, rule_id, form, row_code, column_code)
            where comparison.submission_id in (select submission_id from named_in) and remark_id is null
              and row_code <> ''
              and (
                  (comparison.submission_id, row_code) in (select (submission_id, row_code) from touched_in)
                  or (comparison.submission_id, column_code) in (select (submission_id, column_code) from touched_in)
              )
            order by comparison_id
            """
        )
    finally:
        connection.unregister("touched_in")
        connection.unregister("named_in")


def _own_cells(db: JudgingDatabase, failures: pl.DataFrame) -> dict[str, dict[Place, Cell]]:
    """Return every cell of the forms in which something fails, by submission: a form is checked against its own sums."""
    db.connection.register("touched_in", failures.select("submission_id", "form").drop_nulls().unique().to_arrow())
    try:
        frame = db.query(
            """
            select submission_id, form, row_code, column_code, unit, value, sheet, address, raw
            from cell semi join touched_in using (submission_id, form)
            """
        )
    finally:
        db.connection.unregister("touched_in")
    cells: dict[str, dict[Place, Cell]] = {}
    for row in frame.iter_rows(named=True):
        cell = _cell(row)
        cells.setdefault(row["submission_id"], {})[cell.place] = cell
    return cells


def _calculated_values(db: JudgingDatabase, failures: pl.DataFrame) -> dict[tuple[str, ...], Decimal]:
    """Return what the reader calculated for formulas that were not calculated, by submission and place."""
    remarks = db.query("select * from remark")
    if "worked_out" not in remarks.columns:
        return {}
    failing_remarks = remarks.drop_nulls("worked_out").join(failures, on="submission_id", how="semi")
    place = ("submission_id", "form", "row_code", "column_code")
    return {tuple(row[name] or "" for name in place): row["worked_out"] for row in failing_remarks.to_dicts()}


def _orders(rules: dict[tuple[str, str], Rule], pack: str | None) -> dict[str, tuple[Rule, ...]]:
    """Return, by form, the rules of a pack that compare a part with its whole."""
    orders: dict[str, tuple[Rule, ...]] = {}
    for (rule_pack, _), rule in rules.items():
        if rule_pack == pack and rule.limits_part:
            for form in rule.forms:
                orders[form] = (*orders.get(form, ()), rule)
    return orders


def _cell(cell: dict) -> Cell:
    place = Place(cell["submission_id"], cell["form"], cell["row_code"], cell["column_code"])
    return Cell(place, cell["value"], cell.get("unit"), cell["sheet"], cell["address"], cell["raw"])


def _finding_constraint(
    finding: dict, rules: dict[tuple[str, str], Rule], submission_id: str, calculated_value: Decimal | None
) -> Constraint:
    rule = rules[finding["pack"], finding["rule_id"]]
    places = tuple(
        Place(cell["submission_id"], cell["form"], cell["row_code"] or "", cell["column_code"] or "")
        for cell in finding["cells"]
        if cell["form"]
    )
    location = (finding["form"], finding["row_code"] or "", finding["column_code"] or "")
    is_single_cell = len(places) == 1 and all(places[0])
    if is_single_cell and rule.id in UNCALCULATED:
        return UncalculatedFormula(rule, *location, finding["finding_id"], places, calculated_value)
    is_blank = rule.id in WITHOUT_FIGURE and is_single_cell
    return (BlankCell if is_blank else Constraint)(rule, *location, finding["finding_id"], places)
