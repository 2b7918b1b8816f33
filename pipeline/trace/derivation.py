"""How a number that is in no cell was worked out, and from which others: marts, changes, sums on a territory."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import duckdb

from pipeline.trace.question import Question, Row, Untraceable

TOTAL = {"case_kind": "total", "initiative": "total"}
BASIS = {"cases": ("fct_case_results", ""), "money": ("fct_money_results", "_vnd")}
FORM = {"cases": "01", "money": "02"}
INDICATORS = {
    "clearance_rate": ("completed", "newly_accepted"),
    "disposition_time": ("carried_over", "completed"),
    "congestion_ratio": ("due", "completed"),
    "ageing_share": ("opening", "accepted_total"),
}
REPORT = ("report_id",)


@dataclass(frozen=True)
class Derivation:
    """The parts of a number and how to compute it from them."""

    description: str
    parts: list[Question]
    work_out: Callable[[list[Any]], Any]


def derive(connection: duckdb.DuckDBPyConnection, question: Question, row: Row) -> Derivation | None:
    """Return how a number was worked out, None where it is in a cell; raises ``Untraceable``."""
    if question.suffix == "_on_territory":
        return _on_territory(question, row)
    derivers = {"mart_scorecard": _scorecard, "mart_indicator": _indicator, "mart_monthly_flow": _flow}
    if question.table in derivers:
        return derivers[question.table](connection, question, row)
    if question.table.startswith("mart_") and question.table != "mart_revision":
        raise Untraceable(
            f"{question.table} counts returns; its numbers lead to no cell. See fct_submission and fct_finding"
        )
    return None


def _on_territory(question: Question, row: Row) -> Derivation:
    """Return the sum of the rows of the fact that make up the territory."""
    if row["is_estimated"]:
        raise Untraceable(
            "this figure is divided by a split key and is an estimate; trace the unit that it was divided from, in "
            f"{question.table}"
        )
    from_row = ("unit_key", "period_id", "scope", "origin", "vintage", "is_simulated", "submission_ids", "is_queried")
    excluded = (
        *from_row,
        "is_on_territory",
        "is_estimated",
        "units_expected",
        "units_found",
        "missing_units",
        "is_complete",
    )
    dimensions = {name: value for name, value in row.items() if name not in excluded and isinstance(value, str | bool)}
    parts = [
        question.sibling(question.table, question.column, {"submission_id": submission, **dimensions})
        for submission in row["submission_ids"]
    ]
    return Derivation(f"the sum of {len(parts)} returns", parts, sum)


def _scorecard(connection: duckdb.DuckDBPyConnection, question: Question, row: Row) -> Derivation:
    column = question.column
    basis = next((name for name in BASIS if column.removeprefix("printed_").startswith(f"{name}_")), None)
    if basis is None:
        raise Untraceable(f"{column} says whose row it is; ask for one of its figures, e.g. cases_completion_rate_pct")
    fact, suffix = BASIS[basis]
    if column.startswith("printed_"):
        return _printed(question, row, basis)

    def figure(measure: str, **keys: str) -> Question:
        return question.sibling(fact, f"{measure}{suffix}", {"report_id": row["report_id"], **TOTAL, **keys})

    rest = column.removeprefix(f"{basis}_").removesuffix(suffix)
    if rest in ("due", "eligible", "completed"):
        return Derivation("the figure of the report", [figure(rest)], lambda values: values[0])
    if rest == "eligible_share_pct":
        return Derivation("100 × eligible / due, to two decimals", [figure("eligible"), figure("due")], _share)
    if rest == "completion_rate_pct":
        return Derivation(
            "100 × completed / eligible, to two decimals", [figure("completed"), figure("eligible")], _share
        )
    if rest in ("gap_points", "gap_pro_rata_points"):
        months = 12 if rest == "gap_points" else int(row["period_id"][5:7])
        target = Decimal(row[f"{basis}_target_pct"]) * months / 12
        return Derivation(
            f"100 × completed / eligible − target {target.normalize():f}, to two decimals",
            [figure("completed"), figure("eligible")],
            lambda values: _rounded(100 * Decimal(values[0]) / Decimal(values[1]) - target),
        )
    if rest in ("completed_change", "completed_growth_pct", "completion_rate_change_points"):
        return _on_last_year(rest, figure, row[f"{basis}_last_year_report_ids"] or [])
    raise Untraceable(f"{column} comes from no single cell: a rank or a target is in dim_target and beside other units")


def _on_last_year(rest: str, figure: Callable[..., Question], last_year: list[str]) -> Derivation:
    """Return a change on the reports of ``last_year``: the unit's own, or all that merged into it."""
    if not last_year:
        raise Untraceable("nothing of last year stands on this territory to compare it with")
    comparison = (
        "of the same period last year" if len(last_year) == 1 else f"of {len(last_year)} merged units last year"
    )

    def figures(measure: str) -> list[Question]:
        return [figure(measure), *(figure(measure, report_id=report) for report in last_year)]

    def sums(values: list[Any]) -> tuple[Decimal, Decimal]:
        return Decimal(values[0]), Decimal(sum(values[1:]))

    def growth(values: list[Any]) -> Decimal:
        current, previous = sums(values)
        return _rounded(100 * (current / previous - 1))

    def rate_change(values: list[Any]) -> Decimal:
        half = len(values) // 2
        (completed, completed_before), (eligible, eligible_before) = sums(values[:half]), sums(values[half:])
        return _rounded(100 * (completed / eligible - completed_before / eligible_before))

    if rest == "completed_change":
        return Derivation(f"completed − completed {comparison}", figures("completed"), lambda v: v[0] - sum(v[1:]))
    if rest == "completed_growth_pct":
        return Derivation(
            f"100 × (completed / completed {comparison} − 1), to two decimals", figures("completed"), growth
        )
    return Derivation(
        f"completion rate − completion rate {comparison}, in points, to two decimals",
        [*figures("completed"), *figures("eligible")],
        rate_change,
    )


def _printed(question: Question, row: Row, basis: str) -> Derivation:
    rest = question.column.removeprefix(f"printed_{basis}_")
    for ending in ("_pct", "_points", "_vnd"):
        rest = rest.removesuffix(ending)
    keys = {"report_id": row["report_id"], "is_current": "true", "form": FORM[basis], "row_code": "total.total"}
    return Derivation(
        "as the report prints it",
        [question.sibling("fct_printed_ratio", "printed", {**keys, "measure": rest})],
        lambda values: values[0],
    )


def _indicator(connection: duckdb.DuckDBPyConnection, question: Question, row: Row) -> Derivation:
    if question.column not in ("value", "numerator", "denominator"):
        raise Untraceable(f"{question.column} says whose row it is; ask for value, numerator or denominator")
    numerator, denominator = _indicator_parts(question, row)
    if question.column != "value":
        part = numerator if question.column == "numerator" else denominator
        return Derivation("the figure of the report", [part], lambda values: values[0])
    factor = Decimal(1)
    if row["numerator"] and row["denominator"]:
        # Per cent or days: what the numerator is multiplied by, as the definition in dim_measure says.
        exact = Decimal(row["value"]) * Decimal(row["denominator"]) / Decimal(row["numerator"])
        factor = exact.to_integral_value(ROUND_HALF_UP)
    digits = -int(Decimal(row["value"]).as_tuple().exponent)
    return Derivation(
        f"{factor} × numerator / denominator" if factor != 1 else "numerator / denominator",
        [numerator, denominator],
        lambda values: _rounded(factor * Decimal(values[0]) / Decimal(values[1]), digits),
    )


def _indicator_parts(question: Question, row: Row) -> Iterator[Question]:
    keys = {"report_id": row["report_id"], **TOTAL}
    if row["measure"] == "money_per_case":
        yield question.sibling("fct_money_results", "completed_vnd", keys)
        yield question.sibling("fct_case_results", "completed", keys)
        return
    if row["measure"] not in INDICATORS:
        raise Untraceable(f"it is not declared what {row['measure']} is worked out from")
    fact, suffix = BASIS[row["basis"]]
    for measure in INDICATORS[row["measure"]]:
        yield question.sibling(fact, f"{measure}{suffix}", keys)


def _flow(connection: duckdb.DuckDBPyConnection, question: Question, row: Row) -> Derivation:
    """Return a flow: this cumulative report less the one before it in the year."""
    basis = "money" if question.column.endswith("_vnd") else "cases"
    fact, suffix = BASIS[basis]
    if question.column.removesuffix("_vnd") not in ("newly_accepted", "delegated", "revoked", "completed"):
        raise Untraceable(f"{question.column} is no flow; ask for newly_accepted, delegated, revoked or completed")
    kind = {name: row[name] for name in TOTAL}
    parts = [question.sibling(fact, question.column, {"report_id": row["report_id"], **kind})]
    covered_months = row[f"months_covered{suffix}"] or row["months"]
    if covered_months < row["months"]:
        earlier_period = f"{row['statistical_year']}-{row['months'] - covered_months:02d}"
        place = {name: row[name] for name in ("unit_key", "scope", "origin", "vintage", "is_simulated")}
        parts.append(question.sibling(fact, question.column, {**place, **kind, "period_id": earlier_period}))
        return Derivation("cumulative − cumulative of the report before", parts, lambda values: values[0] - values[1])
    return Derivation("cumulative since 1 October, the first report of the year", parts, lambda values: values[0])


def _share(values: list[Any]) -> Decimal:
    return _rounded(100 * Decimal(values[0]) / Decimal(values[1]))


def _rounded(value: Decimal, digits: int = 2) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
