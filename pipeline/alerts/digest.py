"""The digest of one person for one night: selected, cut to the budget, in their language. Pure functions."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import yaml

from pipeline.alerts.contacts import Channel, Person, Policy
from pipeline.alerts.letter import is_ours
from pipeline.alerts.outbox import Attachment, Message
from pipeline.alerts.templates import TEMPLATES, environment
from pipeline.calendar.periods import Period
from pipeline.text.markup import chat, plain
from pipeline.vocabulary import AlertState, MessageKind, OnFail, Origin, Role

Incident = Mapping[str, Any]
CHAT_LINES = 5
MOST_PLACES = 6


@dataclass(frozen=True)
class Enclosures:
    """What goes with the news of one report: the office's workbook with its marks and the letter, where there are any."""

    workbook: Attachment | None = None
    letter: Attachment | None = None


@dataclass(frozen=True)
class News:
    """Incidents for one person and channel: new ones, resolved ones, and those reported before that are still open."""

    opened: tuple[Incident, ...]
    recovered: tuple[Incident, ...]
    standing: tuple[Incident, ...]

    def __bool__(self) -> bool:
        return bool(self.opened or self.recovered)


def select_news(
    person: Person, channel: Channel, incidents: Iterable[Incident], last_states: Mapping[str, str]
) -> News:
    """Return what is news there, given ``last_states``, the last state reported of each incident.

    A resolution is reported to those who heard of the incident; what was resolved before that, to nobody.
    """
    opened: list[Incident] = []
    recovered: list[Incident] = []
    standing: list[Incident] = []
    for incident in incidents:
        last_state = last_states.get(incident["alert_id"])
        if incident["state"] == AlertState.RESOLVED:
            if last_state == AlertState.OPEN:
                recovered.append(incident)
        elif is_ours(incident) and not person.nation:
            continue  # nothing that an office could do about it
        elif person.follows(incident) and channel.reaches(incident["severity"]):
            (standing if last_state == AlertState.OPEN else opened).append(incident)
    return News(tuple(opened), tuple(recovered), tuple(standing))


def urgent_news(news: News, policy: Policy) -> News:
    """Return the part of the news that goes out even after tonight's digest."""
    opened = tuple(incident for incident in news.opened if policy.is_urgent(incident))
    return News(opened, news.recovered if policy.at_once.recovered else (), news.standing)


def compose(
    person: Person,
    channel: Channel,
    news: News,
    *,
    policy: Policy,
    kind: MessageKind,
    number: int,
    night: str,
    queued_at: str,
    enclose: Callable[[Sequence[Incident]], Enclosures],
) -> Message:
    """Write the message on ``news``; all of it counts as reported, also what the budget reduces to a count.

    ``enclose`` returns the files that go with the incidents of one report.
    """
    wording = words(person.language)
    values = _template_values(person, news, policy, wording, enclose)
    subject = plain(
        f"{wording['simulated_mark'] if values['is_simulated'] else ''}[THADS] {_subject(news, values, wording)}"
    )
    values |= {"w": wording, "name": person.name, "language": person.language, "subject": subject, "lines": CHAT_LINES}
    return Message(
        person=person.id,
        channel=channel.key,
        number=number,
        kind=str(kind),
        night=night,
        queued_at=queued_at,
        language=person.language,
        subject=subject,
        text=environment(plain).get_template("digest.txt.j2").render(values),
        html=environment(plain, is_html=True).get_template("digest.html.j2").render(values),
        brief=environment(chat).get_template("digest.chat.j2").render(values),
        attachments=tuple(values["attachments"]),
        opened=tuple(incident["alert_id"] for incident in news.opened),
        recovered=tuple(incident["alert_id"] for incident in news.recovered),
    )


@cache
def words(language: str) -> dict[str, Any]:
    """Return the wording of digests in a language."""
    return yaml.safe_load((TEMPLATES / "digest.yaml").read_text(encoding="utf-8"))[language]


def _template_values(
    person: Person,
    news: News,
    policy: Policy,
    wording: Mapping[str, Any],
    enclose: Callable[[Sequence[Incident]], Enclosures],
) -> dict[str, Any]:
    """Return the values that the templates print."""
    opened = sorted(news.opened, key=_urgency)
    top, rest = opened[: policy.items], opened[policy.items :]
    recovered = news.recovered[: max(policy.items - len(top), 1)]
    groups = _by_report(top)
    reports = [_report(group, person, wording) for group in groups]
    attachments: list[Attachment] = []
    for report, group in zip(reports, groups, strict=True) if person.role == Role.STATISTICIAN else ():
        for key, file in vars(enclose(group)).items():
            has_room = len(attachments) < policy.attachments
            if (
                file
                and has_room
                and sum(attachment.size for attachment in (*attachments, file)) <= policy.megabytes * 1e6
            ):
                attachments.append(file)
                report[key] = file.name
    rest_by_place = Counter(_place(incident) for incident in rest)
    return {
        "summary": _summary(news, wording),
        "reports": reports,
        "attachments": _with_unique_names(attachments),
        "more_count": len(rest),
        "more_where": ", ".join(f"{place} {count}" for place, count in rest_by_place.most_common(MOST_PLACES)),
        "recovered": [_line(i, person, wording) | {"proof": _proof(i, wording)} for i in recovered],
        "more_recovered": len(news.recovered) - len(recovered),
        "standing": [_line(i, person, wording) for i in sorted(news.standing, key=_urgency)[: policy.standing]],
        "standing_count": len(news.standing),
        "has_to_do": any(incident["origin"] != Origin.PUBLISHED for incident in news.opened),
        "is_simulated": all(incident["is_simulated"] for incident in (*news.opened, *news.recovered)),
    }


def _urgency(incident: Incident) -> tuple:
    return (_verdict(incident) == "published", incident["on_fail"] != OnFail.RETURN, incident["opened_at"], _place(incident),
            incident["last_failing_submission_id"], incident["form"] or "", incident["alert_id"])  # fmt: skip


def _by_report(incidents: Iterable[Incident]) -> list[list[Incident]]:
    groups: dict[str, list[Incident]] = {}
    for incident in incidents:
        groups.setdefault(incident["last_failing_submission_id"], []).append(incident)
    return list(groups.values())


def _verdict(incident: Incident) -> str:
    if incident["origin"] == Origin.PUBLISHED:
        return "published"
    if incident["rule_id"] == "unreadable":
        return "unreadable"
    return "returned" if incident["on_fail"] == OnFail.RETURN else "queried"


def _verdict_of(group: Sequence[Incident]) -> str:
    order = ["published", "unreadable", "returned", "queried"]
    return min((_verdict(incident) for incident in group), key=order.index)


def _report(group: Sequence[Incident], person: Person, wording: Mapping[str, Any]) -> dict[str, Any]:
    first = group[0]
    verdict = _verdict_of(group)
    day = first["answer_by"]
    return {
        "place": _place(first),
        "period": _period(first, wording),
        "version": first["opened_version"] if len({i["opened_version"] for i in group}) == 1 else None,
        "path": first["path"] or first["source_ref"],
        "verdict": verdict,
        "is_simulated": first["is_simulated"],
        "points": [_item(incident, person) for incident in group],
        "answer_by": day.strftime(wording["date"]) if day and verdict != "published" else None,
        "is_overdue": day is None and first["period_id"] is not None and verdict != "published",
        "workbook": None,
        "letter": None,
    }


def _item(incident: Incident, person: Person) -> dict[str, Any]:
    return {
        "form": incident["form_number"] or incident["form"],
        "sentence": incident[f"sentence_{person.language}"],
        "story": incident[f"story_{person.language}"] if person.role == Role.STATISTICIAN else None,
        "others": incident["findings"] - 1,
        "id": incident["alert_id"][:8],
    }


def _line(incident: Incident, person: Person, wording: Mapping[str, Any]) -> dict[str, Any]:
    standing = wording["standing"].get(incident["standing"], incident["standing"])
    return {
        "place": _place(incident),
        "period": _period(incident, wording),
        "form": incident["form_number"] or incident["form"],
        "sentence": incident[f"sentence_{person.language}"],
        "since": wording["since"].format(date=incident["opened_at"].strftime(wording["date"])),
        "standing": standing.format(who=incident["assigned_to"]),
    }


def _proof(incident: Incident, wording: Mapping[str, Any]) -> str:
    if incident["resolved_by"] and incident["opened_version"]:
        return wording["replaced"].format(new=incident["resolved_version"], old=incident["opened_version"])
    return wording["readable"] if incident["resolved_by"] else wording["closed"]


def _place(incident: Incident) -> str:
    return incident["official_name"] or incident["unit_name"] or incident["unit_key"] or incident["source_ref"] or ""


def _period(incident: Incident, wording: Mapping[str, Any], template_key: str = "period") -> str:
    if not incident["period_id"]:
        return ""
    period = Period.parse(incident["period_id"].partition("@")[0])
    return wording[template_key].format(months=period.months, year=period.year, id=incident["period_id"])


def _summary(news: News, wording: Mapping[str, Any]) -> str:
    verdicts = Counter(_verdict_of(group) for group in _by_report(news.opened))
    parts = [wording[verdict].format(count=verdicts[verdict]) for verdict in wording["verdict"] if verdicts[verdict]]
    if news.recovered:
        parts.append(wording["recovered"].format(count=len(news.recovered)))
    return ", ".join(parts) or wording["nothing_new"]


def _subject(news: News, values: Mapping[str, Any], wording: Mapping[str, Any]) -> str:
    places = {_place(incident) for incident in (*news.opened, *news.recovered)}
    dated_incidents = [incident for incident in (*news.opened, *news.recovered) if incident["period_id"]]
    periods = {_period(incident, wording, "short_period") for incident in dated_incidents}
    scope = ", ".join([*(sorted(places) if len(places) == 1 else ()), *(sorted(periods) if len(periods) == 1 else ())])
    return f"{scope}: {values['summary']}" if scope else values["summary"]


def _with_unique_names(files: Sequence[Attachment]) -> list[Attachment]:
    """Return the files under distinct names: two offices may use the same one."""
    counts: Counter[str] = Counter()
    unique_files = []
    for file in files:
        counts[file.name] += 1
        stem, dot, ending = file.name.rpartition(".")
        unique_files.append(
            file if counts[file.name] == 1 else replace(file, name=f"{stem} ({counts[file.name]}){dot}{ending}")
        )
    return unique_files
