"""Hands messages to their channels: e-mail through our own connection, everything else through apprise."""

from collections import Counter
from collections.abc import Callable
from types import TracebackType

from pipeline.alerts.addresses import Address
from pipeline.alerts.mail import AnswerLost, ChannelDown, DeliveryError, MailServer, ServerUnreachable, server_key
from pipeline.alerts.outbox import Message
from pipeline.home import Home

#: After this many broken connections a server is skipped for the rest of the round.
MOST_LOSSES = 3


class Channels:
    """The services of one round of sending; one that cannot be reached is skipped for the rest of it."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self._servers: dict[tuple, MailServer] = {}
        self._down: dict[tuple, str] = {}
        self._losses: Counter[tuple] = Counter()

    def __enter__(self) -> "Channels":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for server in self._servers.values():
            server.close()

    def send(self, message: Message, address: Address, on_handing_over: Callable[[], None]) -> None:
        """Send one message; raises ``DeliveryError``, whose text holds no secret.

        ``on_handing_over`` is called at the last moment at which the message can still be held back.
        """
        key = server_key(address.service) if address.is_mail else (address.service.url_id() or message.id,)
        if key in self._down:
            raise ChannelDown(self._down[key])
        try:
            if address.is_mail:
                server = self._servers.setdefault(key, MailServer(address.service))
                server.send(self.home, message, address.service, on_handing_over)
            else:
                self._notify(message, address, on_handing_over)
        except DeliveryError as error:
            reason = address.scrub(str(error))
            if isinstance(error, (ChannelDown, AnswerLost)):
                self._losses[key] += 1
                # A broken connection may be this message's fault; other messages need not wait for it.
                if isinstance(error, ServerUnreachable) or self._losses[key] >= MOST_LOSSES:
                    self._down[key] = reason
            raise type(error)(reason) from None

    def _notify(self, message: Message, address: Address, on_handing_over: Callable[[], None]) -> None:
        """Send through apprise, which answers yes or no; a no counts as a channel that is down."""
        import apprise
        from apprise.attachment.file import AttachFile

        service, files = address.service, apprise.AppriseAttachment()
        if service.attachment_support:
            for attachment in message.attachments:
                path = self.home.root / attachment.path
                if path.is_file():
                    files.add(AttachFile(str(path), name=attachment.name))
        on_handing_over()
        with apprise.LogCapture(level=apprise.logging.WARNING, fmt="%(message)s") as log:
            try:
                is_sent = service.notify(
                    title=message.subject,
                    body=message.brief,
                    body_format=apprise.NotifyFormat.TEXT,
                    attach=files or None,
                )
            except Exception as error:  # a plugin's own fault is a channel that is down, not a red night
                raise ServerUnreachable(f"{type(error).__name__}: {error}") from error
            reason = " ".join(log.getvalue().split())[:300]
        if not is_sent:
            raise ServerUnreachable(reason or "the service did not take it")
