"""What people did about incidents: an append-only ledger, ``alerts/events/<month>.parquet``, which dbt reads.

What versions do to an incident is not written here; the warehouse derives it (``int_incident_change``).
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
from filelock import FileLock

from pipeline.home import VIETNAM, Home
from pipeline.storage import write_atomically
from pipeline.tables import ALERT_EVENTS
from pipeline.vocabulary import AlertEvent

SNAPSHOT = [field.name for field in ALERT_EVENTS["incident"].fields]  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Act:
    """One act of a person: what, who and why; to whom it is assigned, or which answer it gives."""

    event: AlertEvent
    author: str
    reason: str | None = None
    assigned_to: str | None = None
    answer_id: str | None = None


def record_events(
    home: Home, incidents: Iterable[Mapping[str, Any]], act: Act, *, at: datetime | None = None
) -> list[str]:
    """Append ``act`` for each of ``incidents`` (rows of ``fct_alert``) in one step; return the event ids.

    The row keeps the incident as it was seen, so that its history is complete even when the rules find it no longer.
    """
    incidents = list(incidents)
    (home.alerts / "events").mkdir(parents=True, exist_ok=True)
    with FileLock(home.alerts / ".events.lock"):
        at = _next_moment(read_events(home), at or datetime.now(VIETNAM).replace(tzinfo=None))
        rows = [_row(incident, act, at) for incident in incidents]
        path = home.alerts / "events" / f"{at:%Y-%m}.parquet"
        previous = [read_ledger(path)] if path.exists() else []
        write_atomically(path, pl.concat([*previous, pl.DataFrame(rows, schema=ALERT_EVENTS)]).write_parquet)
    return [row["event_id"] for row in rows]


def _next_moment(ledger: pl.DataFrame, at: datetime) -> datetime:
    """Return a time after everything in the ledger: two acts never happen at once, whatever the clock says."""
    last = ledger["occurred_at"].max()
    return max(at, last + timedelta(microseconds=1)) if isinstance(last, datetime) else at


def read_events(home: Home) -> pl.DataFrame:
    """Return the whole ledger in order of time, as ``tables.ALERT_EVENTS``."""
    paths = sorted((home.alerts / "events").glob("*.parquet"))
    if not paths:
        return pl.DataFrame(schema=ALERT_EVENTS)
    return pl.concat([read_ledger(path) for path in paths]).sort("occurred_at", "event_id")


def read_ledger(path: Path) -> pl.DataFrame:
    """Return one file of the ledger as ``tables.ALERT_EVENTS``: what an older version did not remember is null."""
    return pl.read_parquet(path).cast(ALERT_EVENTS)


def _row(incident: Mapping[str, Any], act: Act, at: datetime) -> dict[str, Any]:
    identity = (incident["alert_id"], act.event, at.isoformat(), act.author, act.reason, act.assigned_to, act.answer_id)
    return {
        "event_id": hashlib.sha256("|".join(str(word or "") for word in identity).encode()).hexdigest()[:32],
        "alert_id": incident["alert_id"],
        "event": str(act.event),
        "occurred_at": at,
        "author": act.author,
        "reason": act.reason,
        "assigned_to": act.assigned_to,
        "answer_id": act.answer_id,
        "seen_submission_id": incident["last_failing_submission_id"],
        "incident": {name: incident.get(name) for name in SNAPSHOT},
    }
