"""``thads contacts``: who gets digests, whether the file is right, and whether a channel works."""

import json
from pathlib import Path

from rich.text import Text

from pipeline.alerts.addresses import WrongAddress, address_of, wrong_addresses
from pipeline.alerts.channels import Channels
from pipeline.alerts.contacts import Contacts, Person, contacts_path, read_contacts
from pipeline.alerts.digest import words
from pipeline.alerts.mail import DeliveryError
from pipeline.alerts.outbox import Message
from pipeline.cli.terminal import err, out
from pipeline.home import Home, open_home, vietnam_now
from pipeline.registry.home_register import registry_of
from pipeline.vocabulary import Role

SAMPLE = "docs/contacts.sample.yaml"


def check_contacts(file: Path | None, home: Path | None, *, as_json: bool) -> int:
    """Print every mistake in the contacts with its line; return the exit code: 2 where there is one."""
    opened_home = open_home(home)
    path = file or contacts_path(opened_home)
    contacts = _contacts(opened_home, path)
    if contacts is None:
        return 2
    problems = sorted([*contacts.problems, *wrong_addresses(contacts)], key=lambda problem: problem.line)
    if as_json:
        print(json.dumps([vars(problem) for problem in problems], ensure_ascii=False))
    else:
        for problem in problems:
            err.print(Text(f"{path.name}:{problem.line}: {problem.message}"))
        out.print(Text(f"{len(contacts.people)} people can be told, {len(problems)} problems"))
    return 2 if problems else 0


def list_contacts(home: Path | None, *, as_json: bool) -> int:
    """Print who gets digests of what; return the exit code."""
    contacts = _contacts(open_home(home))
    if contacts is None:
        return 2
    if as_json:
        print(json.dumps([_as_object(person) for person in contacts.people], ensure_ascii=False))
        return 0
    for person in contacts.people:
        row = _as_object(person)
        out.print(Text.assemble((person.id, "bold"), f"  {person.name}  ({person.role}, {person.language})"))
        out.print(Text(f"  {', '.join(row['follows'])}"))
        for channel in row["channels"]:
            out.print(Text(f"  {channel['label']}  (từ · from {channel['severity']})", style="dim"))
    if contacts.problems:
        err.print(Text(f"{len(contacts.problems)} mistakes: thads contacts check"))
    return 0


def try_contact(name: str, channel: str | None, home: Path | None) -> int:
    """Send a trial message to a person now, on one channel or on each; return the exit code: 1 where one failed."""
    opened_home = open_home(home)
    contacts = _contacts(opened_home)
    person = contacts.person(name) if contacts else None
    if contacts is None or person is None:
        if contacts:
            known_ids = ", ".join(target.id for target in contacts.people) or "nobody"
            err.print(Text(f"thads contacts: there is no '{name}' that can be told; there is {known_ids}"))
        return 2
    targets = [target for target in person.channels if channel in (None, target.key)]
    if not targets:
        err.print(Text(f"thads contacts: '{name}' has {', '.join(target.key for target in person.channels)}"))
        return 2
    failure_count = 0
    with Channels(opened_home) as channels:
        for target in targets:
            try:
                channels.send(_trial_message(person, target.key), address_of(target, contacts.servers), lambda: None)
            except (DeliveryError, WrongAddress) as error:
                failure_count += 1
                err.print(Text(f"{target.label}: {error}", style="red"))
            else:
                out.print(Text(f"{target.label}: đã gửi · sent", style="green"))
    return 1 if failure_count else 0


def _trial_message(person: Person, channel: str) -> Message:
    w = words(person.language)
    body = w["test_body"].format(name=person.name, channel=channel)
    now = vietnam_now().isoformat()
    return Message(
        person=person.id,
        channel=channel,
        number=0,
        kind="trial",
        night=now,
        queued_at=now,
        language=person.language,
        subject=w["test_subject"].format(channel=channel),
        text=f"{body}\n",
        html=f"<p>{_escaped(body)}</p>",
        brief=body,
        attachments=(),
        opened=(now,),  # each trial is a message of its own
        recovered=(),
    )


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")


def _contacts(home: Home, file: Path | None = None) -> Contacts | None:
    path = file or contacts_path(home)
    contacts = read_contacts(path, registry_of(home))
    if contacts.exists:
        return contacts
    err.print(Text(f"thads contacts: there is no {path}; copy {SAMPLE} there and change it"))
    return None


def _as_object(person: Person) -> dict:
    follows = [*person.offices, *person.provinces, *(["nation"] if person.nation else [])]
    follows += ["đêm nạp bị lỗi · nights that fail"] if person.role == Role.OPERATOR else []
    return {
        "id": person.id,
        "name": person.name,
        "language": person.language,
        "role": str(person.role),
        "follows": follows,
        "channels": [{"label": channel.label, "severity": str(channel.severity)} for channel in person.channels],
    }
