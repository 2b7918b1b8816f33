"""What people would write otherwise: openpyxl, pandas, and Great Expectations on one workbook after the other.

Fairly written: cached values only, one ephemeral context, suites compiled once, one DataFrame a form, differences
worked out by pandas in whole columns. It checks the balances, orders, whole numbers and row totals of our own rule
pack, and does nothing else of what a load does: no hostile file is survived, no address kept, no warehouse built.
Prints one JSON object as its last line.
"""

import argparse
import json
import os
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import pandas as pd
from openpyxl import load_workbook

from expectations.kinds import Balance, Integer, Order, Rollup
from expectations.rules import packs
from pipeline.forms import Form, forms

os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
PACK = "circular-06-2019"


def read_form(sheet: Any, form: Form) -> pd.DataFrame:
    """Return the figures of a sheet: rows by code, columns by code."""
    lines = list(sheet.iter_rows(values_only=True))
    head = max(lines, key=lambda line: sum(value in form.column for value in line))
    columns = {position: code for position, code in enumerate(head) if code in form.column}
    code_at = max(range(len(head)), key=lambda position: sum(line[position] in form.row for line in lines))
    figures = {
        line[code_at]: {code: line[position] for position, code in columns.items()}
        for line in lines
        if line[code_at] in form.row
    }
    return pd.DataFrame.from_dict(figures, orient="index").apply(pd.to_numeric, errors="coerce")


def with_differences(frame: pd.DataFrame, form: Form) -> pd.DataFrame:
    """Add a column per rule: by how much a balance or a row total is off, by how much a part exceeds the whole."""
    checked = frame.copy()
    added = frame[[column for column in frame if form.unit_of(frame.index[0], column) not in ("percent", "point")]]
    for rule in rules_of(form.code):
        if isinstance(rule, Balance) and rule.terms:
            checked[rule.id] = frame[rule.total] - sum(term.sign * frame[term.column] for term in rule.terms)
        elif isinstance(rule, Order):
            checked[rule.id] = sum(frame[term.column] for term in rule.lesser) - sum(
                frame[term.column] for term in rule.greater
            )
        elif isinstance(rule, Rollup) and not rule.offices:
            parts = {
                rollup.total: (added.loc[rollup.total] - added.loc[list(rollup.parts)].sum()).abs().max()
                for rollup in form.rollups
                if rollup.dimension in rule.dimensions and rollup.total in frame.index
            }
            checked[rule.id] = pd.Series(parts, dtype=float)
    return checked


def rules_of(form: str) -> list[Any]:
    pack = next(pack for pack in packs() if pack.pack == PACK)
    return [rule for rule in pack.rules if form in rule.forms]


def suite_of(gx: Any, form: Form) -> Any:
    """Return the suite of a form, one expectation a rule and, for counts, one a column."""
    between = gx.expectations.ExpectColumnValuesToBeBetween
    wanted = []
    for rule in rules_of(form.code):
        if isinstance(rule, Balance) and rule.terms:
            wanted.append(between(column=rule.id, min_value=0, max_value=0))
        elif isinstance(rule, Order):
            wanted.append(between(column=rule.id, max_value=0))
        elif isinstance(rule, Rollup) and not rule.offices:
            wanted.append(between(column=rule.id, min_value=0, max_value=0))
        elif isinstance(rule, Integer):
            wanted += [between(column=code, min_value=0) for code in form.column]
    return gx.ExpectationSuite(name=form.code, expectations=wanted)


def check(files: list[Path]) -> dict[str, float]:
    """Check the workbooks one by one; return seconds and counts."""
    began, cpu = time.perf_counter(), time.process_time()
    import great_expectations as gx

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = gx.data_context.types.base.ProgressBarsConfig(globally=False)
    source = context.data_sources.add_pandas("workbooks")
    declared = forms().current
    batches, suites = {}, {}
    for code, form in declared.items():
        suites[code] = context.suites.add(suite_of(gx, form))
        batches[code] = source.add_dataframe_asset(code).add_batch_definition_whole_dataframe("all")
    told: dict[str, float] = defaultdict(
        float, start_s=time.perf_counter() - began, start_cpu_s=time.process_time() - cpu
    )
    began, cpu = time.perf_counter(), time.process_time()
    for file in files:
        workbook = load_workbook(file, data_only=True)
        for sheet in workbook:
            form = declared.get(sheet.title)
            if form is None:
                continue
            frame = with_differences(read_form(sheet, form), form)
            if not suites[form.code].expectations:
                continue
            batch = batches[form.code].get_batch({"dataframe": frame})
            result = batch.validate(suites[form.code], result_format="COMPLETE")
            told["expectations"] += len(result.results)
            told["failures"] += sum(not one.success for one in result.results)
    told["checking_s"] = time.perf_counter() - began
    told["checking_cpu_s"] = time.process_time() - cpu
    return told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("inbox", type=Path)
    parser.add_argument("--sample", type=int, default=40, metavar="N", help="workbooks to check; 0: all of them")
    wanted = parser.parse_args()
    files = sorted(wanted.inbox.rglob("*.xlsx"))
    step = max(1, len(files) // wanted.sample) if wanted.sample else 1
    chosen = files[::step][: wanted.sample or None]
    told = check(chosen)
    scale = len(files) / len(chosen)
    told |= {
        "files": len(files),
        "sample": len(chosen),
        "scaled_s": told["start_s"] + told["checking_s"] * scale,
        "scaled_cpu_s": told["start_cpu_s"] + told["checking_cpu_s"] * scale,
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main()
