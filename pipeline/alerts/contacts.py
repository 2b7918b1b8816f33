"""Who is informed of what, and on which channel: ``contacts.yaml`` of the home. Every mistake is named with its line.

``docs/contacts.sample.yaml`` explains every key. A person whose entry is wrong gets nothing until it is mended, and
then everything; the others need not wait.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from pipeline.home import Home
from pipeline.registry.home_register import registry_of
from pipeline.registry.units import Unit, UnitRegistry, unit_registry
from pipeline.vocabulary import OnFail, Origin, Role, Severity

Model = TypeVar("Model", bound=BaseModel)
Word = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=40)]
_STRICT = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)
#: The parser in C, where PyYAML has it: a nation's contacts are some thousand lines.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_SCHEME = re.compile(r"^(\w+)://")


class Channel(BaseModel):
    """One way to reach a person: a whole ``url``, or ``via`` a server ``to`` an address; and from which severity on."""

    model_config = _STRICT
    name: Word | None = None
    url: str | None = None
    via: Word | None = None
    to: str | None = None
    severity: Severity = Severity.INFO

    @model_validator(mode="after")
    def _has_one_address(self) -> "Channel":
        if (self.url is None) == (self.via is None):
            raise ValueError("a channel has either 'url' or 'via' with 'to'")
        if (self.via is None) != (self.to is None):
            raise ValueError("'via' names a server and needs 'to', the person's own address there")
        return self

    @property
    def key(self) -> str:
        """The channel's name in the outbox: its own ``name``, else the server's, else the URL's scheme."""
        scheme = _SCHEME.match(self.url or "")
        return self.name or self.via or (scheme[1].lower() if scheme else "url")

    @property
    def label(self) -> str:
        """How the channel is shown: never its URL."""
        return f"{self.key} → {self.to}" if self.to else self.key

    def reaches(self, severity: str) -> bool:
        """Tell whether incidents of this severity are reported on this channel."""
        order = list(Severity)  # the worst comes first
        return order.index(Severity(severity)) <= order.index(self.severity)


class Person(BaseModel):
    """Somebody who gets digests: of which units, in which language, on which channels."""

    model_config = _STRICT
    id: Word
    name: Annotated[str, Field(min_length=1, max_length=120)]
    language: Literal["vi", "en"] = "vi"
    role: Role = Role.STATISTICIAN
    offices: list[str] = []
    provinces: list[str] = []
    nation: bool = False
    files: list[str] = []
    published: bool | None = None
    channels: Annotated[list[Channel], Field(min_length=1)]

    @model_validator(mode="after")
    def _follows_something(self) -> "Person":
        if not (self.offices or self.provinces or self.nation or self.role == Role.OPERATOR):
            raise ValueError("name 'offices', 'provinces' or 'nation: true'; as it stands there is nothing to tell")
        return self

    def follows(self, incident: Mapping[str, Any]) -> bool:
        """Tell whether an incident concerns this person: it is of their units, or assigned to them.

        Notes on published figures are for statisticians of the nation unless ``published`` says otherwise; so is a
        file that nobody can place, unless its path is one of this person's ``files``.
        """
        if incident["assigned_to"] in (self.id, self.name):
            return True
        unit = incident["unit_key"]
        if incident["origin"] == Origin.PUBLISHED:
            gets_published = self.published
            if gets_published is None:
                gets_published = self.nation and self.role == Role.STATISTICIAN
            if not gets_published:
                return False
        if unit is None and any(fnmatchcase(incident["source_ref"] or "", pattern) for pattern in self.files):
            return True
        return self.nation or unit in self.offices or bool({unit, incident["parent_key"]} & set(self.provinces))


class UrgentPolicy(BaseModel):
    """What does not wait for the digest of the next night."""

    model_config = _STRICT
    on_fail: list[OnFail] = [OnFail.RETURN]
    severity: list[Severity] = []
    recovered: bool = True


class Policy(BaseModel):
    """How much a digest holds, what is urgent, and how hard a night tries."""

    model_config = _STRICT
    at_once: UrgentPolicy = UrgentPolicy()
    items: Annotated[int, Field(ge=1, le=200)] = 20
    standing: Annotated[int, Field(ge=0, le=200)] = 10
    attachments: Annotated[int, Field(ge=0, le=40)] = 6
    megabytes: Annotated[float, Field(ge=0)] = 10
    minutes: Annotated[float, Field(gt=0)] = 20
    tries: Annotated[int, Field(ge=1)] = 5

    def is_urgent(self, incident: Mapping[str, Any]) -> bool:
        """Tell whether an incident is reported at once, even after tonight's digest has gone out."""
        return incident["on_fail"] in self.at_once.on_fail or incident["severity"] in self.at_once.severity


class Sender(BaseModel):
    """Who signs the letters, and whom an office may ask: ``sender`` of the contacts."""

    model_config = _STRICT
    body: Annotated[str, Field(max_length=200)] = ""
    department: Annotated[str, Field(max_length=200)] = ""
    contact: Annotated[str, Field(max_length=300)] = ""


@dataclass(frozen=True)
class ContactProblem:
    """A mistake in the contacts: where, and what to do."""

    line: int
    message: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.message}"


@dataclass(frozen=True)
class Contacts:
    """The people who get digests, the servers that they share, and what is wrong in the file."""

    people: tuple[Person, ...] = ()
    servers: Mapping[str, str] = field(default_factory=dict)
    policy: Policy = field(default_factory=Policy)
    problems: tuple[ContactProblem, ...] = ()
    lines: Mapping[str, int] = field(default_factory=dict)
    exists: bool = False
    sender: Sender = field(default_factory=Sender)

    def person(self, name: str) -> Person | None:
        """Return the person with this id, or None."""
        return next((person for person in self.people if person.id == name), None)

    @property
    def operators(self) -> tuple[Person, ...]:
        """The people who are informed of a failed night."""
        return tuple(person for person in self.people if person.role == Role.OPERATOR)

    def channel(self, person: str, key: str) -> Channel | None:
        """Return a person's channel by its key, or None where either is no longer there."""
        owner = self.person(person)
        return next((channel for channel in owner.channels if channel.key == key), None) if owner else None


def contacts_path(home: Home) -> Path:
    """Return where a home keeps its contacts."""
    return home.root / "contacts.yaml"


def contacts_of(home: Home) -> Contacts:
    """Read the contacts of a home, with its own register of offices; see ``read_contacts``."""
    return read_contacts(contacts_path(home), registry_of(home))


def read_contacts(path: Path, registry: UnitRegistry | None = None) -> Contacts:
    """Read the contacts; mistakes are collected in ``problems``, nothing is raised. No file, no people."""
    if not path.exists():
        return Contacts()
    try:
        text = path.read_text(encoding="utf-8")
        loader = _LOADER(text)
        node = loader.get_single_node()
        content = loader.construct_document(node) if node else None
    except OSError as error:
        return Contacts(problems=(ContactProblem(1, f"cannot be read: {error.strerror}"),), exists=True)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        reason = getattr(error, "problem", None) or "this is not UTF-8"
        return Contacts(problems=(ContactProblem(mark.line + 1 if mark else 1, f"not YAML: {reason}"),), exists=True)
    if node is None:
        return Contacts(exists=True)
    if not isinstance(content, dict):
        return Contacts(problems=(ContactProblem(1, "write 'people:', and below it a list"),), exists=True)
    lines = dict(_lines(node))
    return _ContactsParser(content, lines, list(_repeated_keys(node)), (registry or unit_registry()).units).contacts()


class _ContactsParser:
    """One pass over the file: collects the valid entries, and every mistake with its line."""

    def __init__(
        self,
        content: dict[str, Any],
        lines: dict[tuple, int],
        problems: list[ContactProblem],
        units: Mapping[str, Unit],
    ) -> None:
        self.content, self.lines, self.problems, self.units = content, lines, problems, units

    def contacts(self) -> Contacts:
        for key in sorted(set(self.content) - {"servers", "people", "policy", "sender"}, key=str):
            self.report((key,), f"'{key}' is none of servers, people, policy, sender")
        servers = self._servers()
        policy = self._validate(Policy, self.content.get("policy") or {}, ("policy",)) or Policy()
        sender = self._validate(Sender, self.content.get("sender") or {}, ("sender",)) or Sender()
        entries = self.content.get("people") or []
        if not isinstance(entries, list):
            self.report(("people",), "'people' is a list; begin each entry with '- id:'")
            entries = []
        people: dict[str, Person] = {}
        for place, entry in enumerate(entries):
            person = self._person(entry, ("people", place), servers)
            if person and person.id in people:
                self.report(("people", place), f"'{person.id}' stands above already; give this person another id")
            elif person:
                people[person.id] = person
        return Contacts(
            tuple(people.values()),
            servers,
            policy,
            tuple(sorted(self.problems, key=lambda problem: problem.line)),
            {person["id"]: self.line(("people", n)) for n, person in enumerate(entries) if _has_id(person)},
            exists=True,
            sender=sender,
        )

    def line(self, path: tuple) -> int:
        """Return the line of the innermost part of ``path`` that is in the file."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def report(self, path: tuple, message: str) -> None:
        self.problems.append(ContactProblem(self.line(path), message))

    def _servers(self) -> dict[str, str]:
        servers = self.content.get("servers") or {}
        if not isinstance(servers, dict):
            self.report(("servers",), "'servers' gives each server a name and a URL with {to} in it")
            return {}
        urls = {}
        for name, url in servers.items():
            if not isinstance(url, str) or "{to}" not in url:
                self.report(("servers", name), f"the URL of '{name}' needs {{to}} where a person's address goes")
            else:
                urls[str(name)] = url
        return urls

    def _person(self, entry: Any, path: tuple, servers: Mapping[str, str]) -> Person | None:
        problem_count = len(self.problems)
        self._check_servers(entry, path, servers)
        person = self._validate(Person, entry, path)
        if person is None:
            return None
        keys_by_field: dict[str, list[str]] = {"offices": [], "provinces": []}
        for field_name, keys in keys_by_field.items():
            for place, name in enumerate(getattr(person, field_name)):
                unit = self._unit_key(name, "office" if field_name == "offices" else "province")
                if unit is None:
                    self.report(
                        (*path, field_name, place),
                        f"no unit is called '{name}'; write its key, {self._suggest_units(name)}",
                    )
                else:
                    keys.append(unit)
        channel_keys: set[str] = set()
        for place, channel in enumerate(person.channels):
            channel_path = (*path, "channels", place)
            if channel.key in channel_keys:
                self.report(
                    channel_path, f"two channels of '{person.id}' are called '{channel.key}'; give one a 'name'"
                )
            channel_keys.add(channel.key)
        return person.model_copy(update=keys_by_field) if len(self.problems) == problem_count else None

    def _check_servers(self, entry: Any, path: tuple, servers: Mapping[str, str]) -> None:
        channels = entry.get("channels") if isinstance(entry, dict) else None
        for place, channel in enumerate(channels if isinstance(channels, list) else ()):
            via = channel.get("via") if isinstance(channel, dict) else None
            if via is not None and via not in servers:
                known = ", ".join(servers) or "none"
                self.report((*path, "channels", place), f"there is no server '{via}'; 'servers' has {known}")

    def _unit_key(self, name: str, level: str) -> str | None:
        """Return the key of a unit by key, or by a name that only one unit of the level has ever had."""
        if name in self.units:
            return name
        matches = [u.key for u in self.units.values() if u.level == level and name.casefold() == u.name.casefold()]
        return matches[0] if len(matches) == 1 else None

    def _suggest_units(self, name: str) -> str:
        candidates = [key for key in self.units if name.casefold() in key or key in name.casefold()]
        by_name = {unit.name: unit.key for unit in self.units.values()}
        candidates += [by_name[match] for match in get_close_matches(name, by_name, n=3, cutoff=0.7)]
        return f"such as {', '.join(candidates[:3])}" if candidates else "as 'thads units list' shows it"

    def _validate(self, model: type[Model], content: Any, path: tuple) -> Model | None:
        try:
            return model.model_validate(content)
        except ValidationError as error:
            for detail in error.errors(include_url=False, include_input=False):
                place = ".".join(str(part) for part in detail["loc"])
                is_extra = detail["type"] == "extra_forbidden"
                message = "there is no such key" if is_extra else detail["msg"].removeprefix("Value error, ")
                self.report((*path, *detail["loc"]), f"{place}: {message}" if place else message)
            return None


def _has_id(entry: Any) -> bool:
    return isinstance(entry, dict) and isinstance(entry.get("id"), str)


def _lines(node: yaml.Node, path: tuple = ()) -> Iterator[tuple[tuple, int]]:
    yield path, node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from _lines(value, (*path, key.value))
            yield (*path, key.value), key.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode):
        for place, item in enumerate(node.value):
            yield from _lines(item, (*path, place))


def _repeated_keys(node: yaml.Node) -> Iterator[ContactProblem]:
    """Yield keys that occur twice in one entry: YAML would silently take the last."""
    for child in node.value if isinstance(node, yaml.SequenceNode) else ():
        yield from _repeated_keys(child)
    keys: set[str] = set()
    for key, value in node.value if isinstance(node, yaml.MappingNode) else ():
        if key.value in keys:
            yield ContactProblem(key.start_mark.line + 1, f"'{key.value}' stands twice in this entry")
        keys.add(key.value)
        yield from _repeated_keys(value)
