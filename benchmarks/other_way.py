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

from expectations.kinds.balance import Balance
from expectations.kinds.integer import Integer
from expectations.kinds.order import Order
from expectations.kinds.rollup import Rollup
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


def add_differences(frame: pd.DataFrame, form: Form) -> pd.DataFrame:
    """Add a column per rule: by how much a balance or a row total is off, by how much a part exceeds the whole."""
    result = frame.copy()
    additive = frame[[column for column in frame if form.unit_of(frame.index[0], column) not in ("percent", "point")]]
    for rule in form_rules(form.code):
        if isinstance(rule, Balance) and rule.terms:
            result[rule.id] = frame[rule.total] - sum(term.sign * frame[term.column] for term in rule.terms)
        elif isinstance(rule, Order):
            result[rule.id] = sum(frame[term.column] for term in rule.lesser) - sum(
                frame[term.column] for term in rule.greater
            )
        elif isinstance(rule, Rollup) and not rule.offices:
            parts = {
                rollup.total: (additive.loc[rollup.total] - additive.loc[list(rollup.parts)].sum()).abs().max()
                for rollup in form.rollups
                if rollup.dimension in rule.dimensions and rollup.total in frame.index
            }
            result[rule.id] = pd.Series(parts, dtype=float)
    return result


def form_rules(form: str) -> list[Any]:
    pack = next(pack for pack in packs() if pack.pack == PACK)
    return [rule for rule in pack.rules if form in rule.forms]


def form_suite(gx: Any, form: Form) -> Any:
    """Return the suite of a form, one expectation a rule and, for counts, one a column."""
    expect_between = gx.expectations.ExpectColumnValuesToBeBetween
    expectations = []
    for rule in form_rules(form.code):
        if isinstance(rule, Balance) and rule.terms:
            expectations.append(expect_between(column=rule.id, min_value=0, max_value=0))
        elif isinstance(rule, Order):
            expectations.append(expect_between(column=rule.id, max_value=0))
        elif isinstance(rule, Rollup) and not rule.offices:
            expectations.append(expect_between(column=rule.id, min_value=0, max_value=0))
        elif isinstance(rule, Integer):
            expectations += [expect_between(column=code, min_value=0) for code in form.column]
    return gx.ExpectationSuite(name=form.code, expectations=expectations)


def check(files: list[Path]) -> dict[str, float]:
    """Check the workbooks one by one; return seconds and counts."""
    start, cpu = time.perf_counter(), time.process_time()
    import great_expectations as gx

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = gx.data_context.types.base.ProgressBarsConfig(globally=False)
    source = context.data_sources.add_pandas("workbooks")
    current_forms = forms().current
    batches, suites = {}, {}
    for code, form in current_forms.items():
        suites[code] = context.suites.add(form_suite(gx, form))
        batches[code] = source.add_dataframe_asset(code).add_batch_definition_whole_dataframe("all")
    totals: dict[str, float] = defaultdict(
        float, start_s=time.perf_counter() - start, start_cpu_s=time.process_time() - cpu
    )
    start, cpu = time.perf_counter(), time.process_time()
    for file in files:
        workbook = load_workbook(file, data_only=True)
        for sheet in workbook:
            form = current_forms.get(sheet.title)
            if form is None:
                continue
            frame = add_differences(read_form(sheet, form), form)
            if not suites[form.code].expectations:
                continue
            batch = batches[form.code].get_batch({"dataframe": frame})
            result = batch.validate(suites[form.code], result_format="COMPLETE")
            totals["expectations"] += len(result.results)
            totals["failures"] += sum(not outcome.success for outcome in result.results)
    totals["checking_s"] = time.perf_counter() - start
    totals["checking_cpu_s"] = time.process_time() - cpu
    return totals


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("inbox", type=Path)
    parser.add_argument("--sample", type=int, default=40, metavar="N", help="workbooks to check; 0: all of them")
    options = parser.parse_args()
    files = sorted(options.inbox.rglob("*.xlsx"))
    step = max(1, len(files) // options.sample) if options.sample else 1
    sample = files[::step][: options.sample or None]
    totals = check(sample)
    scale = len(files) / len(sample)
    totals |= {
        "files": len(files),
        "sample": len(sample),
        "scaled_s": totals["start_s"] + totals["checking_s"] * scale,
        "scaled_cpu_s": totals["start_cpu_s"] + totals["checking_cpu_s"] * scale,
    }
    print(json.dumps(totals))


if __name__ == "__main__":
    main()
