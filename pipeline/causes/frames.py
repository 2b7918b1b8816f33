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
from pipeline.causes.search import AGREEMENT, Cause, Hypothesis, causes_of
from pipeline.causes.sentences import copied, foreign, told, unexplained, without_base
from pipeline.comparison.cells import cells_of
from pipeline.comparison.database import JudgingDatabase
from pipeline.forms import Forms
from pipeline.vocabulary import Status

#: Rules of reading that tell of a cell of a form without a figure.
WITHOUT_FIGURE = (
    *("reading.number", "reading.excel_error", "reading.rate_error"),
    *("reading.blank_total", "reading.blank_part"),
)
#: Those that tell of a formula that was not calculated: with no value, or with an old one.
UNCALCULATED = ("reading.formula_without_value", "reading.stale_formula")
#: A rule makes at most one comparison at a place; those of reading make none that could be closed.
AT = ["submission_id", "pack", "rule_id", "form", "row_code", "column_code"]


@dataclass(frozen=True)
class Causes:
    """Frames as in ``pipeline.tables``: CAUSES and CAUSE_FINDINGS."""

    causes: pl.DataFrame
    cause_findings: pl.DataFrame


def likely_causes(
    db: JudgingDatabase, findings: pl.DataFrame, submissions: pl.DataFrame, using: tuple[Pack, ...], declared: Forms
) -> Causes:
    """Return the likely causes of the findings that fail, as ``tables.CAUSES`` and ``tables.CAUSE_FINDINGS``.

    Reads the comparisons of ``db``: those that fail, and those that pass and would break.
    """
    failing = findings.filter(pl.col("status") == Status.FAIL)
    if failing.is_empty():
        return Causes(pl.DataFrame(schema=tables.CAUSES), pl.DataFrame(schema=tables.CAUSE_FINDINGS))
    rules = {(pack.pack, rule.id): rule for pack in using for rule in pack.rules}
    headers = {
        row["submission_id"]: row for row in submissions.join(failing, on="submission_id", how="semi").to_dicts()
    }
    told_of = _told_of(failing)
    causes: list[dict] = []
    members: list[dict] = []
    for of in _returns(db, failing, rules, declared, headers):
        for cause in _merged(of, causes_of(of)):
            root = cause.root or Place(of.submission_id, "", "", "")
            common = {
                "submission_id": of.submission_id,
                "period_id": headers[of.submission_id]["period_id"],
                "cause_id": _cause_id(headers[of.submission_id], root, cause.is_contradiction),
            }
            members += [common | {"finding_id": finding} for finding in cause.findings]
            causes += [common | row for row in _rows(of, cause, root, told_of)]
    return Causes(
        pl.DataFrame(causes, schema=tables.CAUSES).sort("submission_id", "cause_id", "rank"),
        pl.DataFrame(members, schema=tables.CAUSE_FINDINGS).sort("submission_id", "cause_id", "finding_id"),
    )


def _rows(of: Return, cause: Cause, root: Place, told_of: dict[str, dict]) -> Iterator[dict]:
    count = len(cause.findings)
    for rank, hypothesis in enumerate(cause.hypotheses, start=1):
        alike = next((other.edit for other in cause.hypotheses[rank:] if other.is_alike(hypothesis)), None)
        yield {"rank": rank, "of": count} | _hypothesis(of, hypothesis, count, alike if rank == 1 else None)
    if not cause.hypotheses:
        told = sorted(
            (told_of[name] for name in cause.findings),
            key=lambda one: (
                one["rule_id"] != AGREEMENT,
                (one["form"], one["row_code"], one["column_code"]) != root[1:],
            ),
        )
        first = next((one for one in told if one["address"]), told[0])
        kind, (sentence_vi, sentence_en) = _without_figures(of, cause, root, first)
        cell = of.cells.get(root)
        yield {
            "rank": 1,
            "kind": kind,
            "form": first["form"],
            "row_code": first["row_code"],
            "column_code": first["column_code"],
            "sheet": cell.sheet if cell else first["sheet"],
            "address": cell.address if cell else first["address"],
            "cells": [address] if (address := cell.address if cell else first["address"]) else [],
            "changes": [],
            "found": cell.value if cell else None,
            "would_be": None,
            "unit": None,
            "closes": 0,
            "of": count,
            "sentence_vi": sentence_vi,
            "sentence_en": sentence_en,
        }


def _without_figures(of: Return, cause: Cause, root: Place, first: dict) -> tuple[str, tuple[str, str]]:
    """Return kind and sentences of a cause that proposes no figure; ``first`` is the finding that stands for it."""
    if of.foreign_forms and first["rule_id"] == AGREEMENT:
        return "foreign_sheet", foreign(first["sheet"], len(cause.findings))
    if any(known.rule.detects_copy for known in of.constraints if known.finding_id in cause.findings):
        return "last_month_copied", copied(of, root)
    return "unknown", (without_base if _lacks_base(of, root) else unexplained)(of, root)


def _hypothesis(of: Return, hypothesis: Hypothesis, count: int, alike: Edit | None) -> dict:
    edit, root = hypothesis.edit, of.cells[hypothesis.edit.root]
    sentence_vi, sentence_en = told(of, hypothesis, count, alike)
    changes = [_change(of, place, edit.changes[place]) for place in sorted(edit.changes)]
    unit = of.declared.units.get(root.unit or "")
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
        "closes": len(hypothesis.closes),
        "sentence_vi": sentence_vi,
        "sentence_en": sentence_en,
    }


def _lacks_base(of: Return, place: Place) -> bool:
    """Tell whether a cell is a rate without a figure, of which the base is 0."""
    parts = rate_parts(of, place)
    return parts is not None and place not in of.values and of.values.get(parts[1]) == 0


def _change(of: Return, place: Place, would_be: object) -> dict:
    cell = of.cells[place]
    return {
        "form": place.form,
        "row_code": place.row,
        "column_code": place.column,
        "sheet": cell.sheet,
        "address": cell.address,
        "found": cell.value,
        "would_be": would_be,
    }


def _merged(of: Return, causes: list[Cause]) -> list[Cause]:
    """Make one of the causes that are one: those with one root, by which an incident is known, and those of one slip.

    A row or a table that could not be read stumbles in many places; a row left blank is blank in every cell.
    """
    constraints = {known.finding_id: known for known in of.constraints if known.finding_id}
    by_slip: dict[object, Cause] = {}
    for cause in causes:
        known = _slip(cause, [constraints[finding] for finding in cause.findings])
        before = by_slip.get(known)
        by_slip[known] = (
            cause
            if before is None
            else replace(
                before,
                findings=(*before.findings, *cause.findings),
                hypotheses=before.hypotheses or cause.hypotheses,
            )
        )
    return list(by_slip.values())


def _slip(cause: Cause, constraints: list[Constraint]) -> object:
    """Return what tells one slip from another."""
    (rule, form, row), *others = {(known.rule.id, known.form, known.row) for known in constraints}
    if not others and row and rule in ("reading.blank_total", "reading.blank_part"):
        return rule, form, row
    if not cause.hypotheses and all(known.rule.is_about_remarks for known in constraints):
        rules_and_forms = {(known.rule.id, known.form) for known in constraints}
        if len(rules_and_forms) == 1:
            return rules_and_forms.pop()
    return cause.root, cause.is_contradiction


def _cause_id(header: dict, root: Place, is_contradiction: bool) -> str:
    """Return an id that the same root keeps in every version of the report."""
    placed = (header["origin"], header["is_simulated"], header["unit_key"], header["scope"], header["period_id"])
    report = header["report_id"] if header["origin"] == "published" or None in placed else None
    key = [*placed, report or (header["submission_id"] if None in placed else ""), root.form, root.row, root.column]
    key += ["another document"] if is_contradiction else []
    return hashlib.sha256("|".join(map(str, key)).encode()).hexdigest()[:16]


def _told_of(failing: pl.DataFrame) -> dict[str, dict]:
    first = pl.col("cells").list.first()
    picked = failing.select(
        "finding_id",
        "rule_id",
        "form",
        "row_code",
        "column_code",
        "sheet",
        first.struct.field("address").alias("address"),
    )
    return {row["finding_id"]: row for row in picked.to_dicts()}


def _returns(
    db: JudgingDatabase,
    failing: pl.DataFrame,
    rules: dict[tuple[str, str], Rule],
    declared: Forms,
    headers: dict[str, dict],
) -> Iterator[Return]:
    """Yield every return that fails with the constraints near its failures."""
    own_cells, worked_out = _own_cells(db, failing), _worked_out(db, failing)
    pack_of = dict(db.query("select submission_id, pack from submission").iter_rows())
    compared = _compared(db, failing)
    by_comparison = cells_of(db, compared, rules, declared)
    rows: dict[str, list[dict]] = {}
    for row in compared.to_dicts():
        rows.setdefault(row["submission_id"], []).append(row)
    findings: dict[str, list[dict]] = {}
    for row in failing.select(*AT, "finding_id", "cells", "sheet").to_dicts():
        findings.setdefault(row["submission_id"], []).append(row)
    for submission_id in sorted(findings):
        cells = dict(own_cells.get(submission_id, {}))
        constraints: list[Constraint] = []
        for row in rows.get(submission_id, ()):
            taking_part = by_comparison.get(row["comparison_id"], [])
            cells |= {(known := _cell(cell)).place: known for cell in taking_part}
            rule = rules[row["pack"], row["rule_id"]]
            constraints.append(rule.constraint(Comparison(rule, row, taking_part, submission_id)))
        judged = {known.finding_id for known in constraints}
        for finding in findings[submission_id]:
            if finding["finding_id"] not in judged:
                worked = worked_out.get((submission_id, *(finding[name] or "" for name in AT[2:])))
                constraints.append(remark := _remark(finding, rules, submission_id, worked))
                if isinstance(remark, BlankCell):
                    (cell,) = finding["cells"]
                    cells.setdefault(remark.places[0], _cell(cell | {"submission_id": submission_id, "value": None}))
        foreign_forms = _foreign_forms(submission_id, cells, findings[submission_id])
        regime = headers[submission_id]["regime"]
        applied = declared.applied_in(declared.regimes[regime]) if regime in declared.regimes else declared.current
        yield Return(
            submission_id,
            cells,
            constraints,
            applied,
            declared,
            _orders(rules, pack_of.get(submission_id)),
            foreign_forms=foreign_forms,
        )


def _foreign_forms(submission_id: str, cells: dict[Place, Cell], findings: list[dict]) -> frozenset[str]:
    """Return the forms on sheets that name another period or unit than most; none where those that do are not the few."""
    sheets = {finding["sheet"] for finding in findings if finding["rule_id"] == AGREEMENT and finding["sheet"]}
    own = {(cell.sheet, place.form) for place, cell in cells.items() if place.submission_id == submission_id}
    outvoted = frozenset(form for sheet, form in own if sheet in sheets)
    return outvoted if 2 * len(outvoted) < len({form for _, form in own}) else frozenset()


def _compared(db: JudgingDatabase, failing: pl.DataFrame) -> pl.DataFrame:
    """Return the comparisons of the failing returns in every row and column in which something fails."""
    exploded = failing.select("submission_id", "cells").explode("cells").unnest("cells", separator="_")
    touched = pl.concat(
        [
            failing.select("submission_id", "row_code", "column_code"),
            exploded.filter(pl.col("cells_submission_id") == pl.col("submission_id")).select(
                "submission_id",
                pl.col("cells_row_code").alias("row_code"),
                pl.col("cells_column_code").alias("column_code"),
            ),
        ]
    ).drop_nulls()
    named = failing.select("finding_id", *AT).with_columns(pl.col("row_code", "column_code").fill_null(""))
    connection = db.connection
    connection.register("touched_in", touched.unique().to_arrow())
    connection.register("named_in", named.to_arrow())
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


def _own_cells(db: JudgingDatabase, failing: pl.DataFrame) -> dict[str, dict[Place, Cell]]:
    """Return every cell of the forms in which something fails, by submission: what a form prints is held against itself."""
    db.connection.register("touched_in", failing.select("submission_id", "form").drop_nulls().unique().to_arrow())
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


def _worked_out(db: JudgingDatabase, failing: pl.DataFrame) -> dict[tuple[str, ...], Decimal]:
    """Return what the reader worked out for formulas that were not calculated, by submission and place."""
    told = db.query("select * from remark")
    if "worked_out" not in told.columns:
        return {}
    of_failing = told.drop_nulls("worked_out").join(failing, on="submission_id", how="semi")
    place = ("submission_id", "form", "row_code", "column_code")
    return {tuple(row[name] or "" for name in place): row["worked_out"] for row in of_failing.to_dicts()}


def _orders(rules: dict[tuple[str, str], Rule], pack: str | None) -> dict[str, tuple[Rule, ...]]:
    """Return, by form, the rules of a pack that hold a part against its whole."""
    orders: dict[str, tuple[Rule, ...]] = {}
    for (of_pack, _), rule in rules.items():
        if of_pack == pack and rule.limits_part:
            for form in rule.forms:
                orders[form] = (*orders.get(form, ()), rule)
    return orders


def _cell(cell: dict) -> Cell:
    place = Place(cell["submission_id"], cell["form"], cell["row_code"], cell["column_code"])
    return Cell(place, cell["value"], cell.get("unit"), cell["sheet"], cell["address"], cell["raw"])


def _remark(
    finding: dict, rules: dict[tuple[str, str], Rule], submission_id: str, worked_out: Decimal | None
) -> Constraint:
    rule = rules[finding["pack"], finding["rule_id"]]
    places = tuple(
        Place(cell["submission_id"], cell["form"], cell["row_code"] or "", cell["column_code"] or "")
        for cell in finding["cells"]
        if cell["form"]
    )
    at = (finding["form"], finding["row_code"] or "", finding["column_code"] or "")
    is_of_cell = len(places) == 1 and all(places[0])
    if is_of_cell and rule.id in UNCALCULATED:
        return UncalculatedFormula(rule, *at, finding["finding_id"], places, worked_out)
    is_blank = rule.id in WITHOUT_FIGURE and is_of_cell
    return (BlankCell if is_blank else Constraint)(rule, *at, finding["finding_id"], places)
