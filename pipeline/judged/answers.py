"""The ledger of answers: explanations by offices, with author, reason and approver, kept for ever below ``answers/``.

An entry is a file of its own, written once; withdrawing it adds a second file. An answer silences a finding
(``pipeline.judged.waivers``) of the same rule as it was worded then, of the same office, form and cell, while the
difference stays within its band and until it expires - and nothing else.
"""

import hashlib
import json
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import polars as pl

from expectations.rules import Pack, packs, rule_version
from pipeline import tables
from pipeline.home import Home, vietnam_now
from pipeline.storage import read_tables, write_atomically
from pipeline.vocabulary import Status


class AnswerError(ValueError):
    """An answer that cannot be taken; the message says what is missing or wrong."""


def record(
    home: Home,
    *,
    rule_id: str,
    pack: str,
    unit_key: str,
    form: str,
    row_code: str | None,
    column_code: str | None,
    low: Decimal | int,
    high: Decimal | int,
    author: str,
    reason: str,
    approver: str,
    expires_on: date,
    period_id: str | None = None,
    answered_at: datetime | None = None,
    rule_packs: tuple[Pack, ...] | None = None,
) -> str:
    """Keep an answer and return its id; the same answer again is the same entry.

    ``low`` and ``high`` bound the difference (found less expected, base units) that it explains; ``period_id`` limits it
    to one period. Raises ``AnswerError`` where author, reason or approver is missing, an author approves of himself, the
    band or the time is empty, or there is no such rule.
    """
    recorded_at = answered_at or vietnam_now()
    statement = {"author": author.strip(), "reason": reason.strip(), "approver": approver.strip()}
    missing = [name for name, text in statement.items() if not text]
    if missing:
        raise AnswerError(f"an answer needs {', '.join(missing)}")
    if statement["author"].casefold() == statement["approver"].casefold():
        raise AnswerError(f"{author} cannot approve of an answer of {author}; name another approver")
    if low > high:
        raise AnswerError(f"the band from {low} to {high} is empty; the lower bound comes first")
    if expires_on <= recorded_at.date():
        raise AnswerError(
            f"an answer of {recorded_at:%d/%m/%Y} that expires on {expires_on:%d/%m/%Y} would hold for no return"
        )
    packs_by_name = {rule_pack.pack: rule_pack for rule_pack in rule_packs or packs()}
    if pack not in packs_by_name or rule_id not in {rule.id for rule in packs_by_name[pack].rules}:
        raise AnswerError(f"pack {pack} has no rule {rule_id}")
    entry = {
        "rule_id": rule_id,
        "pack": pack,
        "pack_version": packs_by_name[pack].full_version,
        "rule_version": rule_version(packs_by_name[pack].rule(rule_id)),
        "unit_key": unit_key,
        "form": form,
        "row_code": row_code,
        "column_code": column_code,
        "period_id": period_id,
        "low": str(Decimal(low)),
        "high": str(Decimal(high)),
        **statement,
        "answered_at": recorded_at.isoformat(),
        "expires_on": expires_on.isoformat(),
    }
    answer_id = hashlib.sha256(json.dumps(entry, sort_keys=True).encode()).hexdigest()[:16]
    _write(home, f"{answer_id}.json", entry | {"answer_id": answer_id})
    return answer_id


def explain(
    home: Home,
    finding_ids: list[str],
    *,
    author: str,
    reason: str,
    approver: str,
    expires_on: date,
    tolerance: Decimal | int = 0,
    every_period: bool = False,
    answered_at: datetime | None = None,
) -> list[str]:
    """Answer findings of ``home``; return the ids of the entries, in order of the finding ids.

    The band is the difference of each finding, wider by ``tolerance`` on both sides. The next load counts it as
    explained. Raises ``AnswerError`` for a finding that does not exist, or whose report could not be placed.
    """
    requested_ids = pl.DataFrame({"finding_id": list(dict.fromkeys(finding_ids))}, schema={"finding_id": pl.String})
    findings = read_tables(home.judged, "findings", tables.FINDINGS).join(requested_ids, on="finding_id", how="semi")
    unknown_ids = sorted(set(requested_ids["finding_id"]) - set(findings["finding_id"]))
    if unknown_ids:
        raise AnswerError(f"there is no finding {', '.join(unknown_ids)}; ids stand in fct_finding")
    if "pack" not in findings.columns:
        raise AnswerError(
            "the findings of this home were judged by an older version; run 'thads load' once, then answer"
        )
    units = read_tables(home.cells, "submissions", tables.SUBMISSIONS).select("submission_id", "unit_key")
    placed_findings = findings.join(units, on="submission_id")
    if placed_findings["unit_key"].null_count() or placed_findings["period_id"].null_count():
        raise AnswerError("a finding on a report without a known unit or period cannot be explained; have it sent anew")
    return [
        record(
            home,
            rule_id=row["rule_id"],
            pack=row["pack"],
            unit_key=row["unit_key"],
            form=row["form"],
            row_code=row["row_code"],
            column_code=row["column_code"],
            period_id=None if every_period else row["period_id"],
            low=_deviation(row) - tolerance,
            high=_deviation(row) + tolerance,
            author=author,
            reason=reason,
            approver=approver,
            expires_on=expires_on,
            answered_at=answered_at,
        )
        for row in placed_findings.sort("finding_id").to_dicts()
    ]


def _deviation(finding: dict[str, Any]) -> Decimal:
    """Return how far a finding is off; one of reading has no figures, and compares 1 remark with none."""
    return Decimal(1) if finding["difference"] is None else finding["difference"]


def revoke(home: Home, answer_id: str, *, author: str, reason: str, revoked_at: datetime | None = None) -> None:
    """Withdraw an answer; the entry stays and says so. Raises ``AnswerError`` where there is none."""
    if not (home.answers / f"{answer_id}.json").exists():
        raise AnswerError(f"there is no answer {answer_id}")
    recorded_at = revoked_at or vietnam_now()
    _write(
        home, f"{answer_id}.revoked.json", {"author": author, "reason": reason, "revoked_at": recorded_at.isoformat()}
    )


def answers(home: Home) -> pl.DataFrame:
    """Return every answer ever given, including the withdrawn ones, as ``tables.ANSWERS``."""
    rows = []
    for path in sorted(home.answers.glob("*.json")):
        if path.name.endswith(".revoked.json"):
            continue
        entry: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        rows.append(
            entry
            | {"low": Decimal(entry["low"]), "high": Decimal(entry["high"])}
            | {"answered_at": datetime.fromisoformat(entry["answered_at"])}
            | {"expires_on": date.fromisoformat(entry["expires_on"])}
            | {"is_revoked": path.with_name(f"{path.stem}.revoked.json").exists()}
        )
    return pl.DataFrame(rows, schema=tables.ANSWERS).sort("answered_at", "answer_id")


def idle_answers(home: Home, *, today: date | None = None) -> pl.DataFrame:
    """Return the answers that silence nothing in the latest version of any report, with ``why``: matches_nothing, expired.

    A withdrawn answer is over and left out. ``today``: the day on which expiry is judged; the current day by default.
    """
    day, all_answers = today or vietnam_now().date(), answers(home)
    if all_answers.is_empty():
        return all_answers.with_columns(pl.lit(None, pl.String).alias("why"))
    submissions = read_tables(home.cells, "submissions", tables.SUBMISSIONS).select("submission_id", "report_id")
    latest = (
        read_tables(home.judged, "verdicts", tables.VERDICTS)
        .join(submissions, on="submission_id")
        .with_columns(pl.coalesce("report_id", "submission_id").alias("report"))
        .filter(pl.col("version") == pl.col("version").max().over("report"))
    )
    applied_waivers = read_tables(home.judged, "waivers", tables.WAIVERS).join(latest, on="submission_id", how="semi")
    return (
        all_answers.filter(~pl.col("is_revoked"))
        .with_columns(
            pl.when(pl.col("expires_on") < day)
            .then(pl.lit("expired"))
            .when(
                ~pl.col("answer_id").is_in(
                    applied_waivers.filter(pl.col("status") == Status.EXPLAINED)["waiver_id"].implode()
                )
            )
            .then(pl.lit("matches_nothing"))
            .alias("why")
        )
        .drop_nulls("why")
    )


def idle_lines(home: Home, *, today: date | None = None) -> list[str]:
    """Return the answers that silence nothing any more, a line each, for a terminal or a check."""
    reasons = {
        "expired": "đã hết hạn · expired",
        "matches_nothing": "không còn khớp với lỗi nào · matches nothing any more",
    }
    return [
        f"{row['answer_id']}  {row['unit_key']}  {row['rule_id']}  {row['form']}  {row['period_id'] or '*'}: {reasons[row['why']]} "
        f"({row['author']}, {row['expires_on']:%d/%m/%Y})"
        for row in idle_answers(home, today=today).to_dicts()
    ]


def _write(home: Home, name: str, entry: dict[str, Any]) -> None:
    """Write an entry once: the ledger is never changed."""
    path = home.answers / name
    if not path.exists():
        text = json.dumps(entry, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
        write_atomically(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))
