"""E-mail: the bytes of a message, and the mail server that takes them.

apprise reads the address; we send ourselves, for two reasons. apprise gives every attempt a new Message-ID, so that a
letter which came twice could not be recognised. And it answers yes or no, where we must tell a server that is down from
one that refuses this letter, and both from an answer that was lost after the letter had been handed over.
"""

import re
import smtplib
import ssl
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime
from email.header import Header
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr
from mimetypes import guess_type
from typing import Any

from pipeline.alerts.outbox import Message
from pipeline.home import VIETNAM, Home

CONNECT_SECONDS = 15
#: A server may think about a letter before it says that it has it (RFC 5321, 4.5.3.2.6).
ANSWER_SECONDS = 120
#: How long to wait before each new attempt to connect; after the last the next load tries.
PAUSES_SECONDS = (0.5, 2.0)
_DOT = re.compile(rb"(?m)^\.")


class DeliveryError(Exception):
    """The message did not go out; the text says why."""


class ChannelDown(DeliveryError):
    """Nothing can be sent there now: not reached, log-in refused, connection lost."""


class ServerUnreachable(ChannelDown):
    """Not even a connection could be opened."""


class MessageRefused(DeliveryError):
    """The channel works, but does not take this message."""


class AnswerLost(DeliveryError):
    """The message was handed over and nobody knows what became of it."""


def mail_bytes(home: Home, message: Message, service: Any) -> bytes:
    """Return the message as it is sent: the same bytes at every attempt.

    ``service`` is apprise's reading of the address. A file that is no longer there is left out.
    """
    letter = EmailMessage(policy=SMTP)
    letter["Date"] = format_datetime(datetime.fromisoformat(message.queued_at).replace(tzinfo=VIETNAM))
    letter["Message-ID"] = message_id(message, service)
    letter["Auto-Submitted"] = "auto-generated"
    letter["Content-Language"] = message.language
    letter.set_content(message.text, cte="quoted-printable")
    letter.add_alternative(message.html, subtype="html", cte="quoted-printable")
    for attachment in message.attachments:
        path = home.root / attachment.path
        if path.is_file():
            kind, _, subtype = (guess_type(attachment.name)[0] or "application/octet-stream").partition("/")
            letter.add_attachment(path.read_bytes(), maintype=kind, subtype=subtype, filename=attachment.name)
    for number, part in enumerate(part for part in letter.walk() if part.is_multipart()):
        part.set_boundary(f"=-{message.id}-{number}")
    return _text_headers(message, service) + letter.as_bytes()


def _text_headers(message: Message, service: Any) -> bytes:
    """Return the headers that hold people's own text.

    ``EmailMessage`` loses a space where it breaks a long header between two encoded words; ``Header`` does not.
    """
    headers = {
        "Subject": _encode_subject(message.subject),
        "From": _addresses([(service.from_addr[0] or "THADS", service.from_addr[1])]),
        "To": _addresses(service.targets),
        "Cc": ", ".join(sorted(service.cc)),
        "Reply-To": ", ".join(sorted(service.reply_to)),
    }
    return "".join(f"{name}: {value}\r\n" for name, value in headers.items() if value).encode("ascii")


def _addresses(people: Iterable[tuple[str | bool, str]]) -> str:
    # A name is one encoded word: mail programs disagree on what lies between two of them in an address.
    return ",\r\n ".join(formataddr((name or "", address), charset="utf-8") for name, address in people)  # type: ignore[arg-type]


def _encode_subject(subject: str) -> str:
    line = " ".join(subject.split())
    return Header(line, "ascii" if line.isascii() else "utf-8", header_name="Subject").encode(linesep="\r\n")


def message_id(message: Message, service: Any) -> str:
    """Return the Message-ID: the message's own id at the sender's domain."""
    return f"<{message.id}@{service.from_addr[1].rpartition('@')[2]}>"


class MailServer:
    """One connection to a mail server, opened for the first letter and reused for the next."""

    def __init__(self, service: Any) -> None:
        self.service = service
        self._smtp: smtplib.SMTP | None = None

    def send(self, home: Home, message: Message, service: Any, on_handing_over: Callable[[], None]) -> None:
        """Send one message to all its addresses, or to none.

        ``on_handing_over`` is called at the last moment at which the letter can still be held back. Raises ``ChannelDown``,
        ``MessageRefused`` or ``AnswerLost``.
        """
        content = mail_bytes(home, message, service)
        recipients = [address for _, address in service.targets] + sorted(service.cc) + sorted(service.bcc)
        smtp = self._connection()
        try:
            self._start_transaction(smtp, service.from_addr[1], recipients)
        except (OSError, smtplib.SMTPException) as error:
            self.hang_up()
            raise ChannelDown(f"connection lost: {_reason(error)}") from error
        except UnicodeError as error:
            raise MessageRefused("an address holds letters that mail servers do not take") from error
        try:
            on_handing_over()
        except BaseException:
            self.hang_up()  # the server waits for the letter; without its end it is none
            raise
        try:
            smtp.send(_DOT.sub(b"..", content) + (b"" if content.endswith(b"\r\n") else b"\r\n") + b".\r\n")
            smtp.sock.settimeout(ANSWER_SECONDS)  # type: ignore[union-attr]
            code, reply = smtp.getreply()
            smtp.sock.settimeout(CONNECT_SECONDS)  # type: ignore[union-attr]
        except (OSError, smtplib.SMTPException) as error:
            self.hang_up()
            raise AnswerLost(f"the answer was lost: {_reason(error)}") from error
        if code == 421:
            self.hang_up()
            raise ChannelDown(f"{code} {_decode(reply)}")
        if code != 250:
            raise MessageRefused(f"{code} {_decode(reply)}")

    def close(self) -> None:
        """Say good-bye, if anybody listens."""
        if self._smtp:
            with suppress(OSError, smtplib.SMTPException):
                self._smtp.quit()
        self._smtp = None

    def hang_up(self) -> None:
        """End the connection without a word."""
        if self._smtp:
            self._smtp.close()
        self._smtp = None

    def _connection(self) -> smtplib.SMTP:
        if self._smtp:
            with suppress(OSError, smtplib.SMTPException):
                if self._smtp.noop()[0] == 250:
                    return self._smtp
            self.close()
        for pause in PAUSES_SECONDS:
            with suppress(ChannelDown):
                return self._connect()
            time.sleep(pause)
        return self._connect()

    def _connect(self) -> smtplib.SMTP:
        service = self.service
        context = ssl.create_default_context()
        if not service.verify_certificate:
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        try:
            server = {"host": service.smtp_host, "port": service.port, "timeout": CONNECT_SECONDS}
            smtp = (
                smtplib.SMTP_SSL(**server, context=context) if service.secure_mode == "ssl" else smtplib.SMTP(**server)
            )
            self._smtp = smtp
            if service.secure_mode == "starttls":
                smtp.starttls(context=context)
            if service.user and service.password:
                smtp.login(service.user, service.password)
            smtp.ehlo_or_helo_if_needed()
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            raise ServerUnreachable(f"{service.smtp_host}:{service.port}: {_reason(error)}") from error
        except UnicodeError:
            self.close()
            # Python's own message quotes the password.
            raise ServerUnreachable("user or password hold letters that a mail server's log-in does not take") from None
        return smtp

    @staticmethod
    def _start_transaction(smtp: smtplib.SMTP, sender: str, recipients: list[str]) -> None:
        """Have the server accept the sender, every recipient and the start of the letter; raises ``MessageRefused``."""
        answers = [smtp.mail(sender), *(smtp.rcpt(recipient) for recipient in recipients)]
        refusal = next((answer for answer in answers if answer[0] not in (250, 251)), None)
        code, reply = refusal or smtp.docmd("DATA")
        if code == 421:
            raise smtplib.SMTPServerDisconnected(_decode(reply))
        if code != 354:
            smtp.rset()
            raise MessageRefused(f"{code} {_decode(reply)}")


def server_key(service: Any) -> tuple:
    """Return what distinguishes one mail server, as one user, from another."""
    return (
        service.smtp_host,
        service.port,
        service.secure_mode,
        service.user,
        service.password,
        service.verify_certificate,
    )


def _reason(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {_decode(error.smtp_error)}"
    return str(error) or type(error).__name__


def _decode(reply: bytes | str) -> str:
    return " ".join((reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply).split())[:300]
