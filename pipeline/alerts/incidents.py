"""Incidents as they stand now: the published ones, with people's acts since then applied."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl

from pipeline.home import Home, vietnam_now
from pipeline.incidents.ledger import Act, read_events, record_events
from pipeline.published.query import run_query
from pipeline.vocabulary import AlertEvent, AlertState

SHORTEST_ID = 4
#: Acts that hold for the version that the person had seen, and not for one that fails after it.
CLOSING = (AlertEvent.EXPLAINED, AlertEvent.RESOLVED)

INCIDENTS = """
    select alert.* exclude (cells), unit.name as unit_name, unit.parent_key,
           coalesce(parent.name, '') as parent_name
    from fct_alert as alert
    left join dim_unit as unit on unit.unit_key = alert.unit_key
    left join dim_unit as parent on parent.unit_key = unit.parent_key
    order by alert.opened_at, alert.unit_key, alert.form, alert.rule_id, alert.alert_id
"""
FINDINGS = """
    select * from fct_finding
    where submission_id = $submission and list_contains($findings, finding_id)
    order by form, sheet, rule_id, row_code, column_code
"""
HYPOTHESES = """
    select * from fct_likely_cause where submission_id = $submission and cause_id = $cause order by hypothesis_rank
"""


class UnknownIncident(LookupError):
    """No incident, or more than one, has this id; the message lists those that come close."""


class ImpossibleAct(ValueError):
    """The incident's state does not allow this act; the message says why, and what it does allow."""


@dataclass(frozen=True)
class IncidentFilter:
    """Which incidents to list; a criterion of None matches all."""

    state: str = "open"
    unit: str | None = None
    period: str | None = None
    rule: str | None = None
    form: str | None = None
    severity: str | None = None
    assigned_to: str | None = None
    older_than_days: int | None = None


def incidents(home: Home, *, now: datetime | None = None) -> list[dict[str, Any]]:
    """Return every incident with ``age_days``, as it stands now; raises ``NoWarehouse``."""
    now = now or vietnam_now()
    rows = run_query(home, INCIDENTS).to_dicts()
    published = set(run_query(home, "select event_id from fct_alert_event where made_by = 'person'")["event_id"])
    by_alert: dict[str, list[dict[str, Any]]] = {}
    for event in read_events(home).filter(~pl.col("event_id").is_in(list(published))).iter_rows(named=True):
        by_alert.setdefault(event["alert_id"], []).append(event)
    return [_with_age(_apply_events(row, by_alert.get(row["alert_id"], ())), now) for row in rows]


def filter_incidents(rows: Iterable[dict[str, Any]], criteria: IncidentFilter) -> list[dict[str, Any]]:
    """Return the rows that meet ``criteria``; raises ``ValueError`` for an unknown state."""
    states = [*AlertState, *AlertEvent, "all"]
    if criteria.state not in states:
        raise ValueError(f"'{criteria.state}' is no state; write one of {', '.join(dict.fromkeys(map(str, states)))}")
    return [row for row in rows if _matches(row, criteria)]


def find(rows: Iterable[dict[str, Any]], name: str) -> dict[str, Any]:
    """Return the incident whose id begins with ``name``; raises ``UnknownIncident``."""
    candidates = [row for row in rows if row["alert_id"].startswith(name.lower())] if len(name) >= SHORTEST_ID else []
    if len(candidates) == 1:
        return candidates[0]
    if candidates:
        examples = ", ".join(row["alert_id"][: len(name) + 4] for row in candidates[:5])
        raise UnknownIncident(f"{len(candidates)} incidents begin with '{name}': {examples}; write more of the id")
    raise UnknownIncident(
        f"no incident begins with '{name}'; 'thads alerts list --state all' shows the ids, {SHORTEST_ID} letters or more"
    )


def act_on(home: Home, names: Iterable[str], act: Act, *, at: datetime | None = None) -> list[dict[str, Any]]:
    """Do ``act`` to the incidents with these ids, to all or to none; return them as they stand afterwards.

    Raises ``UnknownIncident`` or ``ImpossibleAct``.
    """
    rows = incidents(home)
    selection = list({row["alert_id"]: row for name in names for row in [find(rows, name)]}.values())
    for row in selection:
        check_possible(row, act.event)
    record_events(home, selection, act, at=at)
    ids = {row["alert_id"] for row in selection}
    return [row for row in incidents(home) if row["alert_id"] in ids]


def check_possible(incident: Mapping[str, Any], event: AlertEvent) -> None:
    """Raise ``ImpossibleAct`` where the incident's state does not allow ``event``."""
    short_id, state, standing = incident["alert_id"][:8], incident["state"], incident["standing"]
    if event == AlertEvent.REOPENED:
        if state == AlertState.RESOLVED and incident["resolved_by"]:
            raise ImpossibleAct(
                f"{short_id} was resolved by version {incident['resolved_version'] or '?'}, in which its rules were "
                "checked and held; it opens by itself when a later version fails"
            )
        if standing in (AlertEvent.OPENED, AlertEvent.REOPENED):
            raise ImpossibleAct(f"{short_id} is open and nobody did anything about it yet; there is nothing to undo")
    elif state == AlertState.RESOLVED:
        resolver = f"version {incident['resolved_version']}" if incident["resolved_by"] else "a person or an answer"
        raise ImpossibleAct(
            f"{short_id} is resolved already, by {resolver}; 'thads alerts show {short_id}' tells its story"
        )


def findings_of(home: Home, incident: Mapping[str, Any]) -> pl.DataFrame:
    """Return the findings of the incident in its last failing version, as rows of ``fct_finding``."""
    parameters = {"submission": incident["last_failing_submission_id"], "findings": incident["finding_ids"] or []}
    return run_query(home, FINDINGS, parameters)


def hypotheses_of(home: Home, incident: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what may have gone wrong, the likeliest first: rows of ``fct_likely_cause``. They advise."""
    parameters = {"submission": incident["last_failing_submission_id"], "cause": incident["cause_id"]}
    return run_query(home, HYPOTHESES, parameters).to_dicts()


def history(home: Home, incident: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what happened to the incident, in order: ``fct_alert_event``, then what people did since."""
    published = run_query(
        home, "from fct_alert_event where alert_id = $alert order by sequence", {"alert": incident["alert_id"]}
    ).to_dicts()
    published_ids = {event["event_id"] for event in published}
    later = read_events(home).filter(pl.col("alert_id") == incident["alert_id"]).drop("incident").to_dicts()
    return [
        *published,
        *({**event, "made_by": "person", "version": None} for event in later if event["event_id"] not in published_ids),
    ]


def _apply_events(row: dict[str, Any], events: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    row = dict(row)
    for event in events:
        if row["resolved_by"]:
            break  # a version proved it before the person looked
        if event["event"] in CLOSING and event["seen_submission_id"] != row["last_failing_submission_id"]:
            row["standing"] = str(AlertEvent.REOPENED)  # a version that the person had not seen fails too
            continue
        row["standing"] = event["event"]
        row["assigned_to"] = event["assigned_to"] or row["assigned_to"]
        if event["event"] == AlertEvent.RESOLVED:
            row.update(state=str(AlertState.RESOLVED), resolved_at=event["occurred_at"])
        elif event["event"] == AlertEvent.REOPENED:
            row.update(state=str(AlertState.OPEN), resolved_at=None)
    return row


def _with_age(row: dict[str, Any], now: datetime) -> dict[str, Any]:
    return row | {"age_days": ((row["resolved_at"] or now).date() - row["opened_at"].date()).days}


def _matches(row: Mapping[str, Any], criteria: IncidentFilter) -> bool:
    in_unit = criteria.unit is None or criteria.unit.casefold() in {
        str(row[name] or "").casefold() for name in ("unit_key", "unit_name", "parent_key", "parent_name")
    }
    return (
        in_unit
        and (criteria.state == "all" or criteria.state in (row["state"], row["standing"]))
        and (criteria.period is None or row["period_id"] == criteria.period)
        and (criteria.rule is None or criteria.rule in (row["rules"] or []))
        and (criteria.form is None or row["form"] == criteria.form)
        and (criteria.severity is None or row["severity"] == criteria.severity)
        and (criteria.assigned_to is None or row["assigned_to"] == criteria.assigned_to)
        and (criteria.older_than_days is None or row["age_days"] > criteria.older_than_days)
    )
