"""The tables that one stage hands to the next, as Polars schemas: the contract between the modules.

Times are Vietnam time without zone. ``DECIMAL`` columns hold base units (cases, people, đồng, per cent, points).
"""

from collections.abc import Mapping
from typing import Any

import polars as pl

AMOUNT = pl.Decimal(30, 6)
TIME = pl.Datetime("us")


def _schema(columns: Mapping[str, Any]) -> pl.Schema:
    return pl.Schema(columns)


#: landing: one row per path and content of a file, including the unreadable ones.
RECEIPTS = _schema(
    {
        "receipt_id": pl.String,  # from content hash and path: the same file at the same path is the same receipt
        "batch": pl.Int32,  # number of the load that landed it, from 1
        "path": pl.String,  # inside the inbox, with "/"; a member of a zip is "folder/file.zip!/member.xlsx"
        "file_name": pl.String,
        "sha256": pl.String,
        "size_bytes": pl.Int64,
        "media": pl.String,  # xlsx, csv, zip, txt, pdf, image, other: by content, not by name
        "received_at": TIME,
        "verdict": pl.String,  # vocabulary.Receipt
        "duplicate_of": pl.String,  # receipt_id of the first file with these bytes
        "problem": pl.String,  # code of what is wrong, null when landed
        "problem_vi": pl.String,  # one sentence: what is wrong and what to do
        "problem_en": pl.String,
        "copy_of": pl.String,  # for a scan: receipt_id of the report of which it is the signed copy
    }
)

#: cells: one row per submission (one version of one report), including the unreadable ones.
SUBMISSIONS = _schema(
    {
        "submission_id": pl.String,
        "receipt_id": pl.String,
        "batch": pl.Int32,
        "source_ref": pl.String,  # path in the inbox; for published figures the case_id
        "file_name": pl.String,
        "sha256": pl.String,
        "received_at": TIME,
        "origin": pl.String,  # vocabulary.Origin
        "is_simulated": pl.Boolean,
        "vintage": pl.String,  # vocabulary.Vintage
        "report_id": pl.String,  # the same for all versions of a report; null when the header cannot be placed
        "unit_key": pl.String,  # null when not recognised
        "unit_text": pl.String,  # as written
        "scope": pl.String,  # vocabulary.Scope
        "period_id": pl.String,  # "2022-12"; null when not recognised
        "period_start": pl.Date,
        "period_end": pl.Date,  # inclusive
        "regime": pl.String,
        "revision": pl.Int32,  # "Lần báo cáo", 1 unless the header says more
        "reason": pl.String,  # why a supplementary report corrects the one before
        "signer": pl.String,
        "in_answer_to": pl.String,  # submission_id that a marked workbook names when it is sent back
        "is_readable": pl.Boolean,
        "problem": pl.String,
        "problem_vi": pl.String,
        "problem_en": pl.String,
    }
)

#: cells: one row per cell of a recognised form, including blank ones.
CELLS = _schema(
    {
        "submission_id": pl.String,
        "period_id": pl.String,
        "form": pl.String,  # null for a published figure that no form asks for; its indicator is column_code
        "row_code": pl.String,
        "column_code": pl.String,
        "unit": pl.String,  # code in units_of_measure.yaml, as printed
        "value": AMOUNT,  # in base units; null unless state is number or nil (nil is 0)
        "rounding": AMOUNT,  # half a unit of the last printed place, in base units; 0 where the figure is exact
        "state": pl.String,  # vocabulary.CellState
        "raw": pl.String,
        "sheet": pl.String,
        "address": pl.String,  # "H12"
    }
)

#: cells: one row per problem that reading met; rules of kind ``reading`` judge them.
REMARKS = _schema(
    {
        "submission_id": pl.String,
        "code": pl.String,
        "form": pl.String,
        "row_code": pl.String,
        "column_code": pl.String,
        "sheet": pl.String,
        "address": pl.String,
        "raw": pl.String,
        "worked_out": AMOUNT,  # in base units: what the formula of the cell gives, where it was not (re)calculated
        "detail_vi": pl.String,
        "detail_en": pl.String,
    }
)

#: cells: one row per file that broke its reader; for an engineer, who alone can do something about it.
BREAKDOWNS = _schema(
    {
        "submission_id": pl.String,
        "problem": pl.String,  # of guard.FOR_ENGINEERS
        "cause": pl.String,  # exception with its traceback, or the signal that ended the process
    }
)

#: judged: one row per applicable rule, form and submission.
OUTCOMES = _schema(
    {
        "submission_id": pl.String,
        "period_id": pl.String,
        "rule_id": pl.String,
        "form": pl.String,
        "pack": pl.String,
        "pack_version": pl.String,
        "form_version": pl.String,  # hash of the form's declaration
        "unit_version": pl.String,  # hash of the units that exist on the last day of the period
        "status": pl.String,  # vocabulary.Status
        "checked": pl.Int64,  # comparisons made
        "failed": pl.Int64,
    }
)

CELL_OF_FINDING = pl.Struct(
    {
        "role": pl.String,  # "found" for the cell that should agree, "term" for those it is compared with
        "sign": pl.Int8,  # +1 or -1 of a term
        "submission_id": pl.String,
        "form": pl.String,
        "row_code": pl.String,
        "column_code": pl.String,
        "sheet": pl.String,
        "address": pl.String,
        "raw": pl.String,
        "value": AMOUNT,
    }
)

#: judged: one row per failing comparison.
FINDINGS = _schema(
    {
        "finding_id": pl.String,
        "submission_id": pl.String,
        "period_id": pl.String,
        "pack": pl.String,  # with rule_id the key of the rule
        "rule_id": pl.String,
        "status": pl.String,
        "severity": pl.String,
        "on_fail": pl.String,
        "form": pl.String,
        "row_code": pl.String,
        "column_code": pl.String,
        "sheet": pl.String,
        "cells": pl.List(CELL_OF_FINDING),
        "expected": AMOUNT,
        "found": AMOUNT,
        "difference": AMOUNT,  # found - expected
        "unit": pl.String,  # of expected, found and difference
        "sentence_vi": pl.String,  # cells, sum worked out, expected, found, difference
        "sentence_en": pl.String,
        "story_vi": pl.String,  # the likely cause, if one closes everything; advice, never a correction
        "story_en": pl.String,
    }
)

CHANGE_OF_CAUSE = pl.Struct(
    {
        "form": pl.String,
        "row_code": pl.String,
        "column_code": pl.String,
        "sheet": pl.String,
        "address": pl.String,
        "found": AMOUNT,
        "would_be": AMOUNT,
    }
)

#: judged: one row per hypothesis about a cause; a cause is what several findings of one return have in common.
CAUSES = _schema(
    {
        "submission_id": pl.String,
        "period_id": pl.String,
        "cause_id": pl.String,  # of unit, scope, period and root cell: the same in every version of the report
        "rank": pl.Int32,  # 1 is the likeliest
        "kind": pl.String,  # pipeline.causes.returns.COST
        "form": pl.String,
        "row_code": pl.String,
        "column_code": pl.String,
        "sheet": pl.String,
        "address": pl.String,
        "cells": pl.List(pl.String),  # addresses of all cells that the hypothesis changes
        "changes": pl.List(CHANGE_OF_CAUSE),
        "found": AMOUNT,  # what the root cell shows
        "would_be": AMOUNT,  # what would make everything close; advice, never a correction
        "unit": pl.String,  # of found and would_be
        "closes": pl.Int32,  # findings of the cause that the hypothesis closes
        "of": pl.Int32,  # findings of the cause
        "sentence_vi": pl.String,
        "sentence_en": pl.String,
    }
)

#: judged: every failing finding in exactly one cause.
CAUSE_FINDINGS = _schema(
    {
        "submission_id": pl.String,
        "period_id": pl.String,
        "cause_id": pl.String,
        "finding_id": pl.String,
    }
)

#: judged: one row per figure with which reports of other periods are compared, as the rules on one workbook accepted it.
STANDING = _schema(
    {
        "report_id": pl.String,
        "submission_id": pl.String,
        "period_id": pl.String,
        "form": pl.String,
        "row_code": pl.String,
        "column_code": pl.String,
        "unit": pl.String,
        "value": AMOUNT,
        "rounding": AMOUNT,
        "raw": pl.String,
        "sheet": pl.String,
        "address": pl.String,
    }
)

#: judged: one row per submission: verdict and place in the chain of versions.
VERDICTS = _schema(
    {
        "submission_id": pl.String,
        "period_id": pl.String,
        "verdict": pl.String,  # vocabulary.Verdict
        "version": pl.Int32,  # from 1 within report_id, in order of receipt
        "supersedes": pl.String,  # submission_id of the version before
        "is_out_of_order": pl.Boolean,  # states a lower report number than the standing version: it replaces nothing
    }
)

#: judged: one row per printed ratio or printed change.
RATIOS = _schema(
    {
        "submission_id": pl.String,
        "period_id": pl.String,
        "form": pl.String,
        "row_code": pl.String,
        "column_code": pl.String,
        "unit": pl.String,
        "printed": AMOUNT,
        "rounding": AMOUNT,
        "computed": AMOUNT,  # null when its terms are not printed
        "pack": pl.String,  # with rule_id the rule that judged it; null when no rule could
        "rule_id": pl.String,
        "verdict": pl.String,  # vocabulary.RatioVerdict
        "raw": pl.String,
        "sheet": pl.String,
        "address": pl.String,
    }
)

#: judged: how each rule came out in a period, over the latest version of every report; no rule_id: over all rules.
TALLIES = _schema(
    {
        "period_id": pl.String,
        "pack": pl.String,
        "rule_id": pl.String,
        "judged": pl.Int64,  # returns that the rule judged; without a rule_id, returns of any version with an outcome
        "failing": pl.Int64,  # returns that fail it
        "forms_failing": pl.Int64,  # forms of returns that fail it
        "returns": pl.List(  # the first of these forms, with the cells and figures of their first finding
            pl.Struct(
                {
                    "source_ref": pl.String,
                    "form": pl.String,
                    "failed": pl.Int64,
                    "checked": pl.Int64,
                    "cells": pl.String,  # "01!T14 = 8122, 01!J14 = 20352"
                    "expected": AMOUNT,
                    "found": AMOUNT,
                    "difference": AMOUNT,
                }
            )
        ),
    }
)

#: alerts: one row per action of a person on an incident, with the incident as they saw it.
ALERT_EVENTS = _schema(
    {
        "event_id": pl.String,
        "alert_id": pl.String,
        "event": pl.String,  # vocabulary.AlertEvent, but opened
        "occurred_at": TIME,
        "author": pl.String,
        "reason": pl.String,
        "assigned_to": pl.String,
        "answer_id": pl.String,  # the answer that explains it
        "seen_submission_id": pl.String,  # the last failing version then: the action holds for it
        "incident": pl.Struct(
            {
                "cause_id": pl.String,
                "cause_kind": pl.String,
                "pack": pl.String,  # of its rules; null for a file that cannot be read, and in actions before 2026.12
                "rule_id": pl.String,
                "rules": pl.List(pl.String),
                "report_id": pl.String,
                "unit_key": pl.String,
                "form": pl.String,
                "period_id": pl.String,
                "scope": pl.String,
                "origin": pl.String,
                "vintage": pl.String,
                "is_simulated": pl.Boolean,
                "source_ref": pl.String,
                "severity": pl.String,
                "on_fail": pl.String,
                "opened_by": pl.String,
                "opened_version": pl.Int32,
                "opened_at": TIME,
                "last_failing_submission_id": pl.String,
                "findings": pl.Int64,
                "sentence_vi": pl.String,
                "sentence_en": pl.String,
                "story_vi": pl.String,
                "story_en": pl.String,
            }
        ),
    }
)

#: judged: one row per failing comparison that a waiver covers.
WAIVERS = _schema(
    {
        "submission_id": pl.String,
        "period_id": pl.String,
        "finding_id": pl.String,
        "waiver_id": pl.String,  # answer_id of the ledger, or id in expectations/known
        "status": pl.String,  # explained or known
    }
)

#: answers: the ledger, one row per answer of an office.
ANSWERS = _schema(
    {
        "answer_id": pl.String,
        "rule_id": pl.String,
        "pack": pl.String,
        "pack_version": pl.String,  # when it was given
        "rule_version": pl.String,  # of the rule as it was worded then: the answer holds for no other wording
        "unit_key": pl.String,
        "form": pl.String,
        "row_code": pl.String,
        "column_code": pl.String,
        "period_id": pl.String,  # null: every period until it expires
        "low": AMOUNT,  # band of the difference that it explains, base units
        "high": AMOUNT,
        "author": pl.String,
        "reason": pl.String,
        "approver": pl.String,
        "answered_at": TIME,
        "expires_on": pl.Date,  # inclusive, by the day on which a return is received
        "is_revoked": pl.Boolean,
    }
)

#: declared: the rules in force, for dim_rule.
RULES = _schema(
    {
        "rule_id": pl.String,
        "pack": pl.String,
        "pack_version": pl.String,
        "kind": pl.String,
        "forms": pl.List(pl.String),
        "severity": pl.String,
        "on_fail": pl.String,
        "sentence_vi": pl.String,
        "sentence_en": pl.String,
        "basis": pl.String,
        "valid_from": pl.Date,
        "valid_to": pl.Date,
    }
)

#: declared: the forms, for dim_form.
FORMS = _schema(
    {
        "form": pl.String,
        "regime": pl.String,
        "number": pl.String,
        "title_vi": pl.String,
        "title_en": pl.String,
        "unit": pl.String,
        "fact": pl.String,
        "valid_from": pl.Date,
        "valid_to": pl.Date,
        "form_version": pl.String,
    }
)

#: declared: every row of every form; attributes are null where a form has no such dimension.
LINES = _schema(
    {
        "form": pl.String,
        "regime": pl.String,
        "position": pl.Int32,
        "row_code": pl.String,
        "label_vi": pl.String,
        "label_en": pl.String,
        "case_kind": pl.String,
        "initiative": pl.String,
        "sanction": pl.String,
        "letter_kind": pl.String,
        "received_by": pl.String,
        "basis": pl.String,
        "officer": pl.String,
        "enforcement_measure": pl.String,
        "oversight": pl.String,
        "line": pl.String,
        "is_total": pl.Boolean,
    }
)

#: declared: every measure, for dim_measure.
MEASURES = _schema(
    {
        "measure": pl.String,
        "label_vi": pl.String,
        "label_en": pl.String,
        "kind": pl.String,  # stock, flow, part, memo, count, ratio, change, target
        "definition_en": pl.String,
        "source": pl.String,
    }
)

#: declared: the registry of units: the shipped one, extended and overridden by the home's own.
UNITS = _schema(
    {
        "unit_key": pl.String,
        "code": pl.String,  # statistical code of a province
        "name": pl.String,
        "level": pl.String,  # vocabulary.Level
        "parent_key": pl.String,
        "valid_from": pl.Date,
        "valid_to": pl.Date,  # first day without it; null while it lasts
        "aliases": pl.String,  # other spellings, separated by "|"
        "is_simulated": pl.Boolean,  # an office that exists in simulated figures only
        "is_placeholder": pl.Boolean,  # known to exist, but its name is not established
        "note": pl.String,
    }
)

#: declared: which unit went into which.
UNIT_SUCCESSION = _schema(
    {
        "predecessor_key": pl.String,
        "successor_key": pl.String,
        "valid_from": pl.Date,  # first day of the successor
        "note": pl.String,
    }
)

#: declared: units exempt from a form for a time, shipped and the home's own.
EXEMPTIONS = _schema(
    {
        "unit_key": pl.String,
        "form": pl.String,  # null for all
        "valid_from": pl.Date,
        "valid_to": pl.Date,
        "reason": pl.String,
        "source": pl.String,
    }
)

#: declared: which share of a unit's figures counts for each of several that share its territory.
SPLIT_KEYS = _schema(
    {"unit_key": pl.String, "territory_key": pl.String, "share": pl.Decimal(10, 9), "source": pl.String}
)
