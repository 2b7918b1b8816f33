"""The outbox: messages that wait until their channel takes them. One file a message, in the folder of its state.

``alerts/queue/<state>/<person>.<channel>.<number>.json`` holds what will be sent, frozen; a change of state is one
rename. ``alerts/deliveries.jsonl`` logs what happened, and which incidents each message reported. A message is *waiting*
until the moment before it cannot be taken back, then *sending*, then *sent*. Only a kill leaves one in *sending*: it may
have arrived. It goes out again under the same Message-ID, and the log says so.
"""

import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from pipeline.alerts import journal
from pipeline.home import Home, vietnam_now
from pipeline.storage import write_atomically
from pipeline.vocabulary import AlertState, MessageEvent, MessageKind, MessageState

PATIENCE_SECONDS = 60


class OutboxBusy(RuntimeError):
    """Another process is sending."""


class UnknownMessage(LookupError):
    """No message, or more than one, has this id."""


@dataclass(frozen=True)
class Attachment:
    """A file that goes with a message: its path below the home, the name that the reader sees, its bytes."""

    path: str
    name: str
    size: int


@dataclass(frozen=True)
class Message:
    """One message to one person on one channel, as it was written and as it will be sent."""

    person: str
    channel: str
    number: int  # of this person on this channel: they arrive in this order
    kind: str
    night: str
    queued_at: str
    language: str
    subject: str
    text: str
    html: str
    brief: str  # for chat
    attachments: tuple[Attachment, ...]
    opened: tuple[str, ...]  # incidents reported as open
    recovered: tuple[str, ...]  # incidents reported as resolved
    run: str = ""  # the failed run that this reports

    @property
    def id(self) -> str:
        """The left part of the Message-ID: the same whenever the same is reported to the same person."""
        parts = (self.person, self.channel, self.number, *sorted(self.opened), "|", *sorted(self.recovered))
        parts += (self.run,) if self.run else ()
        return hashlib.sha256("\n".join(map(str, parts)).encode()).hexdigest()[:32]

    @property
    def file_name(self) -> str:
        """Its name in every state."""
        return f"{self.person}.{self.channel}.{self.number:06d}.json"

    @property
    def queue(self) -> tuple[str, str]:
        """Person and channel: within these, order is kept."""
        return self.person, self.channel


@dataclass
class History:
    """The log in summary: what was reported to each person and channel, and how often a message was refused."""

    queued: set[str] = field(default_factory=set)
    last_states: dict[tuple[str, str], dict[str, AlertState]] = field(default_factory=dict)
    numbers: dict[tuple[str, str], int] = field(default_factory=dict)
    digests: set[tuple[str, str, str]] = field(default_factory=set)
    runs: set[tuple[str, str, str]] = field(default_factory=set)  # failed ones, with person and channel
    refusals: Counter[str] = field(default_factory=Counter)
    refused_at: dict[str, datetime] = field(default_factory=dict)
    failures: dict[str, dict[str, Any]] = field(default_factory=dict)  # by message, the last one
    last_entry: dict[str, Any] | None = None

    def add(self, entry: dict[str, Any]) -> None:
        """Take in one line of the log."""
        queue = (entry["person"], entry["channel"])
        if entry["event"] == MessageEvent.QUEUED:
            self.queued.add(entry["id"])
            last_states = self.last_states.setdefault(queue, {})
            last_states.update(dict.fromkeys(entry["opened"], AlertState.OPEN))
            last_states.update(dict.fromkeys(entry["recovered"], AlertState.RESOLVED))
            self.numbers[queue] = max(self.numbers.get(queue, 0), entry["number"])
            if entry["kind"] == MessageKind.DIGEST:
                self.digests.add((*queue, entry["night"]))
            if entry.get("run"):
                self.runs.add((*queue, entry["run"]))
            return
        self.last_entry = entry
        if "reason" in entry:
            self.failures[entry["id"]] = entry
        # A message at which the connection breaks each time is given up like one that is refused.
        if entry["event"] == MessageEvent.UNCERTAIN or entry.get("is_refusal"):
            self.refusals[entry["id"]] += 1
            self.refused_at[entry["id"]] = datetime.fromisoformat(entry["at"])


class Outbox:
    """The messages of one home. Whoever changes it holds its lock: see ``open_outbox``."""

    def __init__(self, home: Home) -> None:
        self.folder = home.alerts / "queue"
        self.log = home.alerts / "deliveries.jsonl"
        self.history = History()
        for entry in journal.read(self.log):
            self.history.add(entry)

    def put(self, message: Message) -> None:
        """Queue a message. Killed between file and log, ``recover`` writes the line."""
        path = self._path(MessageState.WAITING, message)
        text = json.dumps(asdict(message), ensure_ascii=False, indent=1)
        write_atomically(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))
        _sync_folder(path.parent)
        self._record_queued(message)

    def recover(self) -> list[Message]:
        """Recover from a kill: log what was queued, put back what was being sent; return the latter."""
        for message in self.messages(MessageState.WAITING):
            if message.id not in self.history.queued:
                self._record_queued(message)
        interrupted = self.messages(MessageState.SENDING)
        for message in interrupted:
            self.record_event(message, MessageEvent.UNCERTAIN, reason="stopped while it was being sent")
            self.move(message, MessageState.SENDING, MessageState.WAITING)
        return interrupted

    def move(self, message: Message, old: MessageState, new: MessageState) -> None:
        """Change a message's state: one rename, on disk when this returns."""
        source, target = self._path(old, message), self._path(new, message)
        target.parent.mkdir(parents=True, exist_ok=True)
        os.replace(source, target)
        for folder in {source.parent, target.parent}:
            _sync_folder(folder)

    def state_of(self, message: Message) -> MessageState:
        """Return the state that a message is in."""
        return next(state for state in MessageState if self._path(state, message).exists())

    def record_event(self, message: Message, event: MessageEvent, **details: Any) -> None:
        """Log what happened to a message."""
        entry = {"at": vietnam_now().isoformat(), "id": message.id, "person": message.person}
        self._log(entry | {"channel": message.channel, "number": message.number, "event": str(event)} | details)

    def messages(self, *states: MessageState) -> list[Message]:
        """Return the messages in these states, each person's in order."""
        paths = (path for state in states for path in (self.folder / state).rglob("*.json"))
        return [_read(path) for path in sorted(paths, key=lambda path: path.name)]

    def find(self, name: str, *states: MessageState) -> tuple[MessageState, Message]:
        """Return the message whose id begins with ``name`` among these states; raises ``UnknownMessage``."""
        matches = [(state, m) for state in states for m in self.messages(state) if name and m.id.startswith(name)]
        if len(matches) != 1:
            count = f"{len(matches)} messages begin" if matches else "no message begins"
            raise UnknownMessage(f"{count} with '{name}' among those {' or '.join(states)}; see 'thads outbox list'")
        return matches[0]

    def count(self, *states: MessageState) -> int:
        """Return how many messages are in these states."""
        return sum(1 for state in states for _ in (self.folder / state).rglob("*.json"))

    @property
    def last_failure(self) -> dict[str, Any] | None:
        """The last attempt, where it failed."""
        entry = self.history.last_entry
        return entry if entry and entry["event"] in (MessageEvent.FAILED, MessageEvent.REFUSED) else None

    def _record_queued(self, message: Message) -> None:
        alert_ids = {"opened": list(message.opened), "recovered": list(message.recovered)}
        run = {"run": message.run} if message.run else {}
        self.record_event(message, MessageEvent.QUEUED, kind=message.kind, night=message.night, **alert_ids, **run)

    def _log(self, entry: dict[str, Any]) -> None:
        journal.append(self.log, entry)
        self.history.add(entry)

    def _path(self, state: MessageState, message: Message) -> Path:
        is_archived = state in (MessageState.SENT, MessageState.DROPPED)
        return self.folder / state / (message.night[:7] if is_archived else "") / message.file_name


@contextmanager
def open_outbox(home: Home) -> Iterator[Outbox]:
    """Open the outbox to change it; raises ``OutboxBusy`` where another process does so for a minute."""
    home.alerts.mkdir(parents=True, exist_ok=True)
    lock = FileLock(home.alerts / ".queue.lock")
    try:
        lock.acquire(timeout=PATIENCE_SECONDS)
    except Timeout:
        raise OutboxBusy("another process sends from this outbox; wait for it, then try again") from None
    try:
        yield Outbox(home)
    finally:
        lock.release()


def _read(path: Path) -> Message:
    row = json.loads(path.read_text(encoding="utf-8"))
    attachments = tuple(Attachment(**attachment) for attachment in row.pop("attachments"))
    return Message(
        **row | {"attachments": attachments, "opened": tuple(row["opened"]), "recovered": tuple(row["recovered"])}
    )


def _sync_folder(folder: Path) -> None:
    """Have the names in a folder reach the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
