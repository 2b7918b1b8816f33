"""Turns a channel of the contacts into the service that it names. Secrets come from the environment and stay in memory.

``${NAME}`` in a URL is a variable of the environment, read when a message goes out. A password or token that stands in
the file itself is refused. ``Channel.label`` is what may be shown of an address; a service's answer passes
``Address.scrub`` before it is written anywhere.
"""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import quote, unquote

from pipeline.alerts.contacts import Channel, ContactProblem, Contacts

_VARIABLE = re.compile(r"\$\{(\w+)\}")
HIDDEN = "***"
SHORTEST_SECRET = 4


class WrongAddress(ValueError):
    """The channel cannot be used as it is written; the message says why, without its URL."""


@dataclass(frozen=True)
class Address:
    """A channel whose URL was understood: the service behind it, and the secrets that must never be written down."""

    service: Any
    secrets: tuple[str, ...]

    @property
    def is_mail(self) -> bool:
        """Tell whether it is e-mail by SMTP, which we send ourselves."""
        return str(self.service.schema) in ("mailto", "mailtos")

    def scrub(self, text: str) -> str:
        """Return ``text`` without any secret of this address."""
        for secret in sorted(self.secrets, key=len, reverse=True):
            text = text.replace(secret, HIDDEN)
        return text


def address_of(channel: Channel, servers: Mapping[str, str], environ: Mapping[str, str] | None = None) -> Address:
    """Return the service of a channel; raises ``WrongAddress``."""
    environ = os.environ if environ is None else environ
    pattern = channel.url or servers[channel.via or ""].replace("{to}", quote(channel.to or "", safe="@"))
    missing = sorted({name for name in _VARIABLE.findall(pattern) if not environ.get(name)})
    if missing:
        raise WrongAddress(f"{', '.join(missing)} is not set in the environment of this process")
    whole_match = _VARIABLE.fullmatch(pattern)
    # Within a URL a value is quoted, so that an @ or / in a password stays part of it.
    url = environ[whole_match[1]] if whole_match else _VARIABLE.sub(lambda m: quote(environ[m[1]], safe=""), pattern)
    service = _service(url)
    if service is None:
        raise WrongAddress(f"the URL of '{channel.key}' is none that apprise knows, or lacks a part")
    if any(secret in unquote(pattern) for secret in _private(service)):
        raise WrongAddress(
            f"a password or token stands in the URL of '{channel.key}'; write ${{NAME}} there and put it in the environment"
        )
    if getattr(service, "pgp_mode", "no") != "no":
        raise WrongAddress("pgp is not supported; letters are not encrypted by us")
    values = {environ[name] for name in _VARIABLE.findall(pattern)} | set(_private(service))
    quoted_values = {quote(value, safe="") for value in values}
    return Address(service, tuple(value for value in values | quoted_values if len(value) >= SHORTEST_SECRET))


def wrong_addresses(contacts: Contacts, environ: Mapping[str, str] | None = None) -> Iterator[ContactProblem]:
    """Yield every channel that could not be used from this process, with the line of its person."""
    for person in contacts.people:
        for channel in person.channels:
            try:
                address_of(channel, contacts.servers, environ)
            except WrongAddress as error:
                yield ContactProblem(contacts.lines[person.id], f"{person.id}, channel '{channel.key}': {error}")


def _private(service: Any) -> Iterator[str]:
    """Yield the passwords and tokens of a service, as its plugin declares them."""
    for declarations in (service.template_tokens, service.template_args):
        for name, token in declarations.items():
            value = getattr(service, token.get("map_to", name), None)
            if token.get("private") and isinstance(value, str) and len(value) >= SHORTEST_SECRET:
                yield value


def _service(url: str) -> Any:
    """Return apprise's plugin for the URL, None where there is none."""
    import apprise

    try:
        return apprise.Apprise.instantiate(url, asset=_asset(), suppress_exceptions=False)
    except (apprise.exception.AppriseException, TypeError, ValueError):
        return None


@cache
def _asset() -> Any:
    """Return apprise's settings for the sender: our name, no external pictures, nothing stored on disk."""
    import logging

    import apprise

    # Its warnings quote addresses; what matters of them comes back to us and is scrubbed first.
    logging.getLogger("apprise").propagate = False
    logging.getLogger("apprise").addHandler(logging.NullHandler())
    return apprise.AppriseAsset(
        app_id="THADS",
        app_desc="THADS",
        app_url="",
        image_url_mask="",
        image_url_logo="",
        async_mode=False,
        storage_mode="memory",
        language="en",
    )
