"""Incidents as they stand now: the published ones, with what people did since laid over them."""

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
    """No incident, or more than one, has this id; the message says which are near."""


class NotPossible(ValueError):
    """What is asked cannot happen to the incident as it stands; the message says why and what can."""


@dataclass(frozen=True)
class Wish:
    """Which incidents to list; what is left out does not narrow."""

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
    return [_aged(_laid_over(row, by_alert.get(row["alert_id"], ())), now) for row in rows]


def chosen(rows: Iterable[dict[str, Any]], wish: Wish) -> list[dict[str, Any]]:
    """Return the rows that ``wish`` asks for; raises ``ValueError`` for a state that there is not."""
    states = [*AlertState, *AlertEvent, "all"]
    if wish.state not in states:
        raise ValueError(f"'{wish.state}' is no state; write one of {', '.join(dict.fromkeys(map(str, states)))}")
    return [row for row in rows if _is_wished(row, wish)]


def find(rows: Iterable[dict[str, Any]], name: str) -> dict[str, Any]:
    """Return the incident whose id begins with ``name``; raises ``UnknownIncident``."""
    near = [row for row in rows if row["alert_id"].startswith(name.lower())] if len(name) >= SHORTEST_ID else []
    if len(near) == 1:
        return near[0]
    if near:
        some = ", ".join(row["alert_id"][: len(name) + 4] for row in near[:5])
        raise UnknownIncident(f"{len(near)} incidents begin with '{name}': {some}; write more of the id")
    raise UnknownIncident(
        f"no incident begins with '{name}'; 'thads alerts list --state all' shows the ids, {SHORTEST_ID} letters or more"
    )


def act_on(home: Home, names: Iterable[str], act: Act, *, at: datetime | None = None) -> list[dict[str, Any]]:
    """Do ``act`` to the incidents with these ids, to all or to none; return them as they stand afterwards.

    Raises ``UnknownIncident`` or ``NotPossible``.
    """
    rows = incidents(home)
    these = list({row["alert_id"]: row for name in names for row in [find(rows, name)]}.values())
    for row in these:
        check_possible(row, act.event)
    record_events(home, these, act, at=at)
    ids = {row["alert_id"] for row in these}
    return [row for row in incidents(home) if row["alert_id"] in ids]


def check_possible(incident: Mapping[str, Any], event: AlertEvent) -> None:
    """Raise ``NotPossible`` where ``event`` cannot happen to the incident as it stands."""
    short, state, standing = incident["alert_id"][:8], incident["state"], incident["standing"]
    if event == AlertEvent.REOPENED:
        if state == AlertState.RESOLVED and incident["resolved_by"]:
            raise NotPossible(
                f"{short} was resolved by version {incident['resolved_version'] or '?'}, in which its rules were "
                "checked and held; it opens by itself when a later version fails"
            )
        if standing in (AlertEvent.OPENED, AlertEvent.REOPENED):
            raise NotPossible(f"{short} is open and nobody did anything about it yet; there is nothing to undo")
    elif state == AlertState.RESOLVED:
        how = f"version {incident['resolved_version']}" if incident["resolved_by"] else "a person or an answer"
        raise NotPossible(f"{short} is resolved already, by {how}; 'thads alerts show {short}' tells its story")


def findings_of(home: Home, incident: Mapping[str, Any]) -> pl.DataFrame:
    """Return the findings of the incident in its last failing version, as rows of ``fct_finding``."""
    wanted = {"submission": incident["last_failing_submission_id"], "findings": incident["finding_ids"] or []}
    return run_query(home, FINDINGS, wanted)


def hypotheses_of(home: Home, incident: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what may have gone wrong, the likeliest first: rows of ``fct_likely_cause``. They advise."""
    wanted = {"submission": incident["last_failing_submission_id"], "cause": incident["cause_id"]}
    return run_query(home, HYPOTHESES, wanted).to_dicts()


def history(home: Home, incident: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what happened to the incident, in order: ``fct_alert_event``, then what people did since."""
    published = run_query(
        home, "from fct_alert_event where alert_id = $alert order by sequence", {"alert": incident["alert_id"]}
    ).to_dicts()
    known = {event["event_id"] for event in published}
    since = read_events(home).filter(pl.col("alert_id") == incident["alert_id"]).drop("incident").to_dicts()
    return [
        *published,
        *({**event, "made_by": "person", "version": None} for event in since if event["event_id"] not in known),
    ]


def _laid_over(row: dict[str, Any], events: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    row = dict(row)
    for event in events:
        if row["resolved_by"]:
            break  # a version proved it before the person looked
        row["standing"] = event["event"]
        row["assigned_to"] = event["assigned_to"] or row["assigned_to"]
        if event["event"] == AlertEvent.RESOLVED:
            row.update(state=str(AlertState.RESOLVED), resolved_at=event["occurred_at"])
        elif event["event"] == AlertEvent.REOPENED:
            row.update(state=str(AlertState.OPEN), resolved_at=None)
    return row


def _aged(row: dict[str, Any], now: datetime) -> dict[str, Any]:
    return row | {"age_days": ((row["resolved_at"] or now).date() - row["opened_at"].date()).days}


def _is_wished(row: Mapping[str, Any], wish: Wish) -> bool:
    in_unit = wish.unit is None or wish.unit.casefold() in {
        str(row[name] or "").casefold() for name in ("unit_key", "unit_name", "parent_key", "parent_name")
    }
    return (
        in_unit
        and (wish.state == "all" or wish.state in (row["state"], row["standing"]))
        and (wish.period is None or row["period_id"] == wish.period)
        and (wish.rule is None or wish.rule in (row["rules"] or []))
        and (wish.form is None or row["form"] == wish.form)
        and (wish.severity is None or row["severity"] == wish.severity)
        and (wish.assigned_to is None or row["assigned_to"] == wish.assigned_to)
        and (wish.older_than_days is None or row["age_days"] > wish.older_than_days)
    )
