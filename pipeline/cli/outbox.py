"""``thads outbox``: messages that wait, were sent or were refused, and what a person may do about them."""

import json
from collections.abc import Sequence
from pathlib import Path

from rich.text import Text

from pipeline.alerts.outbox import Message, Outbox, OutboxBusy, UnknownMessage, open_outbox
from pipeline.alerts.sending import Round, send_waiting
from pipeline.cli.terminal import err, out
from pipeline.home import open_home
from pipeline.vocabulary import MessageEvent, MessageState

STATES = {
    "waiting": ("yellow", "chờ gửi · waiting"),
    "sending": ("red", "đang gửi dở · sending"),
    "sent": ("green", "đã gửi · sent"),
    "refused": ("red", "bị từ chối · refused"),
    "dropped": ("dim", "đã bỏ · dropped"),
}


def show_outbox(state: str | None, home: Path | None, *, as_json: bool) -> int:
    """Print the messages in a state, those not yet sent unless asked otherwise; return the exit code."""
    unsent_states = (MessageState.WAITING, MessageState.SENDING, MessageState.REFUSED)
    if state not in (None, "all", *MessageState):
        err.print(Text(f"thads outbox: '{state}' is no state; write one of {', '.join(MessageState)}, all"))
        return 2
    states = tuple(MessageState) if state == "all" else unsent_states if state is None else (MessageState(state),)
    outbox = Outbox(open_home(home))
    entries = [(message_state, message) for message_state in states for message in outbox.messages(message_state)]
    if as_json:
        print(
            json.dumps(
                [_as_object(outbox, message_state, message) for message_state, message in entries], ensure_ascii=False
            )
        )
        return 0
    for message_state, message in entries:
        colour, words = STATES[message_state]
        head = (f"{message.id[:8]} ", "dim"), (f"{words}  ", colour), f"{message.person} · {message.channel}"
        out.print(Text.assemble(*head, (f"  {message.night} #{message.number}", "dim")))
        out.print(Text(f"  {message.subject}"))
        failure = outbox.history.failures.get(message.id)
        if failure and message_state != MessageState.SENT:
            out.print(Text(f"  {failure['at']}: {failure['reason']}", style="red"))
    out.print(Text(f"{len(entries)} messages ({state or 'not sent yet'})", style="bold"))
    return 0


def show_message(name: str, home: Path | None, *, as_json: bool) -> int:
    """Print one message as it was or will be sent; return the exit code."""
    outbox = Outbox(open_home(home))
    try:
        state, message = outbox.find(name, *MessageState)
    except UnknownMessage as error:
        err.print(Text(f"thads outbox: {error}"))
        return 2
    if as_json:
        record = _as_object(outbox, state, message) | {"text": message.text, "html": message.html}
        print(json.dumps(record, ensure_ascii=False))
        return 0
    out.print(Text(f"{message.id}  {STATES[state][1]}", style="bold"))
    out.print(Text(f"{message.person} · {message.channel}\n{message.subject}\n"))
    out.print(Text(message.text))
    for attachment in message.attachments:
        out.print(Text(f"[{attachment.name}]  {attachment.path}", style="dim"))
    return 0


def send_outbox(ids: Sequence[str], home: Path | None, *, as_json: bool) -> int:
    """Send what waits, or the messages with these ids; return the exit code: 1 where something still waits."""
    try:
        result = send_waiting(open_home(home), ids)
    except (UnknownMessage, OutboxBusy) as error:
        err.print(Text(f"thads outbox: {error}"))
        return 2
    print_round(result, as_json=as_json)
    return 1 if result.waiting or result.refused else 0


def drop_messages(ids: Sequence[str], reason: str, author: str, home: Path | None, *, as_json: bool) -> int:
    """Take messages out of the outbox unsent, all or none; return the exit code."""
    try:
        with open_outbox(open_home(home)) as outbox:
            outbox.recover()
            matches = [outbox.find(name, MessageState.WAITING, MessageState.REFUSED) for name in ids]
            for state, message in matches:
                outbox.move(message, state, MessageState.DROPPED)
                outbox.record_event(message, MessageEvent.DROPPED, reason=reason, author=author)
    except (UnknownMessage, OutboxBusy) as error:
        err.print(Text(f"thads outbox: {error}"))
        return 2
    if as_json:
        print(json.dumps([message.id for _, message in matches]))
    else:
        out.print(Text(f"đã bỏ · dropped: {', '.join(message.id[:8] for _, message in matches)}"))
    return 0


def print_round(result: Round, *, as_json: bool) -> None:
    """Print what a round of sending did."""
    if as_json:
        print(json.dumps(result.as_object(), ensure_ascii=False, default=str))
        return
    out.print(
        Text(f"đã gửi · sent: {result.sent}  chờ · waiting: {result.waiting}  từ chối · refused: {result.refused}")
    )
    for line in result.warnings():
        out.print(Text(f"  {line}", style="yellow"))


def _as_object(outbox: Outbox, state: MessageState, message: Message) -> dict:
    failure = outbox.history.failures.get(message.id)
    return {
        "id": message.id,
        "state": str(state),
        "person": message.person,
        "channel": message.channel,
        "number": message.number,
        "kind": message.kind,
        "night": message.night,
        "subject": message.subject,
        "opened": list(message.opened),
        "recovered": list(message.recovered),
        "attachments": [attachment.name for attachment in message.attachments],
        "last_failure": failure["reason"] if failure and state != MessageState.SENT else None,
    }
