"""A real mail server on loopback for tests: it keeps what it takes, and can be down, picky, slow to answer or deadly."""

import email
import os
import signal
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword


def free_port() -> int:
    """Return a port of loopback that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@dataclass
class MailRoom:
    """Letters that arrived, in order; ``answers`` decides about each recipient or letter before it is kept."""

    port: int = field(default_factory=free_port)
    password: str | None = None
    letters: list[EmailMessage] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)
    answer_recipient: Callable[[str], str] = lambda _: "250 OK"
    answer_letter: Callable[[EmailMessage], str] = lambda _: "250 OK"
    kill_on_letter: bool = False  # kill the sender when the letter is kept, before it is told so
    sender_pid: int = 0
    connections: int = 0
    _server: Any = None

    def __enter__(self) -> "MailRoom":
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.shut()

    def open(self) -> None:
        """Begin to take letters."""
        more: dict[str, Any] = {}
        if self.password:
            more = {"authenticator": self._knows, "auth_required": True, "auth_require_tls": False}
        self._server = Controller(self, hostname="127.0.0.1", port=self.port, ready_timeout=60, **more)
        self._server.start()

    def shut(self) -> None:
        """Go down: nobody listens any more."""
        if self._server:
            self._server.stop()
        self._server = None

    def _knows(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        right = isinstance(data, LoginPassword) and data.password.decode() == self.password
        return AuthResult(success=right, handled=right)

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        self.connections += 1
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        answer = self.answer_recipient(address)
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        letter = email.message_from_bytes(envelope.content, policy=default)
        answer = self.answer_letter(letter)
        if answer == "cut":  # the line breaks before anything is said
            server.transport.abort()
        if answer.startswith("250"):
            self.letters.append(letter)
            self.recipients.append(list(envelope.rcpt_tos))
        if self.kill_on_letter:
            os.kill(self.sender_pid, signal.SIGKILL)
        return answer

    def to(self, address: str) -> list[EmailMessage]:
        """Return the letters that arrived for an address."""
        return [letter for letter, to in zip(self.letters, self.recipients, strict=True) if address in to]


def text_of(letter: EmailMessage) -> str:
    """Return the plain text of a letter."""
    body = letter.get_body(("plain",))
    assert body is not None
    return body.get_content()
