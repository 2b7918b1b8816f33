"""One round of sending: what is new is queued as digests, and what waits is handed to its channels.

A round never fails because a channel does. What it could not send waits in the outbox, mistakes in the contacts are
reported, and the next round makes up for both.
"""

import time
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from pipeline.alerts.addresses import WrongAddress, address_of
from pipeline.alerts.channels import Channels
from pipeline.alerts.contacts import ContactProblem, Contacts, contacts_of
from pipeline.alerts.digest import Enclosures, Incident, compose, select_news, urgent_news
from pipeline.alerts.letters import document_of, opening_letters, read_incidents
from pipeline.alerts.mail import AnswerLost, DeliveryError, MessageRefused
from pipeline.alerts.outbox import Attachment, Message, Outbox, OutboxBusy, open_outbox
from pipeline.home import Home, vietnam_now
from pipeline.marked import marked_path
from pipeline.text.markup import plain
from pipeline.vocabulary import AlertState, MessageEvent, MessageKind, MessageState

#: A message that was refused twice waits this long before the next attempt, then twice as long each time.
FIRST_PAUSE = timedelta(minutes=15)


@dataclass
class Round:
    """What one round did: messages queued and sent, and what holds up the rest."""

    queued: int = 0
    sent: int = 0
    failures: dict[str, str] = field(default_factory=dict)  # by channel as it is shown: the last reason
    uncertain: list[str] = field(default_factory=list)  # ids of messages that may arrive twice
    waiting: int = 0
    refused: int = 0
    unaddressed: int = 0  # open incidents that nobody in the contacts follows
    problems: tuple[ContactProblem, ...] = ()

    def warnings(self) -> list[str]:
        """Return a sentence on each thing that somebody should see to."""
        sentences = [f"contacts.yaml, {problem}" for problem in self.problems]
        sentences += [f"{channel}: {reason}" for channel, reason in self.failures.items()]
        sentences += [f"message {name[:8]} may arrive twice, under one Message-ID" for name in self.uncertain]
        if self.waiting or self.refused:
            sentences.append(f"{self.waiting} messages wait and {self.refused} were refused: thads outbox list")
        if self.unaddressed:
            sentences.append(f"{self.unaddressed} open incidents have nobody in the contacts who is told")
        return sentences

    def problem_rows(self) -> list[tuple[int, str]]:
        """Return what is wrong in the contacts, by line."""
        return [(problem.line, problem.message) for problem in self.problems]

    def as_object(self) -> dict[str, Any]:
        """Return the round as plain data."""
        return vars(self) | {"problems": [str(problem) for problem in self.problems]}


def send_digests(home: Home, *, now: datetime | None = None) -> Round:
    """Queue what is new for every contact and send what waits; a channel that is down is reported, not raised."""
    result = Round()
    contacts = contacts_of(home)
    if not contacts.exists:
        return result
    result.problems = contacts.problems
    try:
        with open_outbox(home) as outbox:
            result.uncertain += [message.id for message in outbox.recover()]
            result.queued, result.unaddressed = queue_digests(home, outbox, contacts, now or vietnam_now())
            deliver(home, outbox, contacts, result)
    except OutboxBusy as error:
        result.failures["outbox"] = str(error)
    return result


def send_waiting(home: Home, ids: Collection[str] = ()) -> Round:
    """Send what waits, or only the messages with these ids, refused ones too; raises ``UnknownMessage``, ``OutboxBusy``."""
    result = Round()
    contacts = contacts_of(home)
    result.problems = contacts.problems
    with open_outbox(home) as outbox:
        result.uncertain += [message.id for message in outbox.recover()]
        for name in ids:
            state, message = outbox.find(name, MessageState.WAITING, MessageState.REFUSED)
            if state == MessageState.REFUSED:
                outbox.move(message, state, MessageState.WAITING)
        deliver(home, outbox, contacts, result, is_requested=True)
    return result


def queue_digests(home: Home, outbox: Outbox, contacts: Contacts, now: datetime) -> tuple[int, int]:
    """Queue one message for each person and channel that has news; return how many, and how many open incidents nobody
    in the contacts follows.

    A person gets one digest a night, the date in Vietnam. What comes after it waits for the next, unless it is urgent.
    """
    incidents, night, count = read_incidents(home), f"{now:%Y-%m-%d}", 0
    enclose = partial(_enclosures, home, opening_letters(home))
    for person in contacts.people:
        for channel in person.channels:
            queue = (person.id, channel.key)
            news = select_news(person, channel, incidents, outbox.history.last_states.get(queue, {}))
            kind = MessageKind.DIGEST
            if (*queue, night) in outbox.history.digests:
                kind, news = MessageKind.URGENT, urgent_news(news, contacts.policy)
            if news:
                message = compose(
                    person,
                    channel,
                    news,
                    policy=contacts.policy,
                    kind=kind,
                    number=outbox.history.numbers.get(queue, 0) + 1,
                    night=night,
                    queued_at=now.isoformat(),
                    enclose=enclose,
                )
                outbox.put(message)
                count += 1
    open_incidents = [incident for incident in incidents if incident["state"] == AlertState.OPEN]
    return count, sum(not any(person.follows(incident) for person in contacts.people) for incident in open_incidents)


def deliver(home: Home, outbox: Outbox, contacts: Contacts, result: Round, *, is_requested: bool = False) -> None:
    """Hand over what waits, each person's messages in order, and add the outcome to ``result``.

    Where a message to a person cannot go out, those behind it wait as well.
    """
    deadline = time.monotonic() + contacts.policy.minutes * 60
    blocked_queues: set[tuple[str, str]] = set()
    with Channels(home) as channels:
        for message in outbox.messages(MessageState.WAITING):
            if message.queue in blocked_queues:
                continue
            if time.monotonic() > deadline and not is_requested:
                result.failures["time"] = f"{contacts.policy.minutes:g} minutes have passed; the next load goes on"
                break
            if not (is_requested or _is_due(outbox, message)) or not _try_to_send(
                outbox, channels, contacts, message, result
            ):
                blocked_queues.add(message.queue)
    result.waiting = outbox.count(MessageState.WAITING)
    result.refused = outbox.count(MessageState.REFUSED)


def _try_to_send(outbox: Outbox, channels: Channels, contacts: Contacts, message: Message, result: Round) -> bool:
    """Try one message; return whether those behind it may go."""
    channel = contacts.channel(*message.queue)
    label = channel.label if channel else message.channel
    hand_over = partial(outbox.move, message, MessageState.WAITING, MessageState.SENDING)
    try:
        if channel is None:
            raise WrongAddress(f"{message.person} has no channel '{message.channel}' in the contacts any more")
        channels.send(message, address_of(channel, contacts.servers), hand_over)
    except (DeliveryError, WrongAddress) as error:
        result.failures[label] = str(error)
        return _put_back(outbox, contacts, message, error, result)
    outbox.move(message, MessageState.SENDING, MessageState.SENT)
    outbox.record_event(message, MessageEvent.SENT)
    result.sent += 1
    return True


def _put_back(outbox: Outbox, contacts: Contacts, message: Message, error: Exception, result: Round) -> bool:
    """Put back a message that was not sent, or give it up; return whether those behind it may go."""
    state = outbox.state_of(message)
    reason = str(error)
    if isinstance(error, AnswerLost):
        outbox.record_event(message, MessageEvent.UNCERTAIN, reason=reason)
        result.uncertain.append(message.id)
    else:
        outbox.record_event(message, MessageEvent.FAILED, reason=reason, is_refusal=isinstance(error, MessageRefused))
    if outbox.history.refusals[message.id] >= contacts.policy.tries:
        outbox.move(message, state, MessageState.REFUSED)
        outbox.record_event(message, MessageEvent.REFUSED, reason=reason)
        return True
    if state != MessageState.WAITING:
        outbox.move(message, state, MessageState.WAITING)
    return False


def _is_due(outbox: Outbox, message: Message) -> bool:
    refusals = outbox.history.refusals[message.id]
    if refusals < 2:
        return True
    return vietnam_now() >= outbox.history.refused_at[message.id] + FIRST_PAUSE * 2 ** (refusals - 2)


def _enclosures(home: Home, letters: Mapping[str, str], incidents: Sequence[Incident]) -> Enclosures:
    """Return the files that go with the incidents of one report; ``letters`` names the letter that opened each."""
    workbook = marked_path(home, incidents[0]["last_failing_submission_id"])
    names = [letters[incident["alert_id"]] for incident in incidents if incident["alert_id"] in letters]
    document = document_of(home, names[-1]) if names else None
    return Enclosures(*(_attachment(home, path) if path else None for path in (workbook, document)))


def _attachment(home: Home, path: Path) -> Attachment:
    return Attachment(str(path.relative_to(home.root)), plain(path.name), path.stat().st_size)


def outbox_line(home: Home) -> str | None:
    """Return one line on what waits in the outbox and why, None where nothing does."""
    outbox = Outbox(home)
    states = Counter({str(state): outbox.count(state) for state in MessageState})
    counts = [f"{states[state]} {state}" for state in ("waiting", "sending", "refused") if states[state]]
    if not counts:
        return None
    failure = outbox.last_failure
    reason = f"; {failure['channel']}: {failure['reason']}" if failure else ""
    return f"Hộp thư · Outbox: {', '.join(counts)}{reason} (thads outbox list)"
