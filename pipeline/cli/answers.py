"""``thads alerts explain`` and ``thads answers``: what offices explained, and what becomes of it."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path

import polars as pl
from rich.text import Text

from pipeline.alerts.incidents import ImpossibleAct, UnknownIncident, check_possible, find, incidents
from pipeline.cli.alerts import author
from pipeline.cli.terminal import err, out
from pipeline.home import Home, open_home
from pipeline.incidents.ledger import Act, record_events
from pipeline.judged.answers import AnswerError, answers, explain, idle_answers, revoke
from pipeline.published.query import NoWarehouse
from pipeline.vocabulary import AlertEvent

__all__ = ["Explanation", "author", "explain_incidents", "show_answers", "withdraw"]

STANDINGS = {
    "holds": "đang có hiệu lực · holds",
    "matches_nothing": "không còn khớp với lỗi nào · matches nothing any more",
    "expired": "đã hết hạn · expired",
    "withdrawn": "đã rút · withdrawn",
}
SHORTEST_ID = 4


@dataclass(frozen=True)
class Explanation:
    """What a person says about incidents."""

    author: str
    reason: str
    approver: str
    expires_on: date
    tolerance: str = "0"
    every_period: bool = False


def explain_incidents(names: Sequence[str], explanation: Explanation, home: Path | None, *, as_json: bool) -> int:
    """Keep an answer for every finding of these incidents, all or none; return the exit code."""

    def work(opened_home: Home) -> None:
        rows = list({row["alert_id"]: row for name in names for row in [find(incidents(opened_home), name)]}.values())
        for row in rows:
            check_possible(row, AlertEvent.EXPLAINED)
        findings = sorted({finding for row in rows for finding in row["finding_ids"] or []})
        answer_ids = explain(
            opened_home,
            findings,
            author=explanation.author,
            reason=explanation.reason,
            approver=explanation.approver,
            expires_on=explanation.expires_on,
            tolerance=_amount(explanation.tolerance),
            every_period=explanation.every_period,
        )
        answer_by_finding = dict(zip(findings, answer_ids, strict=True))
        answers_by_alert = {
            row["alert_id"]: [answer_by_finding[finding] for finding in sorted(row["finding_ids"] or [])]
            for row in rows
        }
        for row in rows:
            ids = ", ".join(answers_by_alert[row["alert_id"]])
            record_events(
                opened_home, [row], Act(AlertEvent.EXPLAINED, explanation.author, explanation.reason, answer_id=ids)
            )
        if as_json:
            print(json.dumps([{"alert_id": alert, "answers": ids} for alert, ids in answers_by_alert.items()]))
            return
        for alert, answer_ids in answers_by_alert.items():
            out.print(Text(f"{alert[:8]} đã giải trình · explained: {', '.join(answer_ids)}"))
        last_day = f"{explanation.expires_on:%d/%m/%Y}"
        out.print(Text(f"Có hiệu lực từ lần nạp sau đến hết {last_day} · holds from the next load until {last_day}"))

    return _run("alerts", home, work)


def show_answers(unit: str | None, standing: str | None, home: Path | None, *, as_json: bool) -> int:
    """Print the ledger with what became of each answer; return the exit code."""

    def work(opened_home: Home) -> None:
        if standing and standing not in STANDINGS:
            raise AnswerError(f"'{standing}' is no standing; write one of {', '.join(STANDINGS)}")
        rows = answers_with_standing(opened_home)
        if unit:
            rows = rows.filter(pl.col("unit_key") == unit)
        if standing:
            rows = rows.filter(pl.col("standing") == standing)
        if as_json:
            print(json.dumps(rows.to_dicts(), ensure_ascii=False, default=str))
            return
        for row in rows.to_dicts():
            place = " · ".join(
                filter(
                    None, (row["unit_key"], row["period_id"] or "*", row["form"], row["row_code"], row["column_code"])
                )
            )
            out.print(Text.assemble((row["answer_id"], "dim"), " ", (row["rule_id"], "bold"), f"  {place}"))
            out.print(Text(f"  {STANDINGS[row['standing']]}  [{row['low']:f} .. {row['high']:f}]"))
            out.print(
                Text(
                    f"  {row['reason']} ({row['author']}, duyệt · approved {row['approver']}, {row['expires_on']:%d/%m/%Y})"
                )
            )
        out.print(Text(f"{rows.height} answers", style="bold"))

    return _run("answers", home, work)


def answers_with_standing(home: Home) -> pl.DataFrame:
    """Return every answer ever given with ``standing``: holds, matches_nothing, expired or withdrawn."""
    idle = idle_answers(home).select("answer_id", "why")
    return (
        answers(home)
        .join(idle, on="answer_id", how="left", maintain_order="left")
        .with_columns(
            pl.when("is_revoked")
            .then(pl.lit("withdrawn"))
            .otherwise(pl.coalesce("why", pl.lit("holds")))
            .alias("standing")
        )
        .drop("why", "is_revoked")
    )


def withdraw(names: Sequence[str], user: str, reason: str, home: Path | None) -> int:
    """Withdraw answers, all or none; return the exit code."""

    def work(opened_home: Home) -> None:
        known_ids = answers(opened_home)["answer_id"].to_list()
        ids = [_find_answer(name, known_ids) for name in names]
        for answer_id in dict.fromkeys(ids):
            revoke(opened_home, answer_id, author=user, reason=reason)
            out.print(Text(f"{answer_id} {STANDINGS['withdrawn']}"))

    return _run("answers", home, work)


def _find_answer(name: str, known_ids: Sequence[str]) -> str:
    matches = (
        [answer_id for answer_id in known_ids if answer_id.startswith(name.lower())] if len(name) >= SHORTEST_ID else []
    )
    if len(matches) != 1:
        problem = f"{len(matches)} answers begin" if matches else "no answer begins"
        raise AnswerError(
            f"{problem} with '{name}'; 'thads answers list' shows the ids, write {SHORTEST_ID} letters or more"
        )
    return matches[0]


def _amount(text: str) -> Decimal:
    try:
        amount = Decimal(text)
    except InvalidOperation as error:
        raise AnswerError(f"tolerance '{text}' is no number; write it in base units, e.g. 5 or 1000000") from error
    if not amount.is_finite() or amount < 0:
        raise AnswerError(f"tolerance {text} is none; write zero or more")
    return amount


def _run(command: str, home: Path | None, work: Callable[[Home], None]) -> int:
    try:
        work(open_home(home))
    except (NoWarehouse, UnknownIncident, ImpossibleAct, AnswerError, ValueError) as error:
        err.print(Text(f"thads {command}: {error}"))
        return 2
    return 0
