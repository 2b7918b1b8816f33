"""Laws of hints: none proposes what cannot be, or what the form's own print speaks against; an oracle in exact fractions."""

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.forms import forms
from pipeline.forms.formulas import recalculate
from pipeline.judged.judge import Judgement
from tests.support.sheets import Returns

FORM = forms().in_force(date(2023, 9, 30))["01"]
LEAVES = [row.code for row in FORM.rows if not row.is_total]
INPUTS = [column.code for column in FORM.columns if not column.equals and not column.ratio]
RATES = {column.code: column.ratio for column in FORM.columns if column.ratio}
PART_OF = {"terminated": "completed", "completed": "eligible", "eligible": "due"}

Figures = dict[tuple[str, str], Decimal | int | None]


def faultless(seed: int = 0) -> Figures:
    """Return a form 01 in which everything closes."""

    def leaf(row: int, column: int) -> int:
        return 17 + (7919 * (row + 1) * (column + 3) + 104729 * seed) % 83

    matrix: list[list[Decimal | int | None]] = []
    for r, row in enumerate(FORM.row):
        line: dict[str, Decimal | int | None] = {column: leaf(r, c) for c, column in enumerate(INPUTS)}
        line["terminated"] = 3
        # Due is the sum of its parts too, so the opening takes what is left.
        parts = (
            "completed",
            "in_progress",
            "postponed_by_consent",
            "other_eligible",
            "not_eligible",
            "postponed",
            "suspended",
        )
        due = sum(int(line[part] or 0) for part in parts)
        line["opening"] = (
            due + int(line["delegated"] or 0) + int(line["revoked"] or 0) - int(line["newly_accepted"] or 0)
        )
        matrix.append([line.get(column) if row in LEAVES else None for column in FORM.column])
    figures = recalculate(FORM, matrix)  # type: ignore[arg-type]
    return {(row, column): figures[r][c] for r, row in enumerate(FORM.row) for c, column in enumerate(FORM.column)}  # type: ignore[misc]


def add(returns: Returns, name: str, figures: Figures) -> None:
    rows: dict[tuple[str, str], dict[str, Decimal | int | None]] = {}
    for (row, column), figure in figures.items():
        rows.setdefault(("01", row), {})[column] = figure
    returns.add(name, rows)


def judged(folder: Path, figures: Figures, stale: Mapping[tuple[str, str], Decimal | int] | None = None) -> Judgement:
    returns = Returns()
    add(returns, "r", figures)
    for (row, column), worked_out in (stale or {}).items():
        cell = next(c for c in returns.cells if (c["row_code"], c["column_code"]) == (row, column))
        returns.remarks.append(
            {"submission_id": "r", "code": "stale_formula", "worked_out": Decimal(worked_out)}
            | {name: cell[name] for name in ("form", "row_code", "column_code", "sheet", "address", "raw")}
            | {"detail_vi": "Ô chưa tính lại.", "detail_en": "Not recalculated."}
        )
    return returns.judged_in_sql(folder)


def sums() -> Iterator[tuple[tuple[str, str], dict[tuple[str, str], int]]]:
    """Yield every sum that the form prints: its total and the signed cells."""
    for row in FORM.row:
        for column in FORM.columns:
            if column.equals:
                yield (row, column.code), {(row, term.column): term.sign for term in column.equals}
    for rollup in FORM.rollups:
        for column in FORM.columns:
            if not column.ratio:
                yield (rollup.total, column.code), {(part, column.code): 1 for part in rollup.parts}


def broken_laws(before: Figures, changes: Mapping[tuple[str, str], Decimal]) -> list[str]:
    """Return what a proposal breaks, worked out in exact fractions and by the form alone."""
    exact = {place: None if figure is None else Fraction(figure) for place, figure in before.items()}
    after = exact | {place: Fraction(figure) for place, figure in changes.items()}
    broken = []
    for (row, column), figure in changes.items():
        if figure < 0:
            broken.append(f"{row}/{column}: {figure} is negative")
        if column in RATES:
            part, whole = (after[row, name] for name in RATES[column] or ())
            rate = 100 * part / whole if part is not None and whole else None
            given = (
                None
                if rate is None
                else (Decimal(rate.numerator) / rate.denominator).quantize(Decimal("0.01"), ROUND_HALF_UP)
            )
            if figure != given:
                broken.append(f"{row}/{column}: {figure} is not what its parts give, {given}")
        elif figure != int(figure):
            broken.append(f"{row}/{column}: {figure} is no whole number")
        for lesser, greater in PART_OF.items():
            if column in (lesser, greater):
                one, other = after[row, lesser], after[row, greater]
                if one is not None and other is not None and one > other:
                    broken.append(f"{row}: {lesser} {one} above {greater} {other}")
    for total, terms in sums():
        cells = [total, *terms]
        if any(exact[cell] is None for cell in cells) or not set(cells) & changes.keys():
            continue
        held, holds = (
            values[total] == sum(sign * (values[cell] or 0) for cell, sign in terms.items())
            for values in (exact, after)
        )
        if held and not holds:
            broken.append(f"the sum {total} held")
    return broken


def proposals(judgement: Judgement, name: str) -> Iterator[tuple[dict, dict[tuple[str, str], Decimal]]]:
    """Yield every hypothesis about a return with the cells that it would change."""
    for row in judgement.causes.filter(pl.col("submission_id") == name).sort("cause_id", "rank").to_dicts():
        yield row, {(c["row_code"], c["column_code"]): c["would_be"] for c in row["changes"]}


def test_the_form_that_is_drawn_here_has_no_fault(tmp_path):
    assert judged(tmp_path, faultless()).findings.is_empty()


fault = st.tuples(
    st.sampled_from(list(FORM.row)), st.sampled_from(list(FORM.column)), st.integers(0, 4000), st.booleans()
)


@settings(
    max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(st.lists(fault, min_size=6, max_size=6))
def test_of_one_wrong_cell_no_likeliest_hypothesis_proposes_what_cannot_be_or_changes_another_cell(tmp_path, faults):
    returns, written = Returns(), {}
    for n, (row, column, figure, is_near) in enumerate(faults):
        true = faultless(n)[row, column]
        wrong = int(true or 0) + 1 + figure % 9 if is_near else figure
        written[f"r{n}"] = faultless(n) | {(row, column): wrong}
        add(returns, f"r{n}", written[f"r{n}"])
    judgement = returns.judged_in_sql(tmp_path)
    for n, (row, column, _, _) in enumerate(faults):
        for hypothesis, changes in proposals(judgement, f"r{n}"):
            if hypothesis["rank"] == 1 and changes:
                assert broken_laws(written[f"r{n}"], changes) == [], hypothesis["sentence_en"]
                assert set(changes) == {(row, column)}, hypothesis["sentence_en"]


def test_a_rate_in_error_is_worked_out_from_its_parts_and_from_nothing_else(tmp_path):
    before = faultless()
    row = LEAVES[4]
    judgement = judged(tmp_path, before | {(row, "completion_rate"): Decimal("-0.08")})
    ((_, changes),) = [one for one in proposals(judgement, "r") if one[0]["rank"] == 1]
    assert changes == {(row, "completion_rate"): before[row, "completion_rate"]}
    assert broken_laws(before, changes) == []


def test_rates_written_as_fractions_are_one_cause_that_names_the_format(tmp_path):
    before = faultless()
    fractions = {
        place: Decimal(figure) / 100 for place, figure in before.items() if place[1] in RATES and figure is not None
    }
    judgement = judged(tmp_path, before | fractions)
    assert judgement.causes["cause_id"].n_unique() == 1
    likeliest = judgement.causes.sort("rank").row(0, named=True)
    assert (likeliest["kind"], likeliest["closes"]) == ("rates_as_fractions", judgement.findings.height)
    assert "định dạng phần trăm" in likeliest["sentence_vi"]
    assert {(c["row_code"], c["column_code"]): c["would_be"] for c in likeliest["changes"]} == {
        place: before[place] for place in fractions
    }


def test_totals_that_were_not_recalculated_are_told_before_the_input_is_doubted(tmp_path):
    before, row = faultless(), LEAVES[0]
    typed = before | {(row, "newly_accepted"): int(before[row, "newly_accepted"] or 0) + 100}
    matrix = [[typed[r, c] for c in FORM.column] for r in FORM.row]
    anew = recalculate(FORM, matrix)  # type: ignore[arg-type]
    stale = {
        (r, c): anew[n][m]
        for n, r in enumerate(FORM.row)
        for m, c in enumerate(FORM.column)
        if anew[n][m] is not None and anew[n][m] != typed[r, c]
    }
    judgement = judged(tmp_path, typed, stale)  # type: ignore[arg-type]
    of_formulas = judgement.causes.filter(kind="not_recalculated")
    assert of_formulas.height == 1
    told = of_formulas.row(0, named=True)
    assert told["closes"] == told["of"]
    assert f"{len(stale)} ô công thức chưa được tính lại" in told["sentence_vi"]
    assert told["sentence_vi"].count("tính ra") == 3
    assert "Ctrl+Alt+F9" in told["sentence_en"]
    proposed = [changes for _, changes in proposals(judgement, "r")]
    assert proposed
    assert [changes for changes in proposed if (row, "newly_accepted") in changes] == []


@pytest.mark.parametrize("column", ["opening", "newly_accepted", "not_eligible"])
def test_a_mistyped_input_is_told_and_its_totals_are_not(tmp_path, column):
    before, row = faultless(), LEAVES[2]
    true = int(before[row, column] or 0)
    judgement = judged(tmp_path, before | {(row, column): true * 1000})
    ((_, changes),) = [one for one in proposals(judgement, "r") if one[0]["rank"] == 1]
    assert changes == {(row, column): true}
